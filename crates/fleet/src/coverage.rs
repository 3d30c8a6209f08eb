//! Which pods any policy speaks for, by namespace.
//!
//! A pod that no policy selects in a direction is open there, which is what Kubernetes means, and seldom
//! what people mean.

use std::collections::BTreeMap;

use model::{Direction, Rules, World};
use serde::Serialize;

/// The pods of a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Whom policies select in both directions.
    pub both: usize,
    /// Whom they select for what comes in alone.
    pub ingress_only: usize,
    /// Whom they select for what goes out alone.
    pub egress_only: usize,
    /// Whom none selects.
    pub none: usize,
    /// Pods of the nodes' own network, for whom no policy counts.
    pub host_network: usize,
}

/// The coverage of every namespace that has pods.
#[must_use]
pub fn coverage(world: &World, rules: &Rules) -> BTreeMap<String, Coverage> {
    let mut by_namespace: BTreeMap<String, Coverage> = BTreeMap::new();
    for (id, pod) in world.pods() {
        let count = by_namespace.entry(pod.namespace.clone()).or_default();
        if pod.host_network {
            count.host_network += 1;
            continue;
        }
        let has = |direction: Direction| {
            let mut of_direction = rules.iter().filter(|rule| rule.direction() == direction);
            // A policy that only isolates is a rule that allows nobody.
            of_direction.any(|rule| policy::speaks_for(world, rule, id))
        };
        match (has(Direction::Ingress), has(Direction::Egress)) {
            (true, true) => count.both += 1,
            (true, false) => count.ingress_only += 1,
            (false, true) => count.egress_only += 1,
            (false, false) => count.none += 1,
        }
    }
    by_namespace
}

#[cfg(test)]
#[path = "coverage_tests.rs"]
mod tests;
