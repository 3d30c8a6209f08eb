//! Every pod at the endpoint that it has had since it was attached.
//!
//! Whoever starts anew must number endpoints as the one before did, or a pod would move under its
//! own traffic.

use std::collections::{BTreeMap, BTreeSet};

use compile::{Scope, Slots};
use model::{Pod, World, WorldError, WorldParts};

use crate::protocol::{NAMESPACE, NODE};

/// The slots of the pods that have seats, which ascend as names do. Placeholders keep
/// the lower seats busy while each pod takes its own.
///
/// Only pods that are attached have one: the world may still know a pod whose seat is free already.
pub(crate) fn seated(world: &World, seats: &BTreeMap<String, u32>) -> Result<Slots, WorldError> {
    let here = |pod: &&Pod| seats.contains_key(&pod.name);
    let pods = || world.pods().map(|(_, pod)| pod).filter(here).cloned();
    let seats: BTreeSet<u32> = pods().filter_map(|pod| seats.get(&pod.name).copied()).collect();
    let last = seats.iter().copied().max().unwrap_or(0);
    let free = (1..=last).map(placeholder);
    let all = World::new(WorldParts { pods: free.collect(), ..WorldParts::default() })?;
    let mut slots = Slots::of(&all, Scope::Node(NODE));
    let others = (1..=last).filter(|seat| !seats.contains(seat)).map(placeholder);
    for pods in [others.chain(pods()).collect(), pods().collect::<Vec<Pod>>()] {
        let parts = WorldParts { pods, ..WorldParts::default() };
        slots.update(&World::new(parts)?, Scope::Node(NODE));
    }
    Ok(slots)
}

/// Names of placeholders sort before those of pods.
fn placeholder(seat: u32) -> Pod {
    Pod {
        namespace: NAMESPACE.to_owned(),
        name: format!("a{seat:05}"),
        labels: model::Labels::default(),
        owner: None,
        node: Some(NODE.to_owned()),
        addresses: Vec::new(),
        host_network: false,
        containers: Vec::new(),
        ports: Vec::new(),
    }
}
