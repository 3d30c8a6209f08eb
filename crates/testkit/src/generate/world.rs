//! Draws a world: up to five pods in three namespaces on one or two nodes, and a Service.
//!
//! Some pods lack a family, some are host-network, some share every label.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::{
    AddressPlan, ContainerPort, Labels, Pod, Selector, Service, ServicePort, TargetPort, World,
    WorldParts,
};

use super::alphabet::{APPS, NAMESPACES, PORT_NAMES, PORTS, PROTOCOLS, ROLES, TEAMS, ZONES};
use super::random::{Source, one_in, pick, several};

/// Draws a world with every address known.
///
/// # Panics
/// Never: names and addresses are made to differ.
#[expect(clippy::expect_used, reason = "names and addresses are made to differ")]
pub fn world(source: &mut dyn Source) -> World {
    let nodes = if one_in(source, 3) { 2 } else { 1 };
    let drawn = several(source, 1, 5, pod);
    let pods: Vec<Pod> = drawn.into_iter().enumerate().map(|(at, pod)| numbered(pod, at)).collect();
    let services = if one_in(source, 3) { vec![service(source)] } else { Vec::new() };
    let namespaces = namespaces(source);
    let mut parts = WorldParts { namespaces, pods, services, ..WorldParts::default() };
    parts.assign(AddressPlan { nodes }).expect("five pods fit the plan");
    for node in &mut parts.nodes {
        let zone = pick(source, &ZONES);
        node.labels = std::mem::take(&mut node.labels).with("zone", *zone);
    }
    for pod in parts.pods.iter_mut().filter(|pod| !pod.host_network) {
        forget_a_family(source, &mut pod.addresses);
    }
    World::new(parts).expect("names and addresses differ")
}

fn namespaces(source: &mut dyn Source) -> BTreeMap<String, Labels> {
    let labels = |source: &mut dyn Source| match source.below(TEAMS.len() + 1) {
        0 => Labels::default(),
        _ => Labels::default().with("team", *pick(source, &TEAMS)),
    };
    NAMESPACES.into_iter().map(|name| (name.to_owned(), labels(source))).collect()
}

/// Names are given after drawing, so that no two pods share one.
fn numbered(pod: Pod, at: usize) -> Pod {
    Pod { name: format!("pod{at}"), ..pod }
}

fn pod(source: &mut dyn Source) -> Pod {
    let namespace = (*pick(source, &NAMESPACES)).to_owned();
    let mut labels = Labels::default().with("app", *pick(source, &APPS));
    if one_in(source, 2) {
        labels = labels.with("role", *pick(source, &ROLES));
    }
    Pod {
        namespace,
        name: String::new(),
        labels,
        owner: None,
        node: None,
        addresses: Vec::new(),
        host_network: one_in(source, 8),
        containers: vec!["main".to_owned()],
        ports: several(source, 0, 2, container_port),
    }
}

fn container_port(source: &mut dyn Source) -> ContainerPort {
    ContainerPort {
        container: "main".to_owned(),
        name: Some((*pick(source, &PORT_NAMES)).to_owned()),
        protocol: *pick(source, &PROTOCOLS),
        number: *pick(source, &PORTS),
    }
}

fn service(source: &mut dyn Source) -> Service {
    let target = match one_in(source, 2) {
        true => TargetPort::Name((*pick(source, &PORT_NAMES)).to_owned()),
        false => TargetPort::Number(*pick(source, &PORTS)),
    };
    let namespace = (*pick(source, &NAMESPACES)).to_owned();
    let protocol = *pick(source, &PROTOCOLS);
    let port = *pick(source, &PORTS);
    Service {
        namespace,
        name: "service".to_owned(),
        addresses: Vec::new(),
        headless: false,
        // It changes no verdict; not drawn, so that worlds stay what they were.
        affinity_seconds: (port == 443).then_some(60),
        ports: vec![ServicePort { name: None, protocol, port, target }],
        selector: Some(Selector::equals("app", *pick(source, &APPS))),
        endpoints: Vec::new(),
    }
}

fn forget_a_family(source: &mut dyn Source, addresses: &mut Vec<IpAddr>) {
    match source.below(6) {
        4 => addresses.retain(IpAddr::is_ipv4),
        5 => addresses.retain(IpAddr::is_ipv6),
        _ => {}
    }
}
