//! The small world, enumerated whole: at most two rules, two pods and two ports, in every tier.
//!
//! Most mistakes in deciding show up in a very small case; here none of those is left out.

mod shape;

use std::sync::Arc;

use model::{
    AddressPlan, End, Family, Flow, Labels, Pod, Protocol, Rule, Rules, Traffic, World, WorldParts,
};

use shape::{FIRST, RuleShape, pairs};

/// One case: every flow is to be decided in `world` under `rules`.
#[derive(Clone, Debug)]
pub struct SmallCase {
    /// The world, shared by many cases.
    pub world: Arc<World>,
    /// The rules.
    pub rules: Rules,
    /// The flows, shared by many cases.
    pub flows: Arc<[Flow]>,
}

const OUTSIDE: &str = "198.51.100.7";
/// In the first node's pod network, and no pod's.
const UNKNOWN_POD: &str = "10.244.3.250";
const NAMESPACE: &str = "x";

/// Every case of the small world; the same each time.
pub fn small_world() -> impl Iterator<Item = SmallCase> {
    let alone = setting(&["a"]);
    let pair = setting(&["a", "b"]);
    let singles: Vec<RuleShape> = RuleShape::all();
    let none_and_single = singles.clone().into_iter().map(|shape| vec![shape.rule(FIRST)]);
    let of_one = std::iter::once(Vec::new()).chain(none_and_single);
    let of_both: Vec<Vec<Rule>> = of_one.clone().collect();
    let pairs = pairs(singles);
    let cases_alone = of_one.map(move |rules| alone.case(rules));
    let cases_both = of_both.into_iter().chain(pairs).map(move |rules| pair.case(rules));
    cases_alone.chain(cases_both)
}

struct Setting {
    world: Arc<World>,
    flows: Arc<[Flow]>,
}

impl Setting {
    fn case(&self, rules: Vec<Rule>) -> SmallCase {
        let (world, flows) = (Arc::clone(&self.world), Arc::clone(&self.flows));
        SmallCase { world, rules: Rules::new(rules), flows }
    }
}

#[expect(clippy::expect_used, reason = "the worlds are constants of this file")]
fn setting(names: &[&str]) -> Setting {
    let pods = names.iter().map(|name| pod(name)).collect();
    let mut parts = WorldParts { pods, ..WorldParts::default() };
    parts.assign(AddressPlan { nodes: 1 }).expect("two pods fit the plan");
    let world = World::new(parts).expect("names and addresses differ");
    let flows = flows(&world);
    Setting { world: Arc::new(world), flows: flows.into() }
}

fn pod(name: &str) -> Pod {
    Pod {
        namespace: NAMESPACE.to_owned(),
        name: name.to_owned(),
        labels: Labels::default().with("app", name),
        owner: None,
        node: None,
        addresses: Vec::new(),
        host_network: false,
        containers: vec!["main".to_owned()],
        ports: Vec::new(),
    }
}

fn flows(world: &World) -> Vec<Flow> {
    let addresses = [OUTSIDE, UNKNOWN_POD].into_iter().filter_map(|text| text.parse().ok());
    let pods = world.pods().map(|(id, _)| world.pod_end(id, Family::V4));
    let ends: Vec<End> = pods.chain(addresses.map(|address| world.end_at(address))).collect();
    let pairs = ends.iter().flat_map(|from| ends.iter().map(move |to| (from, to)));
    let judged = pairs.filter(|(from, to)| from.pod().or(to.pod()).is_some());
    judged
        .flat_map(|(from, to)| traffic().map(|traffic| flow(from, to, traffic)))
        .flatten()
        .collect()
}

fn flow(from: &End, to: &End, traffic: Traffic) -> Option<Flow> {
    Flow::new(from.clone(), to.clone(), traffic, Family::V4).ok()
}

fn traffic() -> [Traffic; 4] {
    [
        Traffic::Port(Protocol::Tcp, 80),
        Traffic::Port(Protocol::Tcp, 81),
        Traffic::Port(Protocol::Udp, 80),
        Traffic::icmp(Family::V4),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_small_world_holds_more_than_a_million_decisions() {
        let decisions: usize = small_world().map(|case| case.flows.len()).sum();
        println!("small world: {} cases, {decisions} decisions", small_world().count());
        assert!(decisions > 1_000_000, "{decisions}");
    }

    #[test]
    fn every_address_is_what_its_name_says() {
        let ends: Vec<End> = small_world()
            .take(1)
            .flat_map(|case| {
                case.flows.iter().map(|flow| flow.source().clone()).collect::<Vec<_>>()
            })
            .collect();
        assert!(ends.iter().any(|end| matches!(end, End::UnknownPod { .. })));
        assert!(ends.iter().any(|end| matches!(end, End::External { .. })));
        assert!(shape::outside().is_some());
    }
}
