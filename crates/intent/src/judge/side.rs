//! The two sides of flows that are searched for: somebody who exists, or somebody who could.
//!
//! A pod that does not exist is known only by what it satisfies; when a flow is to be decided, the
//! least such pod is put beside those who exist.

use std::net::IpAddr;

use compile::{Condition, Found, Witness};
use model::{End, Family, Flow, NodeId, Pod, PodId, Traffic, World, WorldParts};

use crate::party::{NAMESPACE_NAME, satisfies};

/// Pods that satisfy all of some conditions and none of others.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wanted {
    pub(super) all_of: Vec<Condition>,
    pub(super) none_of: Vec<Condition>,
    /// Its address, where blocks tell addresses of pods apart.
    pub(super) address: Option<IpAddr>,
}

impl Wanted {
    /// The same, satisfying more; nothing where that is nothing new.
    pub(super) fn with(&self, conditions: &[Condition]) -> Self {
        let mut wanted = self.clone();
        add(&mut wanted.all_of, conditions);
        wanted
    }

    /// The same, satisfying none of these either.
    pub(super) fn without(&self, conditions: &[Condition]) -> Self {
        let mut wanted = self.clone();
        add(&mut wanted.none_of, conditions);
        wanted
    }
}

fn add(all: &mut Vec<Condition>, more: &[Condition]) {
    all.extend(more.iter().cloned());
    all.sort_unstable();
    all.dedup();
}

/// One side.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// A pod of the world.
    Pod(PodId),
    /// A node of the world.
    Node(NodeId, Option<IpAddr>),
    /// An address that is nobody's.
    Address(IpAddr),
    /// A pod that could exist.
    Future(Wanted),
}

/// A side where somebody stands.
#[derive(Clone, Debug)]
pub(super) enum Standing {
    /// Somebody of the world.
    Known(End),
    /// The least pod that satisfies what was wanted.
    Future(Witness, Option<IpAddr>),
}

/// Two who stand on a stage: the world's namespaces and nodes, and nobody else's pods.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) flow: Flow,
}

/// The names of pods that do not exist, which no pod of a cluster can have.
const NAMES: [&str; 2] = ["(source)", "(destination)"];

/// Whether a pod of a stage does not exist, and then whether its namespace does not either.
pub(super) fn is_future(world: &World, pod: &Pod) -> Option<bool> {
    let is_new = || !world.namespaces().any(|(name, _)| name == pod.namespace);
    NAMES.contains(&pod.name.as_str()).then(is_new)
}

/// Sets up one flow.
pub(super) fn stage(
    world: &World,
    [source, destination]: [&Standing; 2],
    traffic: Traffic,
    family: Family,
) -> Option<Stage> {
    let mut parts = WorldParts {
        namespaces: world.namespaces().map(|(name, it)| (name.to_owned(), it.clone())).collect(),
        nodes: world.nodes().map(|(_, node)| node.clone()).collect(),
        pod_networks: world.pod_networks().to_vec(),
        ..WorldParts::default()
    };
    let places = [source, destination].map(|standing| place(&mut parts, world, standing));
    let staged = World::new(parts).ok()?;
    let [source, destination] = places.map(|place| match place {
        Placed::Pod(at) => staged.pod_end(PodId(at), family),
        Placed::End(end) => end,
    });
    let flow = Flow::new(source, destination, traffic, family).ok()?;
    Some(Stage { world: staged, flow })
}

enum Placed {
    Pod(u32),
    End(End),
}

fn place(parts: &mut WorldParts, world: &World, standing: &Standing) -> Placed {
    let at = u32::try_from(parts.pods.len()).unwrap_or(u32::MAX);
    match standing {
        Standing::Known(End::Pod { pod, .. }) => {
            parts.pods.push(world.pod(*pod).clone());
            Placed::Pod(at)
        }
        Standing::Known(end) => Placed::End(end.clone()),
        Standing::Future(witness, address) => {
            let witness = settled(parts, witness.clone());
            let [first, second] = NAMES;
            let name = if parts.pods.iter().any(|pod| pod.name == first) { second } else { first };
            parts.pods.push(Pod {
                namespace: witness.namespace,
                name: name.to_owned(),
                labels: witness.labels,
                owner: None,
                node: None,
                addresses: address.iter().copied().collect(),
                host_network: false,
                containers: vec!["main".to_owned()],
                ports: witness.ports,
            });
            Placed::Pod(at)
        }
    }
}

/// Puts the namespace of a pod on the stage. Two new ones that differ cannot have one name.
fn settled(parts: &mut WorldParts, mut witness: Witness) -> Witness {
    let taken = |parts: &WorldParts, witness: &Witness| {
        let there = parts.namespaces.get(&witness.namespace);
        there.is_some_and(|labels| *labels != witness.namespace_labels)
    };
    while taken(parts, &witness) {
        witness.namespace.insert_str(0, "other-");
        witness.namespace_labels =
            witness.namespace_labels.with(NAMESPACE_NAME, witness.namespace.as_str());
    }
    parts.namespaces.insert(witness.namespace.clone(), witness.namespace_labels.clone());
    witness
}

/// Who stands on a side; nothing where nobody can, and unknown where that is too hard to say.
pub(super) fn standing(
    side: &Side,
    world: &World,
    family: Family,
    somebody: impl Fn(&Wanted) -> Found,
) -> Result<Option<Standing>, TooHard> {
    match side {
        Side::Pod(pod) => Ok(Some(Standing::Known(world.pod_end(*pod, family)))),
        Side::Node(node, address) => {
            Ok(Some(Standing::Known(End::Host { node: Some(*node), address: *address })))
        }
        Side::Address(address) => Ok(Some(Standing::Known(world.end_at(*address)))),
        Side::Future(wanted) => match somebody(wanted) {
            Found::Nobody => Ok(None),
            Found::Pod(witness) => Ok(Some(Standing::Future(witness, wanted.address))),
            Found::Unknown => Err(TooHard),
        },
    }
}

impl Stage {
    /// Whether both who stand here are as they were wanted. They may not be where two namespaces
    /// were given one name.
    pub(super) fn is_as_wanted(&self, sides: [&Side; 2]) -> bool {
        let ends = [self.flow.source(), self.flow.destination()];
        sides.into_iter().zip(ends).all(|(side, end)| match (side, end.pod()) {
            (Side::Future(wanted), Some(pod)) => {
                let has = |condition| satisfies(&self.world, self.world.pod(pod), condition);
                wanted.all_of.iter().all(has) && !wanted.none_of.iter().any(has)
            }
            (Side::Future(_), None) => false,
            (Side::Pod(_) | Side::Node(..) | Side::Address(_), _) => true,
        })
    }
}

/// There are too many ways to try.
pub(super) struct TooHard;
