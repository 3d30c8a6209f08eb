//! Draws objects from few names, so that everything meets everything.
//!
//! Rules come from the test kit's generator; pods and Services are drawn here, because they must be
//! made one at a time.

use std::net::IpAddr;

use model::{
    ContainerPort, Direction, Labels, Pod, Protocol, Selector, Service, ServicePort, TargetPort,
};
use testkit::generate;

use crate::chance::Chance;
use crate::state::{ELSEWHERE, HERE, Key, Policy};

pub(crate) const NAMESPACES: [&str; 3] = ["x", "y", "z"];
/// As many policies as the generator may draw at once.
pub(crate) const POLICIES: usize = 6;
const PODS: [&str; 4] = ["one", "two", "three", "four"];
const APPS: [&str; 3] = ["a", "b", "c"];
const ROLES: [&str; 2] = ["front", "back"];
const TEAMS: [&str; 2] = ["red", "blue"];
const PORTS: [(Protocol, &str, u16); 4] = [
    (Protocol::Tcp, "http", 80),
    (Protocol::Tcp, "http", 8080),
    (Protocol::Udp, "dns", 53),
    (Protocol::Tcp, "dns", 443),
];
/// Few, so that an address is soon another pod's; of both families, all in the pod networks.
const ADDRESSES: u8 = 6;

pub(crate) fn name(chance: &mut Chance, names: &[&str]) -> String {
    chance.pick(names).map(|name| (*name).to_owned()).unwrap_or_default()
}

pub(crate) fn pod_key(chance: &mut Chance) -> Key {
    (name(chance, &NAMESPACES), name(chance, &PODS))
}

pub(crate) fn namespace_labels(chance: &mut Chance) -> Labels {
    match chance.below(3) {
        0 => Labels::default(),
        _ => Labels::default().with("team", name(chance, &TEAMS)),
    }
}

pub(crate) fn pod_labels(chance: &mut Chance) -> Labels {
    let labels = Labels::default().with("app", name(chance, &APPS));
    match chance.below(2) {
        0 => labels,
        _ => labels.with("role", name(chance, &ROLES)),
    }
}

/// Addresses for a pod, the lowest that are free: what was given back is given again.
pub(crate) fn addresses(chance: &mut Chance, taken: &[IpAddr]) -> Vec<IpAddr> {
    let v4 = |last: u8| IpAddr::from([10, 244, 0, last]);
    let v6 = |last: u8| IpAddr::from([0xfd00, 0x10, 0x244, 0, 0, 0, 0, u16::from(last)]);
    let free = |address: fn(u8) -> IpAddr| {
        (2..2 + ADDRESSES).map(address).find(|address| !taken.contains(address))
    };
    match chance.below(4) {
        0 => [free(v4), free(v6)].into_iter().flatten().collect(),
        1 => free(v6).into_iter().collect(),
        _ => free(v4).into_iter().collect(),
    }
}

pub(crate) fn pod(chance: &mut Chance, key: &Key, addresses: Vec<IpAddr>) -> Pod {
    let node = if chance.below(3) == 0 { ELSEWHERE } else { HERE };
    let ports = (0..chance.below(3)).filter_map(|_| chance.pick(&PORTS).copied());
    let port = |(protocol, name, number): (Protocol, &str, u16)| ContainerPort {
        container: "main".to_owned(),
        name: Some(name.to_owned()),
        protocol,
        number,
    };
    Pod {
        namespace: key.0.clone(),
        name: key.1.clone(),
        ports: ports.map(port).collect(),
        labels: pod_labels(chance),
        owner: None,
        node: Some(node.to_owned()),
        addresses,
        host_network: false,
        containers: vec!["main".to_owned()],
    }
}

/// What the generator draws for the policy at `at`; sometimes nothing, and then there is none.
pub(crate) fn policy(chance: &mut Chance, at: usize) -> Option<Policy> {
    let drawn = generate::rules(chance.source());
    let is_at = |name: &str| {
        name.strip_prefix("policy").or(name.strip_prefix("default"))
            == Some(at.to_string().as_str())
    };
    let mut rules: Vec<_> =
        drawn.iter().filter(|rule| is_at(&rule.origin.policy.name)).cloned().collect();
    let keeps = chance.one_in(5);
    let is_staged = chance.one_in(5);
    if chance.one_in(3) {
        let processes = generate::processes(chance.source());
        let sent = rules.iter_mut().filter(|rule| rule.direction() == Direction::Egress);
        sent.for_each(|rule| rule.subject.processes = processes.clone());
    }
    (!rules.is_empty()).then_some(Policy { rules, keeps, is_staged })
}

pub(crate) fn service(chance: &mut Chance, key: &Key) -> Service {
    let &(protocol, port_name, number) = chance.pick(&PORTS).unwrap_or(&PORTS[0]);
    let target = match chance.below(2) {
        0 => TargetPort::Name(port_name.to_owned()),
        _ => TargetPort::Number(number),
    };
    let last = if key.1 == "web" { 10 } else { 11 };
    Service {
        namespace: key.0.clone(),
        name: key.1.clone(),
        addresses: vec![[10, 96, 0, last].into()],
        headless: false,
        affinity_seconds: None,
        ports: vec![ServicePort { name: None, protocol, port: number, target }],
        selector: Some(Selector::equals("app", name(chance, &APPS))),
        endpoints: Vec::new(),
    }
}
