//! What may be said of flows: by the oracle about what the node believes, and about what it knew when
//! an endpoint was programmed last.
//!
//! Nothing here looks into a table.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::{
    Direction, End, Family, Judgement, PodId, Protocol, Rule, Rules, Selector, Subject, Traffic,
    World,
};

use crate::agent::Belief;
use crate::ask::Ask;
use crate::chance::Chance;
use crate::judge::Case;
use crate::kernel::FakeKernel;
use crate::state::Key;

/// How many ends and flows are asked during one change.
const ENDS: usize = 60;
const FLOWS: usize = 16;

/// The pods whose interfaces lead to slots, as the node believes.
pub(crate) struct Here {
    pub(crate) pods: BTreeMap<u32, PodId>,
}

impl Here {
    pub(crate) fn new(kernel: &FakeKernel, belief: &Belief) -> Self {
        let known = |(key, interface): (&Key, &crate::kernel::Interface)| {
            let life = belief.state.pods.get(key).filter(|life| life.uid == interface.uid)?;
            Some((interface.slot, belief.world.find_pod(&life.pod.namespace, &life.pod.name)?))
        };
        Self { pods: kernel.interfaces.iter().filter_map(known).collect() }
    }
}

/// The rules that an endpoint had, whoever it belonged to then: what it keeps where room is short.
pub(crate) type Kept = BTreeMap<u32, Vec<Rules>>;

/// The rules that speak for `pod`, as rules that speak for everybody.
pub(crate) fn own_rules(belief: &Belief, pod: PodId) -> Rules {
    let world = &belief.world;
    let pod = world.pod(pod);
    let labels = world.namespace_labels(&pod.namespace);
    let speaks = |rule: &&Rule| {
        rule.subject.pods.matches(&pod.labels) && rule.subject.namespaces.matches(labels)
    };
    let everybody = Subject::new(Selector::everything(), Selector::everything());
    let own = belief.rules.iter().filter(speaks).cloned();
    Rules::new(
        own.map(|rule| Rule {
            subject: Subject { processes: rule.subject.processes.clone(), ..everybody.clone() },
            ..rule
        })
        .collect(),
    )
}

/// What the oracle says, if nothing had to be left out.
pub(crate) fn wanted(ask: &Ask, belief: &Belief, pod: PodId) -> Option<Judgement> {
    ask.judgement(&belief.world, &belief.rules, pod, belief.world.end_at(ask.remote))
}

/// What the oracle says under other rules.
pub(crate) fn under(
    ask: &Ask,
    world: &World,
    rules: &Rules,
    pod: PodId,
    is_omitted: bool,
) -> Option<Judgement> {
    let remote = match is_omitted {
        true => End::UnknownPod { address: ask.remote },
        false => world.end_at(ask.remote),
    };
    ask.judgement(world, rules, pod, remote)
}

/// What is asked during a change to `belief`.
pub(crate) fn cases(
    kernel: &FakeKernel,
    belief: &Belief,
    (here, kept): (&Here, &Kept),
    is_short: bool,
    chance: &mut Chance,
) -> (Vec<Case>, Vec<(usize, usize)>) {
    let mut cases = Vec::new();
    let mut flows = Vec::new();
    let case = |ask: Ask| case(ask, kernel, belief, (here, kept), is_short);
    for _ in 0..ENDS {
        cases.extend(draw_ask(belief, here, chance).and_then(case));
    }
    for _ in 0..FLOWS {
        if let Some([from, to]) = draw_flow(belief, here, chance).map(|ends| ends.map(case))
            && let (Some(from), Some(to)) = (from, to)
        {
            flows.push((cases.len(), cases.len() + 1));
            cases.extend([from, to]);
        }
    }
    (cases, flows)
}

