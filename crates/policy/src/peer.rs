//! Whether a rule's peers match the other end of a flow.
//!
//! An end is matched by what it is (selectors) or by its address (blocks), never by both at once;
//! an unknown pod is matched by neither unless that denies (ruling N34).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use model::{Action, AddressSet, Block, Coverage, End, Family, Peer, Peers, Rule, Selector, World};

use crate::matching::Match;

/// Absent peers match everybody, an empty list nobody (ruling N2).
pub(crate) fn matches(world: &World, rule: &Rule, end: &End, family: Family) -> Match {
    match &rule.peers {
        Peers::Any => Match::Yes,
        Peers::OneOf(peers) => matches_some(world, rule.action, peers, end, family),
    }
}

/// Whether some of `peers` match, for a rule that does `action`.
pub(crate) fn matches_some(
    world: &World,
    action: Action,
    peers: &[Peer],
    end: &End,
    family: Family,
) -> Match {
    if let End::UnknownPod { address } = end {
        return matches_unknown(action, peers, *address).into();
    }
    if peers.iter().any(|peer| is_selected(world, peer, end)) {
        return Match::Yes;
    }
    match end.address() {
        Some(address) => blocks(peers).any(|block| block.contains(address)).into(),
        None => covers(peers, &networks(world, end, family)),
    }
}

/// No selector and no block admits an address of the pod network that no known pod has, and every
/// pod selector denies it.
fn matches_unknown(action: Action, peers: &[Peer], address: IpAddr) -> bool {
    match action {
        Action::Allow | Action::Pass => false,
        Action::Deny => peers.iter().any(|peer| match peer {
            Peer::Pods { .. } => true,
            Peer::Block(block) => block.contains(address),
            Peer::Nodes(_) | Peer::Domain(_) => false,
        }),
    }
}

fn is_selected(world: &World, peer: &Peer, end: &End) -> bool {
    match (peer, end) {
        (Peer::Pods { namespaces, pods }, End::Pod { pod, .. }) => {
            let pod = world.pod(*pod);
            pods.matches(&pod.labels) && namespaces.matches(world.namespace_labels(&pod.namespace))
        }
        (Peer::Nodes(selector), End::Host { node: Some(node), .. }) => {
            selects_node(selector, world, *node)
        }
        (Peer::Domain(pattern), End::Domain { name }) => domain_matches(pattern, name),
        (Peer::Pods { .. } | Peer::Nodes(_) | Peer::Domain(_) | Peer::Block(_), _) => false,
    }
}

fn selects_node(selector: &Selector, world: &World, node: model::NodeId) -> bool {
    selector.matches(&world.node(node).labels)
}

/// `*.` stands for one or more labels (ruling C8).
fn domain_matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(suffix) => name
            .strip_suffix(suffix)
            .and_then(|rest| rest.strip_suffix('.'))
            .is_some_and(|label| !label.is_empty()),
        None => pattern == name,
    }
}

fn blocks(peers: &[Peer]) -> impl Iterator<Item = &Block> {
    peers.iter().filter_map(|peer| match peer {
        Peer::Block(block) => Some(block),
        Peer::Pods { .. } | Peer::Nodes(_) | Peer::Domain(_) => None,
    })
}

/// How the union of a rule's blocks relates to where an unknown address may lie (ruling N10).
fn covers(peers: &[Peer], networks: &[IpNet]) -> Match {
    let union =
        blocks(peers).fold(AddressSet::default(), |all, block| all.union(block.addresses()));
    let coverages: Vec<Coverage> = networks.iter().map(|network| union.covers(*network)).collect();
    if coverages.iter().all(|coverage| *coverage == Coverage::Whole) {
        Match::Yes
    } else if coverages.iter().all(|coverage| *coverage == Coverage::None) {
        Match::No
    } else {
        Match::Undetermined
    }
}

/// Where an unknown address of `family` may lie: a pod's in the pod networks where they are known,
/// everybody else's anywhere.
fn networks(world: &World, end: &End, family: Family) -> Vec<IpNet> {
    let known = world.pod_networks().iter().copied();
    let pod_networks: Vec<IpNet> =
        known.filter(|network| Family::of(network.addr()) == family).collect();
    match end {
        End::Pod { .. } if !pod_networks.is_empty() => pod_networks,
        End::Pod { .. }
        | End::Host { .. }
        | End::UnknownPod { .. }
        | End::External { .. }
        | End::Domain { .. } => vec![everything(family)],
    }
}

fn everything(family: Family) -> IpNet {
    match family {
        Family::V4 => IpNet::new_assert(Ipv4Addr::UNSPECIFIED.into(), 0),
        Family::V6 => IpNet::new_assert(Ipv6Addr::UNSPECIFIED.into(), 0),
    }
}
