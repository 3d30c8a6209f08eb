//! The kinds of label sets that some selectors can tell apart, each with an example.
//!
//! There are endlessly many label sets; selectors see of each only which of them it satisfies.

use std::collections::{BTreeMap, BTreeSet};

use model::{Labels, Requirement, Selector};

/// Label sets that satisfy the same selectors.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kind {
    /// One of them, as small as can be.
    pub(super) labels: Labels,
    /// The positions of the selectors that it satisfies, sorted.
    pub(super) satisfied: Vec<u32>,
}

/// Labels that are not free.
pub(super) trait Admits {
    /// Whether `key` may have `value`, or be missing where that is none.
    fn admits(&self, key: &str, value: Option<&str>) -> bool;
}

/// Every label may have every value.
pub(super) struct Anything;

impl Admits for Anything {
    fn admits(&self, _: &str, _: Option<&str>) -> bool {
        true
    }
}

/// Every kind, or nothing where there are more than `max`.
pub(super) fn kinds(
    selectors: &[&Selector],
    admits: &impl Admits,
    max: usize,
) -> Option<Vec<Kind>> {
    let all: Vec<u32> = (0..u32::try_from(selectors.len()).unwrap_or(u32::MAX)).collect();
    let mut kinds = BTreeMap::from([(all, Labels::default())]);
    for (key, asked) in by_key(selectors) {
        let values = values(key, &asked, admits);
        let mut next: BTreeMap<Vec<u32>, Labels> = BTreeMap::new();
        for (satisfied, labels) in kinds {
            for (failing, value) in &values {
                let left = satisfied.iter().filter(|it| !failing.contains(it)).copied().collect();
                next.entry(left).or_insert_with(|| match value {
                    Some(value) => labels.clone().with(key, value.as_str()),
                    None => labels.clone(),
                });
            }
        }
        if next.len() > max {
            return None;
        }
        kinds = next;
    }
    let kind = |(satisfied, labels)| Kind { labels, satisfied };
    Some(kinds.into_iter().map(kind).collect())
}

type Asked<'s> = Vec<(u32, &'s Requirement)>;

fn by_key<'s>(selectors: &[&'s Selector]) -> BTreeMap<&'s str, Asked<'s>> {
    let mut by_key: BTreeMap<&str, Asked<'_>> = BTreeMap::new();
    for (at, selector) in (0..).zip(selectors) {
        for requirement in selector.requirements() {
            by_key.entry(key(requirement)).or_default().push((at, requirement));
        }
    }
    by_key
}

fn key(requirement: &Requirement) -> &str {
    let (Requirement::In { key, .. }
    | Requirement::NotIn { key, .. }
    | Requirement::Exists { key }
    | Requirement::DoesNotExist { key }) = requirement;
    key
}

/// The values that requirements tell apart, by the selectors that fail with them; a missing label
/// first, then a value that nobody names.
fn values(
    key: &str,
    asked: &Asked<'_>,
    admits: &impl Admits,
) -> Vec<(BTreeSet<u32>, Option<String>)> {
    let named: BTreeSet<&str> = asked
        .iter()
        .flat_map(|(_, requirement)| match requirement {
            Requirement::In { values, .. } | Requirement::NotIn { values, .. } => {
                values.iter().collect()
            }
            Requirement::Exists { .. } | Requirement::DoesNotExist { .. } => Vec::new(),
        })
        .collect();
    let numbered = (2..).map(|number: u32| format!("other-{number}"));
    let mut fresh = std::iter::once("other".to_owned()).chain(numbered);
    let is_free =
        |value: &String| !named.contains(value.as_str()) && admits.admits(key, Some(value));
    let fresh = fresh.find(is_free);
    let candidates = [None, fresh].into_iter().chain(named.iter().map(|it| Some((*it).to_owned())));
    let mut values: BTreeMap<BTreeSet<u32>, Option<String>> = BTreeMap::new();
    let mut order = Vec::new();
    for value in candidates.filter(|value| admits.admits(key, value.as_deref())) {
        let labels = match &value {
            Some(value) => Labels::default().with(key, value.as_str()),
            None => Labels::default(),
        };
        let failing = asked.iter().filter(|(_, requirement)| !requirement.matches(&labels));
        let failing: BTreeSet<u32> = failing.map(|(at, _)| *at).collect();
        if !values.contains_key(&failing) {
            values.insert(failing.clone(), value.clone());
            order.push((failing, value));
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(requirements: Vec<Requirement>) -> Selector {
        requirements.into_iter().collect()
    }

    fn satisfied(selectors: &[Selector]) -> Vec<Vec<u32>> {
        let selectors: Vec<&Selector> = selectors.iter().collect();
        let kinds = kinds(&selectors, &Anything, 100).unwrap_or_default();
        for kind in &kinds {
            let matching = (0..).zip(&selectors).filter(|(_, it)| it.matches(&kind.labels));
            assert_eq!(kind.satisfied, matching.map(|(at, _)| at).collect::<Vec<u32>>());
        }
        kinds.into_iter().map(|kind| kind.satisfied).collect()
    }

    #[test]
    fn exclusive_selectors_make_as_many_kinds_as_there_are_and_one_more() {
        let app = |app: &str| selector(vec![Requirement::equals("app", app)]);
        let all = satisfied(&[app("a"), app("b"), app("c")]);
        assert_eq!(all, [vec![], vec![0], vec![1], vec![2]]);
    }

    #[test]
    fn independent_selectors_make_every_combination() {
        let has = |key: &str| selector(vec![Requirement::Exists { key: key.to_owned() }]);
        assert_eq!(satisfied(&[has("a"), has("b")]).len(), 4);
        let both = vec![Requirement::equals("a", "1"), Requirement::equals("b", "1")];
        let all = satisfied(&[has("a"), selector(both)]);
        assert_eq!(all, [vec![], vec![0], vec![0, 1]]);
    }

    #[test]
    fn too_many_kinds_are_none() {
        let has = |key: u32| selector(vec![Requirement::Exists { key: key.to_string() }]);
        let all: Vec<Selector> = (0..8).map(has).collect();
        let all: Vec<&Selector> = all.iter().collect();
        assert!(kinds(&all, &Anything, 255).is_none());
        assert_eq!(kinds(&all, &Anything, 256).map(|all| all.len()), Some(256));
    }
}