fn case(
    ask: Ask,
    kernel: &FakeKernel,
    belief: &Belief,
    (here, kept): (&Here, &Kept),
    is_short: bool,
) -> Option<Case> {
    let pod = *here.pods.get(&ask.slot)?;
    let mut after = vec![wanted(&ask, belief, pod)?.verdict];
    if is_short {
        let world = &belief.world;
        let last = kept.get(&ask.slot).into_iter().flatten();
        let all = last.chain([&belief.rules]);
        let said = all.flat_map(|rules| {
            [false, true].map(|is_omitted| under(&ask, world, rules, pod, is_omitted))
        });
        after.extend(said.flatten().map(|judgement| judgement.verdict));
    }
    let before = ask.verdict(&kernel.image);
    let mut services = belief.world.services().iter();
    let is_service = services.any(|service| service.addresses.contains(&ask.remote));
    let may_be_denied = is_short || is_service;
    Some(Case { ask, before, after, may_be_denied, was_interrupted: false })
}

/// One end of a flow.
pub(crate) fn draw_ask(belief: &Belief, here: &Here, chance: &mut Chance) -> Option<Ask> {
    let slots: Vec<u32> = here.pods.keys().copied().collect();
    let slot = *chance.pick(&slots)?;
    let own = &belief.world.pod(*here.pods.get(&slot)?).addresses;
    let direction = *chance.pick(&Direction::ALL)?;
    // Nobody sends from a Service's address.
    let services = belief.world.services().iter().flat_map(|service| service.addresses.clone());
    let services: BTreeSet<IpAddr> = services.collect();
    let remotes: Vec<IpAddr> = remotes(&belief.world)
        .into_iter()
        .filter(|remote| direction == Direction::Egress || !services.contains(remote))
        .filter(|remote| !own.contains(remote))
        .filter(|remote| own.iter().any(|own| own.is_ipv4() == remote.is_ipv4()))
        .collect();
    let remote = *chance.pick(&remotes)?;
    let traffic = traffic(remote, chance);
    Some(Ask { slot, direction, remote, traffic, is_tagged: !chance.one_in(6) })
}

/// Egress of one pod to another and the other's ingress.
fn draw_flow(belief: &Belief, here: &Here, chance: &mut Chance) -> Option<[Ask; 2]> {
    let slots: Vec<u32> = here.pods.keys().copied().collect();
    let (from, to) = (*chance.pick(&slots)?, *chance.pick(&slots)?);
    let address = |slot: u32, family| belief.world.pod(*here.pods.get(&slot)?).address(family);
    let family = if chance.one_in(3) { Family::V6 } else { Family::V4 };
    let (source, destination) = (address(from, family)?, address(to, family)?);
    let traffic = traffic(destination, chance);
    let is_tagged = !chance.one_in(6);
    (from != to).then_some([
        Ask { slot: from, direction: Direction::Egress, remote: destination, traffic, is_tagged },
        Ask { slot: to, direction: Direction::Ingress, remote: source, traffic, is_tagged },
    ])
}

/// Everybody there is, somebody outside of each block, and nobody.
fn remotes(world: &World) -> BTreeSet<IpAddr> {
    let pods = world.pods().flat_map(|(_, pod)| pod.addresses.clone());
    let nodes = world.nodes().flat_map(|(_, node)| node.addresses.clone());
    let services = world.services().iter().flat_map(|service| service.addresses.clone());
    let others = ["198.51.100.77", "198.51.100.65", "203.0.113.9", "10.244.0.4", "10.244.3.250"];
    let others = others.into_iter().chain(["fd00:10:244::dead", "2001:db8::1"]);
    let others = others.filter_map(|text| text.parse().ok());
    pods.chain(nodes).chain(services).chain(others).collect()
}

fn traffic(remote: IpAddr, chance: &mut Chance) -> Traffic {
    let ports = [
        Traffic::Port(Protocol::Tcp, 80),
        Traffic::Port(Protocol::Tcp, 80),
        Traffic::Port(Protocol::Tcp, 8080),
        Traffic::Port(Protocol::Tcp, 443),
        Traffic::Port(Protocol::Udp, 53),
        Traffic::Port(Protocol::Sctp, 80),
        Traffic::Port(Protocol::Tcp, 31337),
    ];
    let icmp = Traffic::icmp(Family::of(remote));
    if chance.one_in(8) { icmp } else { chance.pick(&ports).copied().unwrap_or(icmp) }
}
