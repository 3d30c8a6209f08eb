//! What could not be read: it is unknown, which is something else than absent.
//!
//! Who may see a part of a cluster must not take it for the whole.

use std::collections::BTreeMap;
use std::fmt;

use crate::kind::Kind;

/// Namespaces that are named in one line.
const SHOWN_MAX: usize = 8;

/// Objects of one kind that may be there, and could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Their kind.
    pub kind: &'static Kind,
    /// Where they would be.
    pub place: Place,
}

/// A part of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// All of it.
    Everywhere,
    /// All but these namespaces, because nobody may say which others there are.
    Elsewhere(Vec<String>),
    /// One namespace.
    Namespace(String),
}

impl Unread {
    pub(crate) fn everywhere(kind: &'static Kind) -> Self {
        Self { kind, place: Place::Everywhere }
    }

    pub(crate) fn of(kind: &'static Kind, namespace: &str) -> Self {
        Self { kind, place: Place::Namespace(namespace.to_owned()) }
    }

    pub(crate) fn elsewhere(kind: &'static Kind, than: &[String]) -> Self {
        Self { kind, place: Place::Elsewhere(than.to_vec()) }
    }
}

impl Place {
    /// Whether a namespace is a part of it.
    #[must_use]
    pub fn has(&self, namespace: &str) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Elsewhere(than) => !than.iter().any(|one| one == namespace),
            Self::Namespace(own) => own == namespace,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere => f.write_str("in the whole cluster"),
            Self::Elsewhere(than) if than.is_empty() => f.write_str("in all namespaces"),
            Self::Elsewhere(than) => write!(f, "in namespaces other than {}", than.join(", ")),
            Self::Namespace(namespace) => write!(f, "in namespace {namespace}"),
        }
    }
}

/// A line for all places where the same kinds could not be read.
#[must_use]
pub fn unread_words(all: &[Unread]) -> Vec<String> {
    let mut places: BTreeMap<&Place, Vec<&str>> = BTreeMap::new();
    for one in all {
        places.entry(&one.place).or_default().push(one.kind.plural);
    }
    let mut lines = Vec::new();
    let mut namespaces: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
    for (place, kinds) in places {
        match place {
            Place::Namespace(name) => namespaces.entry(kinds).or_default().push(name),
            Place::Everywhere | Place::Elsewhere(_) => {
                lines.push(format!("{} {place}", kinds.join(", ")));
            }
        }
    }
    let of_namespaces = namespaces.into_iter().map(|(kinds, names)| {
        let kinds = kinds.join(", ");
        match names.as_slice() {
            [name] => format!("{kinds} in namespace {name}"),
            names => format!("{kinds} in namespaces {}", some(names)),
        }
    });
    lines.into_iter().chain(of_namespaces).collect()
}

/// A thousand names would hide what is said.
fn some(names: &[&str]) -> String {
    let shown = names.iter().take(SHOWN_MAX).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
