//! Label selectors: a conjunction of requirements on one label set.
//!
//! Nothing here indexes or caches; the compiler has its own index and is checked against this.

use crate::Labels;

/// The values of an `In` or `NotIn` requirement: at least one, each once, in order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Values(Box<[String]>);

impl Values {
    /// `None` where `values` is empty, which an API server refuses.
    pub fn new<V: Into<String>>(values: impl IntoIterator<Item = V>) -> Option<Self> {
        let values = canonical(values.into_iter().map(Into::into));
        (!values.is_empty()).then_some(Self(values))
    }

    /// Exactly `value`.
    pub(crate) fn one(value: &str) -> Self {
        Self(Box::new([value.to_owned()]))
    }

    /// Whether `value` is among them.
    #[must_use]
    pub fn contains(&self, value: &str) -> bool {
        self.0.binary_search_by(|own| own.as_str().cmp(value)).is_ok()
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
        let values = Values(Box::new([value.into()]));
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

/// All requirements must hold; none at all selects everything. Each is there once, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector(Box<[Requirement]>);

impl Selector {
    /// The empty selector, which selects everything.
    #[must_use]
    pub fn everything() -> Self {
        Self::default()
    }

    /// Selects nothing: what has a key and has it not.
    #[must_use]
    pub fn nothing() -> Self {
        let key = String::new;
        [Requirement::Exists { key: key() }, Requirement::DoesNotExist { key: key() }]
            .into_iter()
            .collect()
    }

    /// Selects what carries `key: value`.
    #[must_use]
    pub fn equals(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self(Box::new([Requirement::equals(key, value)]))
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
        Self(canonical(requirements))
    }
}

/// Each once and in order, so that equal sets are equal. A slice, because a cluster has a million of
/// them with one or two members each.
fn canonical<T: Ord>(members: impl IntoIterator<Item = T>) -> Box<[T]> {
    let mut members: Vec<T> = members.into_iter().collect();
    members.sort_unstable();
    members.dedup();
    members.into()
}
