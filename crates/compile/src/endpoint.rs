//! Endpoints: the pods and nodes of the table, their slots and their policy sets.
//!
//! Pods with the same namespace, labels and ports have the same sets, so each such group is
//! matched once; rules that name one namespace are found by it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use abi::Endpoint;
use model::{
    ContainerPort, Direction, Labels, Node, NodeId, Pod, PodId, PolicyRef, ProcessMatch, Rule,
    Rules, World,
};

use crate::Slots;
use crate::process::{NamedOf, ProcessNames, Subjects, named};
use crate::set::{PolicySet, SetRule, Sets};
use crate::subject_index::SubjectIndex;

/// Every endpoint with its sets.
#[derive(Clone)]
pub(crate) struct Endpoints {
    slots: BTreeMap<PodId, u32>,
    groups: Vec<EndpointSets>,
    members: Vec<(u32, usize)>,
    by_pod: BTreeMap<PodId, usize>,
    /// The slots of the nodes that rules speak for, staged ones too.
    hosts: BTreeMap<NodeId, u32>,
    pub(crate) subjects: Subjects,
}

/// The policy sets of an endpoint, shared by all endpoints that policies treat alike. Whoever keeps
/// them can compile the endpoint as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EndpointSets(Arc<GroupSets>);

/// The sets of all endpoints that policies treat alike.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct GroupSets {
    ingress: PolicySet,
    egress: PolicySet,
    hairpin_ingress: PolicySet,
    hairpin_egress: PolicySet,
    /// What the processes that rules name may send, those of staged rules too.
    subjects: BTreeMap<ProcessMatch, PolicySet>,
    /// Whether an enforced rule names one: only then is a packet denied whose process nobody knows.
    asks: bool,
    /// The executables that enforced rules name.
    executables: BTreeSet<String>,
    /// What all these would be if staged policies were enforced, where that is something else.
    staged: Option<Staged>,
}

/// The way to itself has no staged sets: the programs ask none there.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Staged {
    ingress: PolicySet,
    egress: PolicySet,
    subjects: BTreeMap<ProcessMatch, PolicySet>,
    asks: bool,
}

type GroupKey<'a> = (&'a str, &'a Labels, &'a [ContainerPort], Option<&'a ProcessNames>);

impl Endpoints {
    pub(crate) fn new(world: &World, rules: &Rules, slots: &Slots) -> Self {
        let (index, as_staged) = (SubjectIndex::new(rules), rules.with_staged_enforced());
        let as_staged = rules.has_staged().then(|| SubjectIndex::new(&as_staged));
        let mut known: HashMap<GroupKey<'_>, usize> = HashMap::new();
        let (mut groups, mut members) = (Vec::new(), Vec::new());
        let (mut slot_of, mut by_pod) = (BTreeMap::new(), BTreeMap::new());
        for (slot, id, pod) in slots.endpoints(world) {
            let also = slots.also_named(slot);
            let key = (pod.namespace.as_str(), &pod.labels, pod.ports.as_slice(), also);
            let group = *known.entry(key).or_insert_with(|| {
                let sets = GroupSets::new(&index, as_staged.as_ref(), (world, pod), also);
                groups.push(EndpointSets(Arc::new(sets)));
                groups.len() - 1
            });
            slot_of.insert(id, slot);
            by_pod.insert(id, group);
            members.push((slot, group));
        }
        let mut endpoints = Self {
            slots: slot_of,
            groups,
            members,
            by_pod,
            hosts: BTreeMap::new(),
            subjects: Subjects::default(),
        };
        endpoints.add_hosts(world, rules, as_staged.as_ref().map(|index| index.rules), slots);
        endpoints
    }

    /// The same, with the numbers of the subjects that there are now.
    pub(crate) fn numbered(&self, slots: &Slots) -> Self {
        Self { subjects: Subjects::number(self.named(), slots), ..self.clone() }
    }

    /// Every node has words. Those of a node that no rule speaks for let everything through, and
    /// nobody is led to them (ruling N39); so rules that come and go only change words that are
    /// there, as any pod's do.
    fn add_hosts(
        &mut self,
        world: &World,
        rules: &Rules,
        as_staged: Option<&Rules>,
        slots: &Slots,
    ) {
        for (slot, id, node) in slots.hosts(world) {
            let mut sets = GroupSets::of_node(rules, node);
            let staged = as_staged.map(|rules| GroupSets::of_node(rules, node));
            sets.staged = staged.and_then(|staged| staged.staged_beside(&sets));
            if sets.speaks() || sets.staged.is_some() {
                self.hosts.insert(id, slot);
            }
            self.members.push((slot, self.groups.len()));
            self.groups.push(EndpointSets(Arc::new(sets)));
        }
    }

    /// Nodes that rules speak for, staged ones too, unless they are in quarantine.
    pub(crate) fn hosts(&self) -> BTreeMap<NodeId, u32> {
        let live: BTreeSet<u32> = self.members.iter().map(|(slot, _)| *slot).collect();
        let hosts = self.hosts.iter().filter(|(_, slot)| live.contains(slot));
        hosts.map(|(node, slot)| (*node, *slot)).collect()
    }

