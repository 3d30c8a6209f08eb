//! Slots: the numbers that endpoints keep for as long as they live.
//!
//! An interface leads to a slot, so a pod's slot must not change when another pod comes or goes.

use std::collections::{BTreeMap, BTreeSet};

use abi::{SubjectKey, capacity};
use model::{Node, NodeId, Pod, PodId, World};

use crate::Subjects;
use crate::process::ProcessNames;

/// Which pods and nodes are endpoints of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// One node and its pods, as an agent compiles it.
    Node(&'a str),
    /// Every pod and node, as an analysis compiles it.
    Everywhere,
}

/// The slot of every endpoint, from 1: of pods by namespace and name, of nodes by name. Nodes come
/// first and have one whether or not rules speak for them, so that a node's never changes: a process
/// that begins anew finds live words there, and must not give them to a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slots {
    /// How many the table has, the first of which is nobody's.
    capacity: u32,
    by_pod: BTreeMap<(String, String), u32>,
    by_node: BTreeMap<String, u32>,
    subjects: BTreeMap<SubjectKey, u32>,
    /// What is told apart of the processes of a slot's pod, whether or not rules name it.
    also_named: BTreeMap<u32, ProcessNames>,
}

impl Default for Slots {
    fn default() -> Self {
        Self::held([], None)
    }
}

impl Slots {
    /// The slots that are in use already: those to which interfaces lead, by namespace and name of their
    /// pods, and that of a node whose record there is, by its name. A process that begins anew must not
    /// give them away again.
    pub fn held(
        pods: impl IntoIterator<Item = ((String, String), u32)>,
        node: Option<(String, u32)>,
    ) -> Self {
        Self {
            capacity: capacity::ENDPOINTS,
            by_pod: pods.into_iter().collect(),
            by_node: node.into_iter().collect(),
            subjects: BTreeMap::new(),
            also_named: BTreeMap::new(),
        }
    }

    /// Slots for the pods and nodes of `scope`, numbered anew.
    #[must_use]
    pub fn of(world: &World, scope: Scope<'_>) -> Self {
        let mut slots = Self::default();
        slots.update(world, scope);
        slots
    }

    /// Frees the slots of pods and nodes that are gone and gives new ones the lowest that are free.
    pub fn update(&mut self, world: &World, scope: Scope<'_>) {
        let here: Vec<&Pod> =
            world.pods().map(|(_, pod)| pod).filter(|pod| is_endpoint(pod, scope)).collect();
        let keys: BTreeSet<(String, String)> = here.iter().map(|pod| key(pod)).collect();
        let nodes: BTreeSet<&str> = nodes_of(world, scope).map(|node| node.name.as_str()).collect();
        self.by_pod.retain(|pod, _| keys.contains(pod));
        self.by_node.retain(|node, _| nodes.contains(node.as_str()));
        let taken = self.taken();
        let mut free = (1..).filter(|slot| !taken.contains(slot));
        for node in nodes {
            let slot = self.by_node.entry(node.to_owned());
            slot.or_insert_with(|| free.next().unwrap_or(u32::MAX));
        }
        for pod in keys {
            self.by_pod.entry(pod).or_insert_with(|| free.next().unwrap_or(u32::MAX));
        }
    }

    fn taken(&self) -> BTreeSet<u32> {
        let slots = self.by_pod.values().chain(self.by_node.values());
        slots.chain(self.subjects.values()).copied().collect()
    }

    /// The slot of a pod, if it is an endpoint.
    #[must_use]
    pub fn get(&self, pod: &Pod) -> Option<u32> {
        self.by_pod.get(&key(pod)).copied()
    }

    /// The slot of a node, if it is an endpoint.
    #[must_use]
    pub fn of_node(&self, name: &str) -> Option<u32> {
        self.by_node.get(name).copied()
    }

    /// The slots of all nodes.
    pub fn of_nodes(&self) -> impl Iterator<Item = u32> {
        self.by_node.values().copied()
    }

    /// Learns how many slots the table has, where that is not the usual number.
    pub fn set_capacity(&mut self, capacity: u32) {
        self.capacity = capacity;
    }

    /// Keeps the slots that subjects have in the kernel, as it was read back. They count down from
    /// the last slot, so that they and the pods' meet only where there is no room left.
    pub fn keep_subjects(&mut self, subjects: &BTreeMap<SubjectKey, u32>) {
        self.subjects.clone_from(subjects);
    }

    /// Tells the processes apart that `subjects` tell apart, beside those that rules name; so a change of
    /// rules can be a change of words alone, and names come before it and go after it.
    pub fn name_also(&mut self, subjects: &Subjects) {
        self.also_named = subjects.names();
    }

    pub(crate) fn also_named(&self, slot: u32) -> Option<&ProcessNames> {
        self.also_named.get(&slot)
    }

    pub(crate) fn of_subject(&self, key: &SubjectKey) -> Option<u32> {
        self.subjects.get(key).copied()
    }

    /// The greatest first, then those that the table would have if it were larger.
    pub(crate) fn free_for_subjects(&self) -> impl Iterator<Item = u32> {
        let taken = self.taken();
        let beyond = self.capacity.max(1)..;
        (1..self.capacity).rev().chain(beyond).filter(move |slot| !taken.contains(slot))
    }

    /// The endpoints of `world` and their slots.
    pub(crate) fn endpoints<'a>(
        &'a self,
        world: &'a World,
    ) -> impl Iterator<Item = (u32, PodId, &'a Pod)> {
        world.pods().filter_map(|(id, pod)| Some((self.get(pod)?, id, pod)))
    }

    /// The nodes of `world` that are endpoints and their slots.
    pub(crate) fn hosts<'a>(
        &'a self,
        world: &'a World,
    ) -> impl Iterator<Item = (u32, NodeId, &'a Node)> {
        world.nodes().filter_map(|(id, node)| Some((*self.by_node.get(&node.name)?, id, node)))
    }
}

fn nodes_of<'a>(world: &'a World, scope: Scope<'a>) -> impl Iterator<Item = &'a Node> {
    let here = move |node: &&Node| match scope {
        Scope::Node(name) => node.name == name,
        Scope::Everywhere => true,
    };
    world.nodes().map(|(_, node)| node).filter(here)
}

fn key(pod: &Pod) -> (String, String) {
    (pod.namespace.clone(), pod.name.clone())
}

/// Host-network pods have no interface of their own (ruling N16).
fn is_endpoint(pod: &Pod, scope: Scope<'_>) -> bool {
    let here = match scope {
        Scope::Node(node) => pod.node.as_deref() == Some(node),
        Scope::Everywhere => true,
    };
    here && !pod.host_network
}
