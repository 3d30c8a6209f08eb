//! Somebody who satisfies all of some conditions and none of others, or that nobody can.
//!
//! Conditions may contradict each other in more ways than one sees, so a claim about pods that do
//! not exist yet is backed by such a pod.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{ContainerPort, Labels, Requirement, Selector, World};

use crate::subject_index::only_namespace;
use crate::tables::symbolic::Condition;

/// The namespace's own name, which it always carries (ruling N21).
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";
/// How many choices are tried at most.
const CHOICES_MAX: u32 = 20_000;

/// The outcome of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nobody can satisfy the conditions.
    Nobody,
    /// This pod does.
    Pod(Witness),
    /// There are too many choices to try.
    Unknown,
}

/// A pod that could exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Its namespace, with all labels; one of the world's or a new one.
    pub namespace: String,
    /// The labels of that namespace.
    pub namespace_labels: Labels,
    /// Its own labels.
    pub labels: Labels,
    /// Its ports.
    pub ports: Vec<ContainerPort>,
}

/// The names of a world's namespaces, which no new namespace can have.
pub(crate) type Taken = Arc<BTreeSet<String>>;

/// The names of all namespaces of a world.
pub(crate) fn taken(world: &World) -> Taken {
    Arc::new(world.namespaces().map(|(name, _)| name.to_owned()).collect())
}

/// Looks for the least such pod: in a new namespace, else in each that exists.
pub(crate) fn find(
    world: &World,
    taken: &Taken,
    all_of: &[Condition],
    none_of: &[Condition],
) -> Found {
    let Some(ports) = ports(all_of, none_of) else { return Found::Nobody };
    let mut pod = Constraints::default();
    if !labels_of(all_of).all(|(_, pods)| pod.demand_all(pods)) {
        return Found::Nobody;
    }
    let mut search = Search { none_of, choices: 0 };
    for mut space in places(world, taken, all_of) {
        if !labels_of(all_of).all(|(namespaces, _)| space.demand_all(namespaces)) {
            continue;
        }
        if let Some(wanted) = search.exclude(Wanted { space, pod: pod.clone() }, 0) {
            return Found::Pod(wanted.witness(ports));
        }
    }
    if search.choices >= CHOICES_MAX { Found::Unknown } else { Found::Nobody }
}

/// Where the pod may be: a new namespace first, because it has the least to it.
fn places<'w>(
    world: &'w World,
    taken: &Taken,
    all_of: &[Condition],
) -> impl Iterator<Item = Place<'w>> {
    let named = labels_of(all_of).find_map(|(namespaces, _)| only_namespace(namespaces));
    let named = named.map(str::to_owned);
    let is_new = named.as_ref().is_none_or(|name| !taken.contains(name));
    let name = Constraint { taken: Some(Arc::clone(taken)), exists: true, ..Constraint::default() };
    let new = Constraints(BTreeMap::from([(NAMESPACE_NAME.to_owned(), name)]));
    let existing = world.namespaces();
    let existing = existing.filter(move |(name, _)| named.as_ref().is_none_or(|it| it == name));
    let existing = existing.map(|(name, labels)| Place::Existing(name, labels));
    is_new.then_some(Place::New(new)).into_iter().chain(existing)
}

fn labels_of(conditions: &[Condition]) -> impl Iterator<Item = (&Selector, &Selector)> {
    conditions.iter().filter_map(|condition| match condition {
        Condition::Labels { namespaces, pods } => Some((namespaces, pods)),
        Condition::PortName { .. } => None,
    })
}

/// The ports that the pod must have, unless it must not or one name would be two numbers.
fn ports(all_of: &[Condition], none_of: &[Condition]) -> Option<Vec<ContainerPort>> {
    let mut ports = BTreeMap::new();
    for condition in all_of {
        if let Condition::PortName { name, protocol, number } = condition {
            let twice = ports.insert((name.clone(), *protocol), *number);
            if none_of.contains(condition) || twice.is_some_and(|other| other != *number) {
                return None;
            }
        }
    }
    let port = |((name, protocol), number): ((String, _), _)| ContainerPort {
        container: "main".to_owned(),
        name: Some(name),
        protocol,
        number,
    };
    Some(ports.into_iter().map(port).collect())
}

/// A namespace.
#[derive(Clone)]
enum Place<'w> {
    Existing(&'w str, &'w Labels),
    New(Constraints),
}

impl Place<'_> {
    fn demand_all(&mut self, selector: &Selector) -> bool {
        match self {
            Self::Existing(_, labels) => selector.matches(labels),
            Self::New(constraints) => constraints.demand_all(selector),
        }
    }
}

/// What is wanted of a pod so far.
#[derive(Clone)]
struct Wanted<'w> {
    space: Place<'w>,
    pod: Constraints,
}