    /// The subjects of each pod that has some, by its slot.
    fn named(&self) -> BTreeMap<u32, NamedOf> {
        let pods = self.by_pod.iter().filter_map(|(pod, at)| {
            let group = &self.groups.get(*at)?.0;
            let subjects: Vec<_> = group.subjects.keys().cloned().collect();
            let endpoint = *self.slots.get(pod)?;
            let of_pod = NamedOf { subjects, enforced: group.executables.clone() };
            (!of_pod.subjects.is_empty()).then_some((endpoint, of_pod))
        });
        pods.collect()
    }

    /// The egress and the ingress set of each group, and the group of each pod.
    pub(crate) fn into_groups(self) -> (Vec<[PolicySet; 2]>, BTreeMap<PodId, usize>) {
        let own = |group: EndpointSets| match Arc::try_unwrap(group.0) {
            Ok(group) => [group.egress, group.ingress],
            Err(shared) => [shared.egress.clone(), shared.ingress.clone()],
        };
        (self.groups.into_iter().map(own).collect(), self.by_pod)
    }

    pub(crate) fn slots(&self) -> BTreeMap<PodId, u32> {
        self.slots.clone()
    }

    /// The sets that some endpoint has.
    pub(crate) fn sets(&self) -> impl Iterator<Item = &PolicySet> {
        let used: BTreeSet<usize> = self.members.iter().map(|(_, at)| *at).collect();
        let groups = used.into_iter().filter_map(|at| self.groups.get(at));
        groups.flat_map(|EndpointSets(group)| {
            [&group.ingress, &group.egress, &group.hairpin_ingress, &group.hairpin_egress]
                .into_iter()
                .chain(group.subjects.values())
                .chain(group.staged.iter().flat_map(Staged::sets))
        })
    }

    /// The endpoints that are not in quarantine, with their sets.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &EndpointSets)> {
        self.members.iter().filter_map(|(slot, at)| Some((*slot, self.groups.get(*at)?)))
    }

    /// Gives an endpoint other sets, or none, which is quarantine.
    pub(crate) fn give(&mut self, slot: u32, sets: Option<EndpointSets>) {
        self.members.retain(|(member, _)| *member != slot);
        let pod = self.slots.iter().find(|(_, of_pod)| **of_pod == slot).map(|(pod, _)| *pod);
        pod.and_then(|pod| self.by_pod.remove(&pod));
        if let Some(sets) = sets {
            self.members.push((slot, self.groups.len()));
            self.by_pod.extend(pod.map(|pod| (pod, self.groups.len())));
            self.groups.push(sets);
        }
    }

    pub(crate) fn records(&self, sets: &Sets<'_>) -> BTreeMap<u32, Endpoint> {
        let group = |at: usize| self.groups.get(at).map(|group| group.0.record(sets));
        let pods = self.members.iter().filter_map(|(slot, at)| Some((*slot, group(*at)?)));
        pods.chain(self.subject_records(sets)).collect()
    }

    /// What each subject may send; what it may receive is its pod's.
    fn subject_records(&self, sets: &Sets<'_>) -> Vec<(u32, Endpoint)> {
        let of_pod = |(pod, at): (&PodId, &usize)| {
            let group = &self.groups.get(*at)?.0;
            let endpoint = *self.slots.get(pod)?;
            let records = self.subjects.of(endpoint).filter_map(|(subject, id)| {
                let slot = self.subjects.slot(endpoint, id)?;
                let egress = group.subjects.get(subject)?;
                let staged = group.staged.as_ref().and_then(|staged| {
                    Some(word(sets, &staged.ingress, staged.subjects.get(subject)?))
                });
                let record = record(sets, &group.ingress, egress);
                Some((slot, Endpoint { staged: staged.unwrap_or_default(), ..record }))
            });
            Some(records.collect::<Vec<_>>())
        };
        self.by_pod.iter().filter_map(of_pod).flatten().collect()
    }
}

impl EndpointSets {
    /// The policies whose rules are in one of the two and not, or otherwise, in the other.
    #[must_use]
    pub fn changed(&self, other: &Self) -> BTreeSet<PolicyRef> {
        let rules = |sets: &Self| -> BTreeSet<SetRule> { sets.rules().cloned().collect() };
        let (one, other) = (rules(self), rules(other));
        one.symmetric_difference(&other).map(|rule| rule.origin.policy.clone()).collect()
    }

    /// The policies that speak for the endpoint.
    #[must_use]
    pub fn policies(&self) -> BTreeSet<PolicyRef> {
        self.rules().map(|rule| rule.origin.policy.clone()).collect()
    }

    /// How many rules speak for the endpoint and its processes.
    #[must_use]
    pub fn rule_count(&self) -> usize {
        self.rules().count()
    }

    fn rules(&self) -> impl Iterator<Item = &SetRule> {
        let own = [&self.0.ingress, &self.0.egress].into_iter();
        own.chain(self.0.subjects.values()).flat_map(|set| &set.rules)
    }
}

