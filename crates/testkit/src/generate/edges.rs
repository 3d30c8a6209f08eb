//! The flows at the edges of rules: where one more or one less would be decided otherwise.
//!
//! First and last address of every network and its neighbours, ports beside every range, missing
//! names, the other family, unknown pods, nodes and the host itself.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use model::{
    End, Family, Flow, Peer, Peers, PortMatch, Ports, Process, Protocol, Rules, Traffic, World,
};

use super::alphabet::{CONTAINERS, EXECUTABLES};

/// Every edge flow that has at least one pod, or a node that rules speak for, in a fixed order, each
/// once.
#[must_use]
pub fn edge_flows(world: &World, rules: &Rules) -> Vec<Flow> {
    let traffic = traffic(world, rules);
    let asks_processes = rules.iter().any(|rule| !rule.subject.processes.is_everybody());
    let flows = |family| {
        let addresses = addresses(rules, family);
        let mut ends = pods(world, family);
        ends.extend(addresses.into_iter().map(|address| world.end_at(address)));
        let traffic: Vec<Traffic> = of_family(&traffic, family);
        let mut flows = Vec::new();
        for from in &ends {
            let is_subject = |end: &End| can_be_subject(world, rules, end);
            for to in ends.iter().filter(|to| is_subject(from) || is_subject(to)) {
                flows.extend(between(world, from, to, &traffic, family));
                if asks_processes && from.pod().is_some() {
                    flows.extend(by_processes(from, to, &traffic, family));
                }
            }
        }
        flows
    };
    [Family::V4, Family::V6].into_iter().flat_map(flows).collect()
}

fn can_be_subject(world: &World, rules: &Rules, end: &End) -> bool {
    match end {
        End::Pod { .. } => true,
        End::Host { node: Some(node), .. } => {
            let labels = &world.node(*node).labels;
            rules.iter().any(|rule| rule.subject.selects_node(labels))
        }
        End::Host { node: None, .. }
        | End::UnknownPod { .. }
        | End::External { .. }
        | End::Domain { .. } => false,
    }
}

/// An echo belongs to its family.
fn of_family(traffic: &BTreeSet<Traffic>, family: Family) -> Vec<Traffic> {
    let other = match family {
        Family::V4 => Traffic::icmp(Family::V6),
        Family::V6 => Traffic::icmp(Family::V4),
    };
    traffic.iter().copied().filter(|traffic| *traffic != other).collect()
}

/// Pods that policy can select and that have an address of the family.
fn pods(world: &World, family: Family) -> BTreeSet<End> {
    let ends = world.pods().map(|(id, _)| world.pod_end(id, family));
    ends.filter(|end| end.pod().is_some() && end.address().is_some()).collect()
}

fn between(world: &World, from: &End, to: &End, traffic: &[Traffic], family: Family) -> Vec<Flow> {
    let flow = |traffic: &Traffic| Flow::new(from.clone(), to.clone(), *traffic, family).ok();
    let mut flows: Vec<Flow> = traffic.iter().filter_map(flow).collect();
    let direct = flows.len();
    if is_own_node(world, from, to) {
        flows.extend_from_within(..direct);
        let copies = flows.split_off(direct);
        flows.extend(copies.into_iter().map(Flow::from_host));
    }
    if from == to {
        flows.extend_from_within(..direct);
        let copies = flows.split_off(direct);
        flows.extend(copies.into_iter().map(Flow::through_service));
    }
    flows
}

/// Every process that rules may name, and some that none does, on some of the traffic.
fn by_processes(from: &End, to: &End, traffic: &[Traffic], family: Family) -> Vec<Flow> {
    let processes = CONTAINERS.iter().flat_map(|container| {
        EXECUTABLES.iter().map(|executable| Process {
            container: (*container).to_owned(),
            executable: (*executable).to_owned(),
        })
    });
    let flows =
        processes.zip(traffic.iter().cycle().step_by(3)).filter_map(|(process, traffic)| {
            Some(Flow::new(from.clone(), to.clone(), *traffic, family).ok()?.by(process))
        });
    flows.collect()
}

