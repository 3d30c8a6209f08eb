//! Doors to the outside whose backends are shut: load balancers, node ports, Ingress, HTTPRoute.
//!
//! The door and the policy are written by different people, and each looks right alone.

use std::net::IpAddr;

use ipnet::IpNet;
use model::{Action, Direction, End, Peer, Peers, PodId, Rule, Service, ServicePort, Traffic};

use crate::facts::Facts;
use crate::found::Found;
use crate::tree::{Object, Tree};
use manifest::Span;

/// Addresses that a rule for the internet would take in.
const INTERNET: [IpAddr; 2] = [
    IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 200)),
    IpAddr::V6(std::net::Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 200)),
];

/// RF023.
pub(crate) fn blocked(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for (position, object) in facts.objects.iter().enumerate() {
        match object.kind {
            "Service" => exposed_service(facts, position, object, found),
            "Ingress" | "HTTPRoute" => {
                for backend in backends(object) {
                    routed(facts, position, object, &backend, found);
                }
            }
            _ => {}
        }
    }
}

fn service<'a>(facts: &Facts<'a>, namespace: &str, name: &str) -> Option<&'a Service> {
    let services = facts.world.services();
    let key = |service: &Service| {
        (service.namespace.as_str(), service.name.as_str()).cmp(&(namespace, name))
    };
    // The reading sorts Services by namespace and name.
    services.binary_search_by(key).ok().and_then(|at| services.get(at))
}

fn exposed_service(
    facts: &Facts<'_>,
    position: usize,
    object: &Object<'_>,
    found: &mut Found<'_, '_>,
) {
    let spec = object.tree.get("spec");
    let word = spec.and_then(|spec| spec.get("type")).and_then(|kind| kind.text());
    let is_limited = spec.is_some_and(|spec| spec.get("loadBalancerSourceRanges").is_some());
    let Some(kind @ ("LoadBalancer" | "NodePort")) = word else { return };
    let Some(service) = service(facts, object.namespace, object.name).filter(|_| !is_limited)
    else {
        return;
    };
    for port in &service.ports {
        let backends = serving(facts, service, port);
        let open = backends.iter().any(|(id, traffic)| outside_may(facts, *id, *traffic));
        if let Some((id, traffic)) = backends.first().filter(|_| !open) {
            let message = format!(
                "{kind} port {}: policy lets nobody from outside reach {} on {traffic}",
                port.port,
                facts.workload(*id)
            );
            found.at(Some(position), object.at, message);
        }
    }
}

/// A Service port that something routes to.
struct Backend<'a> {
    service: &'a str,
    port: Option<Tree<'a>>,
    at: Span,
}

fn backends<'a>(object: &Object<'a>) -> Vec<Backend<'a>> {
    let Some(spec) = object.tree.get("spec") else { return Vec::new() };
    let rules = spec.get("rules").into_iter().flat_map(|rules| rules.items());
    if object.kind == "HTTPRoute" {
        let listed = rules.filter_map(|rule| rule.get("backendRefs"));
        let references = listed.flat_map(|listed| listed.items());
        return references
            .filter_map(|reference| {
                let service = reference.get("name")?;
                Some(Backend {
                    service: service.text()?,
                    port: reference.get("port"),
                    at: service.at(),
                })
            })
            .collect();
    }
    let paths = rules.filter_map(|rule| rule.get("http")?.get("paths"));
    let backends = paths.flat_map(|paths| paths.items()).filter_map(|path| path.get("backend"));
    backends
        .chain(spec.get("defaultBackend"))
        .filter_map(|backend| {
            let service = backend.get("service")?;
            let name = service.get("name")?;
            let port = service
                .get("port")
                .and_then(|port| port.get("number").or_else(|| port.get("name")));
            Some(Backend { service: name.text()?, port, at: name.at() })
        })
        .collect()
}

fn routed(
    facts: &Facts<'_>,
    position: usize,
    object: &Object<'_>,
    backend: &Backend<'_>,
    found: &mut Found<'_, '_>,
) {
    let Some(service) = service(facts, object.namespace, backend.service) else { return };
    let named = backend.port.and_then(|port| port.scalar());
    let is_meant = |port: &&ServicePort| {
        named.is_none_or(|word| port.name.as_deref() == Some(word) || port.port.to_string() == word)
    };
    for port in service.ports.iter().filter(is_meant) {
        let serving = serving(facts, service, port);
        let open = serving.iter().any(|(id, traffic)| {
            outside_may(facts, *id, *traffic) || other_namespace_may(facts, *id, *traffic)
        });
        if let Some((id, traffic)) = serving.first().filter(|_| !open) {
            let message = format!(
                "policy lets nobody from another namespace reach {} on {traffic}, where the controller is",
                facts.workload(*id)
            );
            found.at(Some(position), backend.at, message);
        }
    }
}

