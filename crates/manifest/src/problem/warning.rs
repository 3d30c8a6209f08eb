//! What is legal and yet probably not meant: only what the rulings name.

use super::macros::{errors, say};

errors! {
    /// A lint.
    Warning {
        /// N2.
        NoPodSelector {} = "no-pod-selector",
            "without podSelector this policy selects every pod of its namespace", say("say so: `podSelector: {}`");
        /// N12.
        HostBits { written: String, read: String } = "host-bits",
            "{written} has host bits set and is read as {read}", Some(format!("write {read}"));
        /// N13.
        ServiceAddress { cidr: String, service: String } = "service-address",
            "{cidr} is the address of Service {service}, and policy sees the backend's", say("select the backends' pods instead");
        /// N15.
        NodeLocalDns {} = "node-local-dns",
            "port 53 is open to pods only: a DNS cache on the node needs a rule for its address", None;
        /// N16.
        HostNetworkSubject { pod: String } = "host-network-subject",
            "pod {pod} is on its node's network, so this policy does not apply to it", None;
        /// N21.
        NamespaceLabel { namespace: String } = "namespace-name-label",
            "label kubernetes.io/metadata.name of namespace {namespace} is always its name", None;
        /// N30.
        SectionWithoutType { section: &'static str } = "section-without-type",
            "this `{section}` has no effect, because policyTypes leaves it out", None;
        /// C3.
        EqualPriority { other: String } = "equal-priority",
            "the priority is also that of {other}: between them Deny beats Pass beats Accept", None;
        /// Superseded kinds.
        Superseded { kind: &'static str } = "superseded-kind",
            "{kind} is superseded by ClusterNetworkPolicy", None;
        /// E6.
        EqualTwice { object: String } = "equal-object-twice",
            "{object} is there twice, and the two are equal", None;
    }
}
