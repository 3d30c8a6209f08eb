//! The conditions of a rule, and whether exactly one of them fails for a flow.
//!
//! A condition is one requirement of a selector, one block, the ports, or the direction. Two that
//! fail are no near miss: nobody mistypes twice in the same rule.

use std::net::IpAddr;

use ipnet::IpNet;
use manifest::Span;
use model::{
    Block, Direction, End, Labels, Peer, Peers, PortMatch, Ports, Protocol, Requirement, Rule,
    Selector, Tier, Traffic,
};

use super::Denying;
use crate::{excerpt, name};

/// The one condition that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Miss {
    /// The ports of the rule are others.
    Port { distance: usize },
    /// Its ports have the number, in another protocol.
    Protocol,
    /// A name that is another number at the destination, or none there.
    PortName { name: String, number: Option<u16> },
    /// It lists ports, and the traffic has none (ruling N17).
    Portless,
    /// A label of the other end's namespace.
    Namespace { wanted: Requirement, got: Option<String> },
    /// A label of the other end.
    Label { wanted: Requirement, got: Option<String> },
    /// The other end's address is outside of a block.
    Outside { cidr: IpNet, address: IpAddr },
    /// It is in an exception.
    Excepted { cidr: IpNet, except: IpNet, address: IpAddr },
    /// It is not known (ruling N10).
    Unknown { cidr: IpNet },
    /// The rule is of the other direction.
    Direction,
    /// A label of the pod that the policy should speak for.
    Subject { wanted: Requirement, got: Option<String> },
    /// The namespace of that pod.
    SubjectNamespace { wanted: Requirement },
}

impl Miss {
    /// How near: first by kind, then by how much differs.
    pub(crate) fn nearness(&self) -> (u8, usize) {
        match self {
            Self::Protocol | Self::PortName { .. } | Self::Portless => (0, 1),
            Self::Port { distance } => (0, *distance),
            Self::Namespace { wanted, got } | Self::Label { wanted, got } => {
                (0, label_distance(wanted, got.as_deref()))
            }
            Self::Excepted { .. } | Self::Unknown { .. } => (0, 1),
            Self::Outside { cidr, address } => (1, block_distance(*cidr, *address)),
            Self::Direction => (2, 0),
            Self::Subject { wanted, got } => (3, label_distance(wanted, got.as_deref())),
            Self::SubjectNamespace { .. } => (4, 0),
        }
    }
}

fn label_distance(wanted: &Requirement, got: Option<&str>) -> usize {
    match (wanted, got) {
        (Requirement::In { values, .. }, Some(got)) => {
            let each = values.iter().map(|value| strsim::damerau_levenshtein(value, got));
            each.min().unwrap_or(usize::MAX)
        }
        (Requirement::In { .. } | Requirement::Exists { .. }, _) => 8,
        (Requirement::NotIn { .. } | Requirement::DoesNotExist { .. }, _) => 2,
    }
}

/// How many bits of the prefix differ.
fn block_distance(cidr: IpNet, address: IpAddr) -> usize {
    let own = IpNet::from(address);
    let mut around = cidr;
    let mut steps = 0;
    while !around.contains(&own) {
        let Some(wider) = around.supernet() else { return usize::MAX };
        (around, steps) = (wider, steps + 1);
    }
    steps
}

/// The one condition of `rule` that fails, and what stands there; nothing where none or more fail.
pub(crate) fn miss(denying: &Denying<'_>, rule: &Rule) -> Option<(Miss, Vec<Span>)> {
    let world = denying.input.world;
    if rule.direction() != denying.direction {
        let is_only = rule.tier == Tier::NetworkPolicy
            && policy::speaks_for(world, rule, denying.pod)
            && conditions(denying, rule).is_some_and(|failed| failed.is_empty());
        return is_only.then(|| (Miss::Direction, Vec::new()));
    }
    let pod = world.pod(denying.pod);
    let namespace = world.namespace_labels(&pod.namespace);
    let namespaces = failing(&rule.subject.namespaces, namespace);
    let pods = failing(&rule.subject.pods, &pod.labels);
    let subject = match (namespaces.as_slice(), pods.as_slice()) {
        ([], []) => None,
        ([wanted], []) => Some(Miss::SubjectNamespace { wanted: (*wanted).clone() }),
        ([], [wanted]) => {
            Some(Miss::Subject { wanted: (*wanted).clone(), got: got(&pod.labels, wanted) })
        }
        (_, _) => return None,
    };
    let mut failed = conditions(denying, rule)?;
    match (subject, failed.pop()) {
        (Some(miss), None) => Some((miss, Vec::new())),
        (None, Some(only)) if failed.is_empty() => Some(only),
        (Some(_) | None, _) => None,
    }
}