fn is_own_node(world: &World, from: &End, to: &End) -> bool {
    let (End::Host { node: Some(node), .. }, Some(pod)) = (from, to.pod()) else { return false };
    world.pod(pod).node.as_deref() == Some(world.node(*node).name.as_str())
}

/// Addresses that are always worth a look: outside, an unknown pod, nodes, multicast.
fn always(family: Family) -> Vec<IpAddr> {
    let texts: &[&str] = match family {
        Family::V4 => &["203.0.113.9", "10.244.3.250", "172.30.0.3", "172.30.0.4", "224.0.0.251"],
        Family::V6 => &[
            "2001:db8:ffff::9",
            "fd00:10:244::dead",
            "fd00:172:30::2",
            "fd00:172:30::3",
            "ff02::fb",
        ],
    };
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

fn addresses(rules: &Rules, family: Family) -> BTreeSet<IpAddr> {
    let blocks = rules.iter().flat_map(|rule| match &rule.peers {
        Peers::Any => &[],
        Peers::OneOf(peers) => peers.as_slice(),
    });
    let networks = blocks.flat_map(|peer| match peer {
        Peer::Block(block) => {
            std::iter::once(block.cidr()).chain(block.except().iter().copied()).collect()
        }
        Peer::Pods { .. } | Peer::Nodes(_) | Peer::Domain(_) => Vec::new(),
    });
    let edges = networks.flat_map(|network: IpNet| edges(network));
    edges.chain(always(family)).filter(|address| Family::of(*address) == family).collect()
}

/// One below, first, last, one above.
fn edges(network: IpNet) -> Vec<IpAddr> {
    let (first, last) = (network.network(), network.broadcast());
    [step(first, false), Some(first), Some(last), step(last, true)].into_iter().flatten().collect()
}

fn step(address: IpAddr, up: bool) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => {
            let number = u32::from(address);
            let next = if up { number.checked_add(1) } else { number.checked_sub(1) };
            next.map(|number| Ipv4Addr::from(number).into())
        }
        IpAddr::V6(address) => {
            let number = u128::from(address);
            let next = if up { number.checked_add(1) } else { number.checked_sub(1) };
            next.map(|number| Ipv6Addr::from(number).into())
        }
    }
}

fn traffic(world: &World, rules: &Rules) -> BTreeSet<Traffic> {
    let mut traffic = BTreeSet::from([
        Traffic::icmp(Family::V4),
        Traffic::icmp(Family::V6),
        Traffic::new(GRE, 0),
        Traffic::Port(Protocol::Tcp, ODD_PORT),
    ]);
    for rule in rules {
        if let Ports::OneOf(ports) = &rule.ports {
            traffic.extend(ports.iter().flat_map(|port| around(world, port)));
        }
    }
    traffic
}

const GRE: u8 = 47;
/// In no range but those of all ports.
const ODD_PORT: u16 = 31337;

fn around(world: &World, port: &PortMatch) -> Vec<Traffic> {
    match port {
        PortMatch::Numbers { protocol, range } => {
            let mut edges = beside(*protocol, range.first(), range.last());
            edges.extend(others(*protocol).map(|other| Traffic::Port(other, range.first())));
            edges
        }
        PortMatch::Named { name, .. } => {
            let ports = world.pods().flat_map(|(_, pod)| &pod.ports);
            let named = ports.filter(|port| port.name.as_ref() == Some(name));
            named
                .flat_map(|port| {
                    let mut edges = beside(port.protocol, port.number, port.number);
                    edges.extend(others(port.protocol).map(|it| Traffic::Port(it, port.number)));
                    edges
                })
                .collect()
        }
    }
}

fn beside(protocol: Protocol, first: u16, last: u16) -> Vec<Traffic> {
    let below = first.checked_sub(1);
    let above = last.checked_add(1);
    let ports = [below, Some(first), Some(last), above].into_iter().flatten();
    ports.map(|port| Traffic::Port(protocol, port)).collect()
}

fn others(protocol: Protocol) -> impl Iterator<Item = Protocol> {
    Protocol::ALL.into_iter().filter(move |other| *other != protocol)
}