fn serving(facts: &Facts<'_>, service: &Service, port: &ServicePort) -> Vec<(PodId, Traffic)> {
    let pods = facts.pods_of(service).into_iter();
    let serving = pods.filter_map(|id| Some((id, facts.target(id, port)?)));
    serving.map(|(id, number)| (id, Traffic::Port(port.protocol, number))).collect()
}

/// Whether some address outside gets through: one of the internet, or one that a rule names.
fn outside_may(facts: &Facts<'_>, id: PodId, traffic: Traffic) -> bool {
    let rules = facts.effective.rules(id, Direction::Ingress);
    let named = rules.filter(|rule| rule.action == Action::Allow).flat_map(named_addresses);
    let mut addresses = INTERNET.into_iter().chain(named);
    addresses.any(|address| facts.effective.receives(id, End::External { address }, traffic))
}

/// The first address of each block that is in none of its exceptions, as far as one is near.
fn named_addresses(rule: &Rule) -> Vec<IpAddr> {
    let Peers::OneOf(peers) = &rule.peers else { return Vec::new() };
    let blocks = peers.iter().filter_map(|peer| match peer {
        Peer::Block(block) => Some(block),
        Peer::Pods { .. } | Peer::Nodes(_) | Peer::Domain(_) => None,
    });
    let first = |block: &model::Block| {
        let cidr = block.cidr();
        let after = block.except().iter().filter_map(|except| after(*except));
        let mut all = [cidr.network(), cidr.broadcast()].into_iter().chain(after);
        all.find(|address| block.contains(*address))
    };
    blocks.filter_map(first).collect()
}

fn after(network: IpNet) -> Option<IpAddr> {
    match network.broadcast() {
        IpAddr::V4(last) => u32::from(last).checked_add(1).map(|next| IpAddr::V4(next.into())),
        IpAddr::V6(last) => u128::from(last).checked_add(1).map(|next| IpAddr::V6(next.into())),
    }
}

/// Whether some pod of another namespace gets through, known or not: the controller is one.
fn other_namespace_may(facts: &Facts<'_>, id: PodId, traffic: Traffic) -> bool {
    let own = &facts.world.pod(id).namespace;
    if facts.effective.receives(id, facts.stranger_end(), traffic) {
        return true;
    }
    let mut rules = facts.effective.rules(id, Direction::Ingress);
    rules.any(|rule| rule.action == Action::Allow && admits_other(facts, rule, own, id, traffic))
}

fn admits_other<'a>(
    facts: &Facts<'a>,
    rule: &'a Rule,
    own: &str,
    id: PodId,
    traffic: Traffic,
) -> bool {
    let Peers::OneOf(peers) = &rule.peers else { return false };
    peers.iter().any(|peer| {
        let Peer::Pods { namespaces, pods } = peer else { return false };
        let known = facts.index.pods(namespaces, pods);
        let mut others = known.iter().filter(|other| facts.world.pod(**other).namespace != *own);
        let is_let_in = |other: &&PodId| facts.effective.receives(id, facts.end(**other), traffic);
        // Pods that are not in the input: the rule names another namespace, and its ports decide.
        let unknown = facts.index.namespaces(namespaces).iter().all(|space| *space != own)
            && known.is_empty()
            && super::one_sided::may_carry(facts, rule, id, traffic);
        others.any(|other| is_let_in(&other)) || unknown
    })
}

/// RF024.
pub(crate) fn source_ranges(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    let services = facts.objects.iter().enumerate().filter(|(_, object)| object.kind == "Service");
    for (position, object) in services {
        let spec = object.tree.get("spec");
        let ranges = spec.and_then(|spec| spec.get("loadBalancerSourceRanges"));
        let Some(service) = service(facts, object.namespace, object.name) else { continue };
        for range in ranges.into_iter().flat_map(|ranges| ranges.items()) {
            let Some(network) = range.text().and_then(|text| text.parse::<IpNet>().ok()) else {
                continue;
            };
            if let Some(port) =
                service.ports.iter().find(|port| is_shut(facts, service, port, network))
            {
                let message = format!(
                    "{network} may use the load balancer, and policy lets nobody of it reach port {}",
                    port.port
                );
                found.at(Some(position), range.at(), message);
            }
        }
    }
}

fn is_shut(facts: &Facts<'_>, service: &Service, port: &ServicePort, network: IpNet) -> bool {
    let serving = serving(facts, service, port);
    let is_open = |(id, traffic): &(PodId, Traffic)| {
        let rules = facts.effective.rules(*id, Direction::Ingress);
        let named = rules.flat_map(named_addresses).filter(|address| network.contains(address));
        let mut addresses = [network.network(), network.broadcast()].into_iter().chain(named);
        addresses.any(|address| facts.effective.receives(*id, End::External { address }, *traffic))
    };
    !serving.is_empty() && !serving.iter().any(is_open)
}