impl Wanted<'_> {
    fn witness(self, ports: Vec<ContainerPort>) -> Witness {
        let (namespace, namespace_labels) = match self.space {
            Place::Existing(name, labels) => (name.to_owned(), labels.clone()),
            Place::New(constraints) => {
                let labels = constraints.labels("new-namespace");
                (labels.get(NAMESPACE_NAME).unwrap_or_default().to_owned(), labels)
            }
        };
        Witness { namespace, namespace_labels, labels: self.pod.labels("any"), ports }
    }
}

struct Search<'a> {
    none_of: &'a [Condition],
    choices: u32,
}

impl Search<'_> {
    /// Breaks every condition from position `at` on, one requirement of each.
    fn exclude<'w>(&mut self, wanted: Wanted<'w>, at: usize) -> Option<Wanted<'w>> {
        let Some(condition) = self.none_of.get(at) else { return Some(wanted) };
        let Condition::Labels { namespaces, pods } = condition else {
            return self.exclude(wanted, at + 1);
        };
        if let Place::Existing(_, labels) = &wanted.space
            && !namespaces.matches(labels)
        {
            return self.exclude(wanted, at + 1);
        }
        let of_pod = pods.requirements().map(|broken| (false, broken));
        let of_namespace = namespaces.requirements().map(|broken| (true, broken));
        let of_namespace = of_namespace.filter(|_| matches!(wanted.space, Place::New(_)));
        for (is_namespaces, broken) in of_pod.chain(of_namespace) {
            self.choices += 1;
            if self.choices >= CHOICES_MAX {
                return None;
            }
            let mut tried = wanted.clone();
            let labels = match (&mut tried.space, is_namespaces) {
                (Place::New(constraints), true) => constraints,
                (Place::New(_) | Place::Existing(..), _) => &mut tried.pod,
            };
            if labels.demand(&opposite(broken))
                && let Some(found) = self.exclude(tried, at + 1)
            {
                return Some(found);
            }
        }
        None
    }
}

fn opposite(requirement: &Requirement) -> Requirement {
    match requirement.clone() {
        Requirement::In { key, values } => Requirement::NotIn { key, values },
        Requirement::NotIn { key, values } => Requirement::In { key, values },
        Requirement::Exists { key } => Requirement::DoesNotExist { key },
        Requirement::DoesNotExist { key } => Requirement::Exists { key },
    }
}

/// What is known of a label set by key.
#[derive(Clone, Default)]
struct Constraints(BTreeMap<String, Constraint>);

#[derive(Clone, Default)]
struct Constraint {
    /// One of these, if any are named.
    among: Option<BTreeSet<String>>,
    not: BTreeSet<String>,
    /// Nor one of these, which many constraints share.
    taken: Option<Taken>,
    exists: bool,
    missing: bool,
}

impl Constraint {
    fn is_possible(&self) -> bool {
        let exists = self.exists || self.among.is_some();
        let has_value =
            self.among.as_ref().is_none_or(|among| among.iter().any(|value| self.admits(value)));
        !(exists && self.missing) && has_value
    }

    fn admits(&self, value: &String) -> bool {
        !self.not.contains(value) && !self.taken.as_ref().is_some_and(|it| it.contains(value))
    }

    /// The least value that will do; none where the label may be missing.
    fn value(&self, fresh: &str) -> Option<String> {
        match &self.among {
            Some(among) => among.iter().find(|value| self.admits(value)).cloned(),
            None if self.exists => {
                let numbered = (2..).map(|number: u32| format!("{fresh}-{number}"));
                let mut names = std::iter::once(fresh.to_owned()).chain(numbered);
                names.find(|name| self.admits(name))
            }
            None => None,
        }
    }
}

impl Constraints {
    fn demand_all(&mut self, selector: &Selector) -> bool {
        selector.requirements().all(|requirement| self.demand(requirement))
    }

    /// Whether that is still possible.
    fn demand(&mut self, requirement: &Requirement) -> bool {
        let (Requirement::In { key, .. }
        | Requirement::NotIn { key, .. }
        | Requirement::Exists { key }
        | Requirement::DoesNotExist { key }) = requirement;
        let known = self.0.entry(key.clone()).or_default();
        match requirement {
            Requirement::In { values, .. } => {
                let values: BTreeSet<String> = values.iter().map(str::to_owned).collect();
                known.among = Some(match known.among.take() {
                    Some(among) => among.intersection(&values).cloned().collect(),
                    None => values,
                });
            }
            Requirement::NotIn { values, .. } => {
                known.not.extend(values.iter().map(str::to_owned));
            }
            Requirement::Exists { .. } => known.exists = true,
            Requirement::DoesNotExist { .. } => known.missing = true,
        }
        known.is_possible()
    }

    fn labels(&self, fresh: &str) -> Labels {
        let labels = self.0.iter();
        labels.filter_map(|(key, known)| Some((key.clone(), known.value(fresh)?))).collect()
    }
}
