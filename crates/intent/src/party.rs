//! Parties: all that the words of one list mean, those who do not exist yet included.
//!
//! A workload stands for its pods, and for pods that it may make later: those of its namespace with
//! all labels that its pods share.

use std::collections::BTreeMap;

use compile::{AddressRange, Condition, Member, Roster};
use model::{Labels, Pod, PodId, Requirement, Selector, World};
use roaring::RoaringBitmap;

/// The label that every namespace carries (ruling N21).
pub(crate) const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// Labels that controllers add and that differ from pod to pod or from run to run (ruling N22).
const OF_ONE_POD: [&str; 10] = [
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/job-name",
    "controller-revision-hash",
    "controller-uid",
    "job-name",
    "pod-template-generation",
    "pod-template-hash",
    "statefulset.kubernetes.io/pod-name",
];

/// Some peers.
#[derive(Clone, Debug, Default)]
pub struct Party {
    /// The words, as written.
    pub words: Vec<String>,
    /// Pods and nodes that exist, by their numbers in the roster.
    pub(crate) members: RoaringBitmap,
    /// Pods that do not exist yet.
    pub(crate) future: Vec<Condition>,
    /// Pods that do not exist yet are asked about, and not only excused.
    pub(crate) universal: Vec<Condition>,
    /// Addresses, whoever has them.
    pub(crate) ranges: Vec<AddressRange>,
    /// Every address that is nobody's in the cluster.
    pub(crate) internet: bool,
    /// Every pod there may be, and addresses of the pod network that nobody has.
    pub(crate) cluster: bool,
    /// Services, by their positions in the world.
    pub(crate) services: Vec<usize>,
    /// DNS names.
    pub(crate) domains: Vec<String>,
}

impl Party {
    pub(crate) fn join(&mut self, other: Self) {
        self.words.extend(other.words);
        self.members |= other.members;
        self.future.extend(other.future);
        self.universal.extend(other.universal);
        self.ranges.extend(other.ranges);
        self.internet |= other.internet;
        self.cluster |= other.cluster;
        self.services.extend(other.services);
        self.domains.extend(other.domains);
    }
}

/// The pods for which `wanted` holds.
pub(crate) fn pods(world: &World, wanted: impl Fn(PodId, &Pod) -> bool) -> RoaringBitmap {
    world.pods().filter(|(id, pod)| wanted(*id, pod)).map(|(id, _)| id.0).collect()
}

/// The roster numbers of a node.
pub(crate) fn node(roster: &Roster, wanted: model::NodeId) -> RoaringBitmap {
    let is_it = |number: &u32| matches!(roster.member(*number), Some(Member::Node(node, _)) if node == wanted);
    (0..roster.len()).filter(is_it).collect()
}

/// Pods of one namespace.
pub(crate) fn of_namespace(namespace: &str, pods: Selector) -> Condition {
    Condition::Labels { namespaces: Selector::equals(NAMESPACE_NAME, namespace), pods }
}

/// Every pod.
pub(crate) fn anybody() -> Condition {
    Condition::Labels { namespaces: Selector::everything(), pods: Selector::everything() }
}

/// How pods look that are made as `pods` were: by namespace, the labels that all of them have. None
/// where they have no labels, for then everybody would look so.
pub(crate) fn likeness(world: &World, pods: &RoaringBitmap) -> Vec<Condition> {
    let mut by_namespace: BTreeMap<&str, Option<Labels>> = BTreeMap::new();
    for number in pods {
        let pod = world.pod(PodId(number));
        let shared = by_namespace.entry(&pod.namespace).or_default();
        *shared = Some(match shared.take() {
            None => pod.labels.clone(),
            Some(shared) => {
                shared.iter().filter(|(key, value)| pod.labels.get(key) == Some(value)).collect()
            }
        });
    }
    let looks = |(namespace, labels): (&str, Option<Labels>)| {
        let labels = labels?;
        let lasting = labels.iter().filter(|(key, _)| !OF_ONE_POD.contains(key));
        let all = lasting.map(|(key, value)| Requirement::equals(key, value));
        let selector: Selector = all.collect();
        (selector != Selector::everything()).then(|| of_namespace(namespace, selector))
    };
    by_namespace.into_iter().filter_map(looks).collect()
}

/// The namespace that a selector names, if it names one and asks nothing else.
pub(crate) fn one_namespace(selector: &Selector) -> Option<String> {
    let mut requirements = selector.requirements();
    match (requirements.next(), requirements.next()) {
        (Some(Requirement::In { key, values }), None) if key == NAMESPACE_NAME => {
            let mut values = values.iter();
            values.next().filter(|_| values.next().is_none()).map(str::to_owned)
        }
        (_, _) => None,
    }
}

/// Whether an existing pod satisfies a condition; host-network pods satisfy none (ruling N16).
pub(crate) fn satisfies(world: &World, pod: &Pod, condition: &Condition) -> bool {
    match condition {
        Condition::Labels { namespaces, pods } => {
            !pod.host_network
                && pods.matches(&pod.labels)
                && namespaces.matches(world.namespace_labels(&pod.namespace))
        }
        Condition::PortName { name, protocol, number } => {
            pod.named_port(name, *protocol) == Some(*number)
        }
    }
}
