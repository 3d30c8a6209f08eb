//! Single items of a rule: which port and which peer made it match, or would have.
//!
//! Decisions need only whole rules. Whoever explains one points at the line, and must see matching
//! exactly as the decision did.

use model::{
    Action, Direction, End, Family, Flow, Peer, Peers, PodId, PortMatch, Ports, Rule, World,
};

use crate::matching::Match;
use crate::{peer, port, subject};

/// The positions of the first items of a rule that are about a flow. An item has none where the rule
/// lists nothing, or where several blocks together cover an unknown address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// Among the peers.
    pub peer: Option<usize>,
    /// Among the ports.
    pub port: Option<usize>,
}

/// Which items of `rule` are about `flow`.
#[must_use]
pub fn item(world: &World, rule: &Rule, flow: &Flow) -> Item {
    let other = match rule.direction() {
        Direction::Egress => flow.destination(),
        Direction::Ingress => flow.source(),
    };
    let matches = |peer: &Peer| peer_matches(world, rule.action, peer, other, flow.family());
    Item {
        peer: match &rule.peers {
            Peers::Any => None,
            Peers::OneOf(peers) => peers.iter().position(matches),
        },
        port: match &rule.ports {
            Ports::Any => None,
            Ports::OneOf(ports) => ports.iter().position(|port| port_matches(world, port, flow)),
        },
    }
}

/// Whether `peer` alone, in a rule that does `action`, surely matches `end`.
#[must_use]
pub fn peer_matches(world: &World, action: Action, peer: &Peer, end: &End, family: Family) -> bool {
    peer::matches_some(world, action, std::slice::from_ref(peer), end, family) == Match::Yes
}

/// Whether `port` alone is about `flow`.
#[must_use]
pub fn port_matches(world: &World, port: &PortMatch, flow: &Flow) -> bool {
    port::one_matches(world, port, flow)
}

/// Whether `rule` speaks for `pod`.
#[must_use]
pub fn speaks_for(world: &World, rule: &Rule, pod: PodId) -> bool {
    subject::is_selected(world, rule, pod)
}