impl GroupSets {
    /// The sets of a pod by the rules that are enforced, and by those with what is staged, if anything
    /// is. `also` is told apart whether or not these rules name it.
    fn new(
        index: &SubjectIndex<'_>,
        as_staged: Option<&SubjectIndex<'_>>,
        (world, pod): (&World, &Pod),
        also: Option<&ProcessNames>,
    ) -> Self {
        let enforced = index.rules_of(world, pod);
        let subjects = |rules: &[&Rule]| named(rules).and(also).subjects();
        let alone = || Self::naming(index, &enforced, &subjects(&enforced), pod);
        let Some(as_staged) = as_staged else { return alone() };
        let all = as_staged.rules_of(world, pod);
        let sets = Self::naming(index, &enforced, &subjects(&all), pod);
        match Self::naming(as_staged, &all, &subjects(&all), pod).staged_beside(&sets) {
            Some(staged) => Self { staged: Some(staged), ..sets },
            // What is staged says nothing new, so nobody needs to be told apart for it.
            None => alone(),
        }
    }

    /// `subjects` may be finer than what `rules` of `pod` name: then some have the same sets.
    fn naming(
        index: &SubjectIndex<'_>,
        rules: &[&Rule],
        subjects: &[ProcessMatch],
        pod: &Pod,
    ) -> Self {
        let of = |direction, subject: &ProcessMatch| index.set(rules, pod, direction, subject);
        let others = ProcessMatch::default();
        let (ingress, egress) = (of(Direction::Ingress, &others), of(Direction::Egress, &others));
        let (hairpin_ingress, hairpin_egress) = (ingress.to_itself(), egress.to_itself());
        let subjects = subjects.iter();
        let subjects = subjects.map(|it| (it.clone(), of(Direction::Egress, it))).collect();
        let names = rules.iter().map(|rule| &rule.subject.processes);
        Self {
            ingress,
            egress,
            hairpin_ingress,
            hairpin_egress,
            subjects,
            asks: names.clone().any(|it| !it.is_everybody()),
            executables: names.filter_map(|it| it.executable.clone()).collect(),
            staged: None,
        }
    }

    /// A node's way to itself is never judged.
    fn of_node(rules: &Rules, node: &Node) -> Self {
        let speaks = |rule: &&Rule| rule.subject.selects_node(&node.labels);
        let own: Vec<&Rule> = rules.iter().filter(speaks).collect();
        let of = |direction| {
            let own = own.iter().copied().filter(|rule| rule.direction() == direction);
            PolicySet::new(&own.collect::<Vec<_>>(), rules, None, direction)
        };
        Self {
            ingress: of(Direction::Ingress),
            egress: of(Direction::Egress),
            hairpin_ingress: PolicySet::default(),
            hairpin_egress: PolicySet::default(),
            subjects: BTreeMap::new(),
            asks: false,
            executables: BTreeSet::new(),
            staged: None,
        }
    }

    /// Whether any rule is enforced.
    fn speaks(&self) -> bool {
        [&self.ingress, &self.egress].into_iter().any(|set| !set.rules.is_empty())
    }

    /// These sets as what is staged, where that is something else than `enforced`.
    fn staged_beside(self, enforced: &Self) -> Option<Staged> {
        let differs = self.ingress != enforced.ingress
            || self.egress != enforced.egress
            || self.subjects != enforced.subjects
            || self.asks != enforced.asks;
        let Self { ingress, egress, subjects, asks, .. } = self;
        differs.then_some(Staged { ingress, egress, subjects, asks })
    }

    fn record(&self, sets: &Sets<'_>) -> Endpoint {
        let Endpoint { sets: own, generation, .. } = record(sets, &self.ingress, &self.egress);
        let staged = self.staged.as_ref();
        let staged = staged.map(|it| word(sets, &it.ingress, &it.egress).with_subjects(it.asks));
        Endpoint {
            sets: own.with_subjects(self.asks),
            generation,
            staged: staged.unwrap_or_default(),
            hairpin: word(sets, &self.hairpin_ingress, &self.hairpin_egress),
        }
    }
}

impl Staged {
    fn sets(&self) -> impl Iterator<Item = &PolicySet> {
        [&self.ingress, &self.egress].into_iter().chain(self.subjects.values())
    }
}

fn word(sets: &Sets<'_>, ingress: &PolicySet, egress: &PolicySet) -> abi::Sets {
    abi::Sets::live(sets.id(ingress), sets.id(egress)).unwrap_or(abi::Sets::QUARANTINE)
}

/// A record that leads nowhere but to these sets.
fn record(sets: &Sets<'_>, ingress: &PolicySet, egress: &PolicySet) -> Endpoint {
    Endpoint {
        sets: word(sets, ingress, egress),
        generation: 1,
        staged: abi::Sets::default(),
        hairpin: abi::Sets::default(),
    }
}

/// The set that `pod` has in `direction`.
pub(crate) fn set_for(world: &World, rules: &Rules, pod: &Pod, direction: Direction) -> PolicySet {
    let sets = GroupSets::new(&SubjectIndex::new(rules), None, (world, pod), None);
    match direction {
        Direction::Egress => sets.egress,
        Direction::Ingress => sets.ingress,
    }
}