/// What fails of ports and peers, each at most once; nothing where it cannot be said as a condition.
fn conditions(denying: &Denying<'_>, rule: &Rule) -> Option<Vec<(Miss, Vec<Span>)>> {
    let mut failed = Vec::new();
    match &rule.ports {
        Ports::Any => {}
        Ports::OneOf(ports) => {
            let world = denying.input.world;
            if !ports.iter().any(|port| policy::port_matches(world, port, denying.flow)) {
                let spans = excerpt::list_span(denying.input, &rule.origin, true);
                failed.push((port_miss(denying, ports)?, spans.into_iter().collect()));
            }
        }
    }
    if let Peers::OneOf(peers) = &rule.peers {
        let other = name::other(denying.flow, denying.direction);
        let (world, family) = (denying.input.world, denying.flow.family());
        let matches = |peer| policy::peer_matches(world, rule.action, peer, other, family);
        if !peers.iter().any(matches) {
            let each =
                (0..).zip(peers).filter_map(|(at, peer)| Some((peer_miss(denying, peer)?, at)));
            let (miss, at) = each.min_by_key(|(miss, _)| miss.nearness())?;
            let span = excerpt::peer_span(denying.input, rule, at);
            failed.push((miss, span.into_iter().collect()));
        }
    }
    Some(failed)
}

/// What is wrong with all of these ports, told of the nearest.
fn port_miss(denying: &Denying<'_>, ports: &[PortMatch]) -> Option<Miss> {
    let Traffic::Port(protocol, number) = denying.flow.traffic() else {
        return Some(Miss::Portless);
    };
    let each = ports.iter().filter_map(|port| match port {
        PortMatch::Numbers { protocol: own, range } if *own == protocol => {
            let [first, last] = [range.first(), range.last()].map(|edge| edit(edge, number));
            Some(Miss::Port { distance: first.min(last) })
        }
        PortMatch::Numbers { range, .. } => range.contains(number).then_some(Miss::Protocol),
        PortMatch::Named { protocol: own, name } => named(denying, *own, name, protocol, number),
    });
    each.min_by_key(Miss::nearness)
}

fn edit(one: u16, other: u16) -> usize {
    strsim::damerau_levenshtein(&one.to_string(), &other.to_string())
}

fn named(
    denying: &Denying<'_>,
    own: Option<Protocol>,
    name: &str,
    protocol: Protocol,
    number: u16,
) -> Option<Miss> {
    let pod = denying.input.world.pod(denying.flow.destination().pod()?);
    let at = pod.named_port(name, own.unwrap_or(protocol));
    match own {
        Some(own) if own != protocol => (at == Some(number)).then_some(Miss::Protocol),
        Some(_) | None => Some(Miss::PortName { name: name.to_owned(), number: at }),
    }
}

fn peer_miss(denying: &Denying<'_>, peer: &Peer) -> Option<Miss> {
    let world = denying.input.world;
    let other = name::other(denying.flow, denying.direction);
    match (peer, other) {
        (Peer::Pods { namespaces, pods }, End::Pod { pod, .. }) => {
            let pod = world.pod(*pod);
            let labels = world.namespace_labels(&pod.namespace);
            match (failing(namespaces, labels).as_slice(), failing(pods, &pod.labels).as_slice()) {
                ([wanted], []) => {
                    Some(Miss::Namespace { wanted: (*wanted).clone(), got: got(labels, wanted) })
                }
                ([], [wanted]) => {
                    Some(Miss::Label { wanted: (*wanted).clone(), got: got(&pod.labels, wanted) })
                }
                (_, _) => None,
            }
        }
        (Peer::Nodes(selector), End::Host { node: Some(node), .. }) => {
            let labels = &world.node(*node).labels;
            match failing(selector, labels).as_slice() {
                [wanted] => {
                    Some(Miss::Label { wanted: (*wanted).clone(), got: got(labels, wanted) })
                }
                _ => None,
            }
        }
        (Peer::Block(_), End::UnknownPod { .. }) => None,
        (Peer::Block(block), other) => block_miss(denying, block, other.address()),
        (Peer::Pods { .. } | Peer::Nodes(_) | Peer::Domain(_), _) => None,
    }
}

fn block_miss(denying: &Denying<'_>, block: &Block, address: Option<IpAddr>) -> Option<Miss> {
    let cidr = block.cidr();
    let Some(address) = address else {
        return denying.undetermined.then_some(Miss::Unknown { cidr });
    };
    let is_of_family = cidr.addr().is_ipv4() == address.is_ipv4();
    match block.except().iter().find(|except| except.contains(&address)) {
        Some(except) => Some(Miss::Excepted { cidr, except: *except, address }),
        None => is_of_family.then_some(Miss::Outside { cidr, address }),
    }
}

fn failing<'s>(selector: &'s Selector, labels: &Labels) -> Vec<&'s Requirement> {
    selector.requirements().filter(|requirement| !requirement.matches(labels)).collect()
}

/// The value that is there instead.
fn got(labels: &Labels, wanted: &Requirement) -> Option<String> {
    labels.get(key(wanted)).map(str::to_owned)
}

/// The key that a requirement is about.
pub(crate) fn key(requirement: &Requirement) -> &str {
    match requirement {
        Requirement::In { key, .. }
        | Requirement::NotIn { key, .. }
        | Requirement::Exists { key }
        | Requirement::DoesNotExist { key } => key,
    }
}

/// The word for the end that rules of this direction name as peers.
pub(crate) fn other_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Egress => "destination",
        Direction::Ingress => "source",
    }
}
