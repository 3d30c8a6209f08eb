//! How the nouns of `model` are written in answers that are data.
//!
//! `model` knows no serialization; every answer writes the same noun with the same word.

use std::collections::BTreeMap;
use std::fmt::Display;

use compile::Condition;
use model::{Family, Requirement, Selector};
use serde::Serializer;

/// Serializes by its `Display`.
pub(crate) fn shown<T: Display, S: Serializer>(it: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(it)
}

/// Serializes each by its `Display`.
pub(crate) fn all_shown<T: Display, S: Serializer>(
    all: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(all.iter().map(ToString::to_string))
}

/// The families as `IPv4` and `IPv6`.
pub(crate) fn families<S: Serializer>(all: &[Family], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(all.iter().map(|family| family_word(*family)))
}

/// The word of a family.
#[must_use]
pub fn family_word(family: Family) -> &'static str {
    match family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    }
}

/// Conditions as selectors in the form that kubectl takes.
pub(crate) fn conditions<S: Serializer>(all: &[Condition], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(all.iter().map(condition_words))
}

/// What a pod has to satisfy, by what it is about: `namespace`, `pod`, `port`.
#[must_use]
pub fn condition_words(condition: &Condition) -> BTreeMap<&'static str, String> {
    match condition {
        Condition::Labels { namespaces, pods } => BTreeMap::from([
            ("namespace", selector_words(namespaces)),
            ("pod", selector_words(pods)),
        ]),
        Condition::PortName { name, protocol, number } => {
            BTreeMap::from([("port", format!("{name}={number}/{protocol}"))])
        }
    }
}

/// A selector in the form that kubectl takes; empty for everything.
#[must_use]
pub fn selector_words(selector: &Selector) -> String {
    let words = selector.requirements().map(|requirement| match requirement {
        Requirement::In { key, values } => match values.iter().collect::<Vec<_>>().as_slice() {
            [value] => format!("{key}={value}"),
            values => format!("{key} in ({})", values.join(",")),
        },
        Requirement::NotIn { key, values } => match values.iter().collect::<Vec<_>>().as_slice() {
            [value] => format!("{key}!={value}"),
            values => format!("{key} notin ({})", values.join(",")),
        },
        Requirement::Exists { key } => key.clone(),
        Requirement::DoesNotExist { key } => format!("!{key}"),
    });
    words.collect::<Vec<_>>().join(",")
}
