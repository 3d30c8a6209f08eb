//! What is wrong with a policy whose single values are right.
//!
//! Each such policy would mean something else than its author thought.

use super::macros::{errors, say};

errors! {
    /// A policy that an API server refuses, or that would not mean what it says.
    PolicyError {
        /// A peer without a field.
        EmptyPeer {} = "empty-peer",
            "a peer needs podSelector, namespaceSelector or ipBlock",
            say("every peer: leave the list out; every pod of all namespaces: `namespaceSelector: {}`");
        /// A block beside a selector.
        BlockBesideSelector {} = "ip-block-beside-selector",
            "ipBlock stands alone in its peer", say("make it a list item of its own, with `-`");
        /// `endPort` without a port's number.
        EndPortAlone {} = "end-port-without-port",
            "endPort needs a `port` that is a number", None;
        /// A range that ends before it starts.
        RangeBackwards { first: i64, last: i64 } = "range-backwards",
            "a range from {first} to {last} holds no port, or is no range here", None;
        /// A union with none or several of its members.
        NotExactlyOne { of: &'static str, fields: String } = "not-exactly-one",
            "{of} needs exactly one of {fields}", None;
        /// A list that is too long.
        TooMany { what: String, found: usize, limit: usize } = "too-many",
            "{found} {what}, at most {limit} are allowed", None;
        /// A list that may not be empty.
        EmptyList { field: String } = "empty-list",
            "`{field}` may not be an empty list", say("leave the field out to match everything");
        /// Text that is too long.
        TooLong { field: String, limit: usize } = "too-long",
            "`{field}` is longer than {limit} characters", None;
        /// A value twice in a set.
        NotUnique { field: String, value: String } = "not-unique",
            "`{value}` stands twice in `{field}`", None;
        /// A named port in a rule whose peers are no pods.
        NamedPortWithoutPods { peer: &'static str } = "named-port-without-pods",
            "a named port is looked up on pods, and this rule has `{peer}` peers",
            say("write the port's number, or a rule of its own for the pods");
        /// DNS names where they cannot be enforced safely.
        DomainNotAccepted {} = "domain-not-accepted",
            "domainNames may only stand in an Accept rule", None;
        /// A baseline policy with another name.
        NotDefault { name: String } = "baseline-not-default",
            "a BaselineAdminNetworkPolicy is named `default`, not `{name}`", say("write `name: default`");
        /// An annotation of ours with an unknown key or value.
        BadAnnotation { key: String, value: String } = "bad-annotation",
            "annotation {key}: \"{value}\" is unknown; the policy is enforced without it",
            say("known are ringfence.io/on-existing: keep | reevaluate, and ringfence.io/mode: audit | enforce");
    }
}
