//! What is wrong with single values: names, labels, addresses, ports.

use super::macros::{errors, say};

errors! {
    /// A value that an API server refuses.
    ValueError {
        /// Not the name of an object.
        BadName { field: String, value: String, rule: &'static str } = "bad-name",
            "`{value}` cannot be a {field}: {rule}", None;
        /// Not a label's key.
        BadLabelKey { key: String } = "bad-label-key",
            "`{key}` cannot be the key of a label",
            say("a key is [PREFIX/]NAME: a DNS name, then at most 63 letters, digits, `-`, `_` or `.`");
        /// Not a label's value.
        BadLabelValue { key: String, value: String } = "bad-label-value",
            "`{value}` cannot be the value of label `{key}`",
            say("at most 63 letters, digits, `-`, `_` or `.`, with a letter or digit at both ends");
        /// None of a fixed set of words.
        UnknownValue { field: String, value: String, allowed: String, near: Option<String> } = "unknown-value",
            "`{value}` is no {field}",
            Some(match near { Some(near) => format!("did you mean `{near}`?"), None => format!("one of {allowed}") });
        /// `In` or `NotIn` without values.
        ValuesMissing { operator: String } = "values-missing",
            "operator {operator} needs `values`", None;
        /// `Exists` or `DoesNotExist` with values.
        ValuesForbidden { operator: String } = "values-forbidden",
            "operator {operator} takes no `values`", say("leave `values` out, or write In or NotIn");
        /// Not a network.
        BadCidr { value: String, near: Option<String> } = "bad-cidr",
            "`{value}` is not a network in CIDR form", near.as_ref().map(|near| format!("did you mean `{near}`?"));
        /// A network with leading zeros.
        LeadingZeros { value: String } = "leading-zeros",
            "`{value}` has leading zeros, which some readers take as octal", say("write the numbers without them");
        /// An IPv4 address in IPv6 clothes.
        MappedCidr { value: String } = "ipv4-mapped",
            "`{value}` is an IPv4 address written as IPv6", say("write it as IPv4");
        /// Not an address.
        BadAddress { value: String } = "bad-address",
            "`{value}` is not an IP address", None;
        /// An exception that does not lie inside its block.
        ExceptOutside { except: String, cidr: String } = "except-outside",
            "{except} is not a strict part of {cidr}", say("an exception has a longer prefix, inside of cidr");
        /// A number outside of its range.
        OutOfRange { field: String, value: i64, first: i64, last: i64 } = "out-of-range",
            "`{field}` is {value}, not {first}-{last}", None;
        /// A port's number in quotes.
        QuotedPort { value: String } = "quoted-port",
            "port \"{value}\" is text, and a port's name needs a letter", Some(format!("write {value} without quotes"));
        /// Not a port's name.
        BadPortName { value: String } = "bad-port-name",
            "`{value}` cannot be the name of a port",
            say("at most 15 lower-case letters, digits and single `-`, at least one letter");
        /// Not a DNS name or pattern.
        BadDomain { value: String } = "bad-domain-name",
            "`{value}` is no DNS name", say("`*` may only be the whole first label, as in *.example.com");
    }
}
