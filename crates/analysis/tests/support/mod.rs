//! Worlds to compare answers on, and every question worth asking of them.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::panic, reason = "a failing seed panics with what replays it")]

pub(crate) mod stranger;

use std::collections::BTreeSet;

use compile::Span;
use model::{Decision, End, Family, Flow, Rules, Traffic, World, WorldParts};
use testkit::generate::Generated;

pub(crate) const FAMILIES: [Family; 2] = [Family::V4, Family::V6];

/// A world, its rules and all traffic at the edges of them.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) world: World,
    pub(crate) rules: Rules,
    pub(crate) traffic: Vec<Traffic>,
    /// Addresses at the edges of every block that are nobody's.
    pub(crate) outside: Vec<End>,
}

/// The case of a seed; every third world forgets some addresses, every sixth where pods may be.
pub(crate) fn case(seed: u64) -> Case {
    let drawn = Generated::of_pods(seed);
    let traffic: BTreeSet<Traffic> = drawn.flows.iter().map(Flow::traffic).collect();
    let ends: BTreeSet<&End> =
        drawn.flows.iter().flat_map(|flow| [flow.source(), flow.destination()]).collect();
    let outside = ends
        .into_iter()
        .filter(|end| matches!(end, End::External { .. } | End::UnknownPod { .. }))
        .cloned()
        .collect();
    let world = match seed % 3 {
        2 => forgetful(drawn.world.into_parts(), seed),
        _ => drawn.world,
    };
    let (name, rules) = (format!("seed {seed}"), drawn.rules);
    let mut case = Case { name, world, rules, traffic: traffic.into_iter().collect(), outside };
    case.forget_owners();
    case
}

impl Case {
    /// Who an address belongs to may have changed with what the world forgot.
    fn forget_owners(&mut self) {
        let world = &self.world;
        let ends = self.outside.iter().filter_map(End::address).map(|it| world.end_at(it));
        self.outside = ends.collect();
    }

    pub(crate) fn decide(
        &self,
        from: &End,
        to: &End,
        traffic: Traffic,
        family: Family,
    ) -> Decision {
        let flow = Flow::new(from.clone(), to.clone(), traffic, family)
            .unwrap_or_else(|error| panic!("{}: {error}", self.name));
        policy::decide(&self.world, &self.rules, &flow)
    }

    /// Whether a Service takes this traffic elsewhere (ruling N13).
    pub(crate) fn is_translated(&self, to: &End, traffic: Traffic) -> bool {
        to.address().is_some_and(|address| !self.world.backends_at(address, traffic).is_empty())
    }
}

fn forgetful(mut parts: WorldParts, seed: u64) -> World {
    for (at, pod) in (0_u64..).zip(&mut parts.pods) {
        if !(seed / 3 + at).is_multiple_of(3) {
            pod.addresses.clear();
        }
    }
    for (at, node) in (0_u64..).zip(&mut parts.nodes) {
        if (seed / 3 + at).is_multiple_of(4) {
            node.addresses.clear();
        }
    }
    if seed.is_multiple_of(2) {
        parts.pod_networks.clear();
    }
    World::new(parts).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn holds(span: Span, traffic: Traffic) -> bool {
    match (span, traffic) {
        (Span::Ports(protocol, range), Traffic::Port(of, port)) => {
            protocol == of && range.contains(port)
        }
        (Span::Other, Traffic::Other(_)) => true,
        (Span::Ports(..), Traffic::Other(_)) | (Span::Other, Traffic::Port(..)) => false,
    }
}
