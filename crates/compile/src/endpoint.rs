//! Endpoints: the pods of the table, their slots and their policy sets.
//!
//! Pods with the same namespace, labels and ports have the same sets, so each such group is
//! matched once; rules that name one namespace are found by it.

use std::collections::{BTreeMap, HashMap};

use abi::Endpoint;
use model::{
    ContainerPort, Direction, Labels, Pod, PodId, Requirement, Rule, Rules, Selector, World,
};

use crate::Slots;
use crate::set::{PolicySet, Sets};

/// Every endpoint with its sets.
pub(crate) struct Endpoints {
    slots: BTreeMap<PodId, u32>,
    groups: Vec<GroupSets>,
    members: Vec<(u32, usize)>,
    by_pod: BTreeMap<PodId, usize>,
}

/// The sets of all endpoints that policies treat alike.
pub(crate) struct GroupSets {
    ingress: PolicySet,
    egress: PolicySet,
    hairpin_ingress: PolicySet,
    hairpin_egress: PolicySet,
}

type GroupKey<'a> = (&'a str, &'a Labels, &'a [ContainerPort]);

impl Endpoints {
    pub(crate) fn new(world: &World, rules: &Rules, slots: &Slots) -> Self {
        let index = SubjectIndex::new(rules);
        let mut known: HashMap<GroupKey<'_>, usize> = HashMap::new();
        let (mut groups, mut members) = (Vec::new(), Vec::new());
        let (mut slot_of, mut by_pod) = (BTreeMap::new(), BTreeMap::new());
        for (slot, id, pod) in slots.endpoints(world) {
            let key = (pod.namespace.as_str(), &pod.labels, pod.ports.as_slice());
            let group = *known.entry(key).or_insert_with(|| {
                groups.push(GroupSets::new(&index, world, pod));
                groups.len() - 1
            });
            slot_of.insert(id, slot);
            by_pod.insert(id, group);
            members.push((slot, group));
        }
        Self { slots: slot_of, groups, members, by_pod }
    }

    /// The egress and the ingress set of each group, and the group of each pod.
    pub(crate) fn into_groups(self) -> (Vec<[PolicySet; 2]>, BTreeMap<PodId, usize>) {
        let groups = self.groups.into_iter().map(|group| [group.egress, group.ingress]);
        (groups.collect(), self.by_pod)
    }

    pub(crate) fn slots(&self) -> BTreeMap<PodId, u32> {
        self.slots.clone()
    }

    pub(crate) fn sets(&self) -> impl Iterator<Item = &PolicySet> {
        self.groups.iter().flat_map(|group| {
            [&group.ingress, &group.egress, &group.hairpin_ingress, &group.hairpin_egress]
        })
    }

    pub(crate) fn records(&self, sets: &Sets<'_>) -> BTreeMap<u32, Endpoint> {
        let group = |at: usize| self.groups.get(at).map(|group| group.record(sets));
        self.members.iter().filter_map(|(slot, at)| Some((*slot, group(*at)?))).collect()
    }
}

impl GroupSets {
    fn new(index: &SubjectIndex<'_>, world: &World, pod: &Pod) -> Self {
        let rules = index.rules_of(world, pod);
        let of = |direction| {
            let rules: Vec<&Rule> =
                rules.iter().copied().filter(|rule| rule.direction() == direction).collect();
            PolicySet::new(&rules, index.rules, pod, direction)
        };
        let (ingress, egress) = (of(Direction::Ingress), of(Direction::Egress));
        let (hairpin_ingress, hairpin_egress) = (ingress.to_itself(), egress.to_itself());
        Self { ingress, egress, hairpin_ingress, hairpin_egress }
    }

    fn record(&self, sets: &Sets<'_>) -> Endpoint {
        let word = |ingress, egress| {
            abi::Sets::live(sets.id(ingress), sets.id(egress)).unwrap_or(abi::Sets::QUARANTINE)
        };
        Endpoint {
            sets: word(&self.ingress, &self.egress),
            generation: 1,
            staged: abi::Sets::default(),
            hairpin: word(&self.hairpin_ingress, &self.hairpin_egress),
        }
    }
}

/// The set that `pod` has in `direction`.
pub(crate) fn set_for(world: &World, rules: &Rules, pod: &Pod, direction: Direction) -> PolicySet {
    let sets = GroupSets::new(&SubjectIndex::new(rules), world, pod);
    match direction {
        Direction::Egress => sets.egress,
        Direction::Ingress => sets.ingress,
    }
}

/// Rules by the one namespace that their subject names, and the rest.
struct SubjectIndex<'a> {
    rules: &'a Rules,
    by_namespace: HashMap<&'a str, Vec<&'a Rule>>,
    rest: Vec<&'a Rule>,
}

impl<'a> SubjectIndex<'a> {
    fn new(rules: &'a Rules) -> Self {
        let mut index = Self { rules, by_namespace: HashMap::new(), rest: Vec::new() };
        for rule in rules {
            match only_namespace(&rule.subject.namespaces) {
                Some(name) => index.by_namespace.entry(name).or_default().push(rule),
                None => index.rest.push(rule),
            }
        }
        index
    }

    fn rules_of(&self, world: &World, pod: &Pod) -> Vec<&'a Rule> {
        let namespace = world.namespace_labels(&pod.namespace);
        let own = self.by_namespace.get(pod.namespace.as_str()).into_iter().flatten();
        let candidates = own.chain(&self.rest).copied();
        candidates
            .filter(|rule| rule.subject.pods.matches(&pod.labels))
            .filter(|rule| rule.subject.namespaces.matches(namespace))
            .collect()
    }
}

/// The namespace whose name `selector` asks for, if it asks for exactly one. It may ask for more.
pub(crate) fn only_namespace(selector: &Selector) -> Option<&str> {
    selector.requirements().find_map(|requirement| match requirement {
        Requirement::In { key, values } if key == "kubernetes.io/metadata.name" => {
            let mut values = values.iter();
            values.next().filter(|_| values.next().is_none())
        }
        Requirement::In { .. }
        | Requirement::NotIn { .. }
        | Requirement::Exists { .. }
        | Requirement::DoesNotExist { .. } => None,
    })
}
