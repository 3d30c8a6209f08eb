//! Which ports everybody listens on.
//!
//! A pod listens on what its containers declare, on one port of each protocol that nobody declares,
//! and on what the probes at hand ask for besides: policy does not care what is declared.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::{Pod, PortMatch, Ports, Protocol, Rules, World};

use crate::message::{Carrier, Listener};

/// A port of a carrier.
pub(crate) type PortOf = (Carrier, u16);

/// Probe ports start here: outside of what people declare, and below what probes are sent from.
const FIRST_PROBE_PORT: u16 = 17_000;
/// How many ports of one protocol the outside listens on because of rules.
const RULE_PORTS_MAX: usize = 4;

/// One port of each protocol that no pod declares and no Service or rule names.
pub(crate) fn probe_ports(world: &World, rules: &Rules) -> [PortOf; 3] {
    let declared = world.pods().flat_map(|(_, pod)| &pod.ports).map(|port| port.number);
    let services = world.services().iter().flat_map(|service| &service.ports).map(|port| port.port);
    let ruled = rule_ranges(rules).flat_map(|(_, range)| [range.first(), range.last()]);
    let taken: BTreeSet<u16> = declared.chain(services).chain(ruled).collect();
    let free = (FIRST_PROBE_PORT..).find(|port| !taken.contains(port)).unwrap_or(FIRST_PROBE_PORT);
    Protocol::ALL.map(|protocol| (Carrier::of(protocol), free))
}

/// The first ports that rules name, a few of each protocol: what the outside listens on too.
pub(crate) fn rule_ports(rules: &Rules) -> BTreeSet<PortOf> {
    let mut found: BTreeMap<Protocol, BTreeSet<u16>> = BTreeMap::new();
    for (protocol, range) in rule_ranges(rules) {
        let ports = found.entry(protocol).or_default();
        if ports.len() < RULE_PORTS_MAX {
            ports.insert(range.first().max(1));
        }
    }
    let each = |(protocol, ports): (Protocol, BTreeSet<u16>)| {
        ports.into_iter().map(move |port| (Carrier::of(protocol), port))
    };
    found.into_iter().flat_map(each).collect()
}

fn rule_ranges(rules: &Rules) -> impl Iterator<Item = (Protocol, model::PortRange)> {
    rules.iter().flat_map(|rule| match &rule.ports {
        Ports::Any => Vec::new(),
        Ports::OneOf(ports) => ports
            .iter()
            .filter_map(|port| match port {
                PortMatch::Numbers { protocol, range } => Some((*protocol, *range)),
                PortMatch::Named { .. } => None,
            })
            .collect(),
    })
}

/// What a pod declares.
pub(crate) fn declared(pod: &Pod) -> BTreeSet<PortOf> {
    pod.ports.iter().map(|port| (Carrier::of(port.protocol), port.number)).collect()
}

/// The listeners of each container of `pod`, in container order. A port that two containers declare
/// is the first one's; `extra` ports are the first container's.
pub(crate) fn listeners(
    pod: &Pod,
    name: &str,
    extra: &BTreeSet<PortOf>,
) -> Vec<(String, Vec<Listener>)> {
    let mut taken: BTreeSet<PortOf> = BTreeSet::new();
    let mut containers: Vec<(String, Vec<Listener>)> = Vec::new();
    for container in containers_of(pod) {
        let own = pod.ports.iter().filter(|port| port.container == container);
        let own = own.map(|port| (Carrier::of(port.protocol), port.number));
        let own: Vec<PortOf> = own.filter(|port| taken.insert(*port)).collect();
        containers.push((container, at(&pod.addresses, own, name)));
    }
    let rest: Vec<PortOf> = extra.iter().copied().filter(|port| !taken.contains(port)).collect();
    if let Some((_, listeners)) = containers.first_mut() {
        listeners.extend(at(&pod.addresses, rest, name));
    }
    containers
}

/// A listener on every port at every address.
pub(crate) fn at(
    addresses: &[IpAddr],
    ports: impl IntoIterator<Item = PortOf>,
    name: &str,
) -> Vec<Listener> {
    let each = |(carrier, port)| {
        addresses.iter().map(move |&address| Listener {
            address,
            carrier,
            port,
            name: name.to_owned(),
        })
    };
    ports.into_iter().flat_map(each).collect()
}

/// A pod always has a process, even where its containers have no names.
pub(crate) fn containers_of(pod: &Pod) -> Vec<String> {
    match pod.containers.is_empty() {
        true => vec!["main".to_owned()],
        false => pod.containers.clone(),
    }
}
