//! Label selectors: a conjunction of requirements on one label set.
//!
//! Nothing here indexes or caches; the compiler has its own index and is checked against this.

use std::collections::BTreeSet;

use crate::Labels;

/// The values of an `In` or `NotIn` requirement: at least one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Values(BTreeSet<String>);

impl Values {
    /// `None` where `values` is empty, which an API server refuses.
    pub fn new<V: Into<String>>(values: impl IntoIterator<Item = V>) -> Option<Self> {
        let values: BTreeSet<String> = values.into_iter().map(Into::into).collect();
        (!values.is_empty()).then_some(Self(values))
    }

    /// Whether `value` is among them.
    #[must_use]
    pub fn contains(&self, value: &str) -> bool {
        self.0.contains(value)
    }

    /// The values in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// One condition on one key. Source: `metav1.LabelSelectorRequirement`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Requirement {
    /// The key is there and its value is one of these. `matchLabels` is this with one value.
    In {
        /// The label's key.
        key: String,
        /// What its value may be.
        values: Values,
    },
    /// The key is missing or its value is none of these.
    NotIn {
        /// The label's key.
        key: String,
        /// What its value may not be.
        values: Values,
    },
    /// The key is there.
    Exists {
        /// The label's key.
        key: String,
    },
    /// The key is missing.
    DoesNotExist {
        /// The label's key.
        key: String,
    },
}

impl Requirement {
    /// `key` equals `value`.
    #[must_use]
    pub fn equals(key: impl Into<String>, value: impl Into<String>) -> Self {
        let values = Values(BTreeSet::from([value.into()]));
        Self::In { key: key.into(), values }
    }

    /// Whether `labels` satisfy this requirement. Source: ruling N20 for missing keys.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        match self {
            Self::In { key, values } => labels.get(key).is_some_and(|value| values.contains(value)),
            Self::NotIn { key, values } => {
                labels.get(key).is_none_or(|value| !values.contains(value))
            }
            Self::Exists { key } => labels.get(key).is_some(),
            Self::DoesNotExist { key } => labels.get(key).is_none(),
        }
    }
}

/// All requirements must hold; none at all selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector(BTreeSet<Requirement>);

impl Selector {
    /// The empty selector, which selects everything.
    #[must_use]
    pub fn everything() -> Self {
        Self::default()
    }

    /// Selects what carries `key: value`.
    #[must_use]
    pub fn equals(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self(BTreeSet::from([Requirement::equals(key, value)]))
    }

    /// Whether `labels` satisfy every requirement.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|requirement| requirement.matches(labels))
    }

    /// The requirements in canonical order.
    pub fn requirements(&self) -> impl Iterator<Item = &Requirement> {
        self.0.iter()
    }
}

impl FromIterator<Requirement> for Selector {
    fn from_iter<I: IntoIterator<Item = Requirement>>(requirements: I) -> Self {
        Self(requirements.into_iter().collect())
    }
}
