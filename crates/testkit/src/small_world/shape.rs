//! The rules of the small world: every combination of a few forms, and every way that two can stand.
//!
//! A form is what a rule says; where it stands among others is a separate choice.

use ipnet::IpNet;
use model::{
    Action, Block, Direction, Peer, Peers, PolicyKind, PolicyRef, PortMatch, PortRange, Ports,
    Protocol, Rule, RuleRef, Selector, Subject, Tier,
};

use super::NAMESPACE;

/// Holds the outside address.
const OUTSIDE_BLOCK: &str = "198.51.100.0/24";

/// What a rule says, without its place among others.
#[derive(Clone, Copy, Debug)]
pub(super) struct RuleShape {
    tier: Tier,
    action: Action,
    direction: Direction,
    subject: SubjectShape,
    peers: PeerShape,
    ports: PortShape,
}

#[derive(Clone, Copy, Debug)]
enum SubjectShape {
    Everyone,
    A,
}

#[derive(Clone, Copy, Debug)]
enum PeerShape {
    Any,
    Nobody,
    B,
    Outside,
}

#[derive(Clone, Copy, Debug)]
enum PortShape {
    Any,
    Tcp80,
}

/// Where a rule stands: its policy, priority group and position.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    policy: &'static str,
    group: u16,
    index: u32,
}

pub(super) const FIRST: Standing = Standing { policy: "p", group: 1, index: 0 };
const NEXT_RULE: Standing = Standing { index: 1, ..FIRST };
const TIED: Standing = Standing { policy: "q", ..FIRST };
const LATER: Standing = Standing { group: 2, ..TIED };

/// Both orders inside a policy, a tie, and both orders of two policies.
const FIRST_MATCH: [(Standing, Standing); 5] =
    [(FIRST, NEXT_RULE), (NEXT_RULE, FIRST), (FIRST, TIED), (FIRST, LATER), (LATER, FIRST)];
/// One policy or two; order means nothing.
const ADDITIVE: [(Standing, Standing); 2] = [(FIRST, NEXT_RULE), (FIRST, TIED)];
/// Rules that never meet.
const APART: [(Standing, Standing); 1] = [(FIRST, TIED)];

pub(super) fn pairs(shapes: Vec<RuleShape>) -> impl Iterator<Item = Vec<Rule>> {
    let count = shapes.len();
    let indexes = (0..count).flat_map(move |one| (one..count).map(move |other| (one, other)));
    indexes.filter_map(move |(one, other)| Some((*shapes.get(one)?, *shapes.get(other)?))).flat_map(
        |(one, other)| {
            let standings = standings(one, other).iter();
            standings.map(move |(first, second)| vec![one.rule(*first), other.rule(*second)])
        },
    )
}

fn standings(one: RuleShape, other: RuleShape) -> &'static [(Standing, Standing)] {
    let meet = one.tier == other.tier && one.direction == other.direction;
    match (meet, one.tier) {
        (false, _) => &APART,
        (true, Tier::Admin | Tier::Baseline) => &FIRST_MATCH,
        (true, Tier::NetworkPolicy) => &ADDITIVE,
    }
}

impl RuleShape {
    pub(super) fn all() -> Vec<Self> {
        let tiers = Tier::ALL
            .into_iter()
            .flat_map(|tier| actions(tier).iter().map(move |action| (tier, *action)));
        let directed = tiers.flat_map(|stage| Direction::ALL.map(|direction| (stage, direction)));
        directed.flat_map(|((tier, action), direction)| matches(tier, action, direction)).collect()
    }

    pub(super) fn rule(self, standing: Standing) -> Rule {
        let is_additive = self.tier == Tier::NetworkPolicy;
        Rule {
            tier: self.tier,
            group: if is_additive { 0 } else { standing.group },
            origin: RuleRef {
                policy: policy(self.tier, standing.policy),
                direction: self.direction,
                index: standing.index,
            },
            subject: self.subject.subject(),
            peers: self.peers.peers(),
            ports: self.ports.ports(),
            action: self.action,
        }
    }
}

fn actions(tier: Tier) -> &'static [Action] {
    match tier {
        Tier::Admin | Tier::Baseline => &[Action::Allow, Action::Deny, Action::Pass],
        Tier::NetworkPolicy => &[Action::Allow],
    }
}

fn matches(tier: Tier, action: Action, direction: Direction) -> Vec<RuleShape> {
    let subjects = [SubjectShape::Everyone, SubjectShape::A];
    let peers = [PeerShape::Any, PeerShape::Nobody, PeerShape::B, PeerShape::Outside];
    let ports = [PortShape::Any, PortShape::Tcp80];
    let shape =
        |subject, peers, ports| RuleShape { tier, action, direction, subject, peers, ports };
    let with_peers = subjects.iter().flat_map(|subject| peers.map(|peers| (*subject, peers)));
    with_peers
        .flat_map(|(subject, peers)| ports.map(|ports| shape(subject, peers, ports)))
        .collect()
}

fn policy(tier: Tier, name: &str) -> PolicyRef {
    let (kind, namespace) = match tier {
        Tier::Admin | Tier::Baseline => (PolicyKind::ClusterNetworkPolicy, None),
        Tier::NetworkPolicy => (PolicyKind::NetworkPolicy, Some(NAMESPACE.to_owned())),
    };
    // Admin and Baseline policies are different objects, so their names differ.
    let name = match tier {
        Tier::Admin | Tier::NetworkPolicy => name.to_owned(),
        Tier::Baseline => format!("base-{name}"),
    };
    PolicyRef { name, namespace, kind }
}

impl SubjectShape {
    fn subject(self) -> Subject {
        let pods = match self {
            Self::Everyone => Selector::everything(),
            Self::A => Selector::equals("app", "a"),
        };
        Subject::new(Selector::everything(), pods)
    }
}

impl PeerShape {
    fn peers(self) -> Peers {
        let pods = |pods| Peer::Pods { namespaces: Selector::everything(), pods };
        match self {
            Self::Any => Peers::Any,
            Self::Nobody => Peers::OneOf(Vec::new()),
            Self::B => Peers::OneOf(vec![pods(Selector::equals("app", "b"))]),
            Self::Outside => Peers::OneOf(outside().map(Peer::Block).into_iter().collect()),
        }
    }
}

pub(super) fn outside() -> Option<Block> {
    OUTSIDE_BLOCK.parse().ok().map(|cidr: IpNet| Block::whole(cidr))
}

impl PortShape {
    fn ports(self) -> Ports {
        match self {
            Self::Any => Ports::Any,
            Self::Tcp80 => Ports::OneOf(vec![PortMatch::Numbers {
                protocol: Protocol::Tcp,
                range: PortRange::single(80),
            }]),
        }
    }
}
