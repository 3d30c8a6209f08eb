//! Policy sets: the rules that one endpoint has in one direction, shared by all that have the same.
//!
//! A set's meaning never changes: other rules are another set with another id.

use std::collections::BTreeMap;

use model::{
    Action, Builtin, Direction, Manner, Peer, Peers, Pod, PortMatch, PortRange, Ports, Protocol,
    Rule, RuleRef, Rules, Tier,
};

use crate::endpoint::Endpoints;
use crate::name::{content_id, free_id};

const SET_LIMIT: u32 = 1 << 28;

/// The rules of one endpoint in one direction, in canonical order.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicySet {
    pub(crate) rules: Vec<SetRule>,
    /// Whether the additive tier lets the endpoint reach itself (ruling N14).
    pub(crate) hairpin: bool,
}

/// A rule as its set needs it: no subject any more, and ports that no longer depend on it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SetRule {
    pub(crate) tier: Tier,
    pub(crate) group: u16,
    pub(crate) origin: RuleRef,
    pub(crate) peers: Peers,
    pub(crate) ports: SetPorts,
    pub(crate) action: Action,
    /// Its policy keeps connections that exist (ruling N25).
    pub(crate) keeping: bool,
}

/// The ports of a [`SetRule`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum SetPorts {
    Any,
    OneOf(Vec<SetPort>),
}

/// One entry of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum SetPort {
    Numbers(Protocol, PortRange),
    /// A name that each peer resolves for itself: the egress side of ruling N5.
    OnPeer(Option<Protocol>, String),
}

impl PolicySet {
    /// The rules of `subject` in `direction`, named ports of its own resolved; a node has none.
    pub(crate) fn new(
        rules: &[&Rule],
        all: &Rules,
        subject: Option<&Pod>,
        direction: Direction,
    ) -> Self {
        let mut rules: Vec<SetRule> =
            rules.iter().map(|rule| set_rule(rule, all, subject, direction)).collect();
        rules.sort_unstable();
        Self { rules, hairpin: false }
    }

    /// The reason where no rule decides.
    pub(crate) fn floor(&self) -> Builtin {
        if self.hairpin { Builtin::Itself } else { Builtin::DefaultAllow }
    }

    /// Whether a rule about everybody, or about addresses that may be anybody's, resolves port names.
    pub(crate) fn asks_names_of_anybody(&self) -> bool {
        let names = |ports: &SetPorts| match ports {
            SetPorts::Any => false,
            SetPorts::OneOf(ports) => ports.iter().any(|port| matches!(port, SetPort::OnPeer(..))),
        };
        let anybody = |peers: &Peers| match peers {
            Peers::Any => true,
            Peers::OneOf(peers) => peers.iter().any(|peer| matches!(peer, Peer::Block(_))),
        };
        self.rules.iter().any(|rule| anybody(&rule.peers) && names(&rule.ports))
    }

    /// The same rules for the endpoint's way to itself; nothing where no tier could object.
    #[must_use]
    pub fn to_itself(&self) -> Self {
        let objects = |rule: &SetRule| rule.tier.manner() == Manner::FirstMatch;
        match self.rules.iter().any(objects) {
            true => Self { rules: self.rules.clone(), hairpin: true },
            false => Self::default(),
        }
    }
}

fn set_rule(rule: &Rule, all: &Rules, subject: Option<&Pod>, direction: Direction) -> SetRule {
    let ports = match &rule.ports {
        Ports::Any => SetPorts::Any,
        Ports::OneOf(ports) => SetPorts::OneOf(
            ports.iter().flat_map(|port| set_ports(port, subject, direction)).collect(),
        ),
    };
    SetRule {
        tier: rule.tier,
        group: rule.group,
        origin: rule.origin.clone(),
        peers: rule.peers.clone(),
        ports,
        action: rule.action,
        keeping: all.is_keeping(&rule.origin.policy),
    }
}

/// On ingress the subject is the destination, so its names are numbers; on egress the peer is.
fn set_ports(port: &PortMatch, subject: Option<&Pod>, direction: Direction) -> Vec<SetPort> {
    match (port, direction) {
        (PortMatch::Numbers { protocol, range }, _) => vec![SetPort::Numbers(*protocol, *range)],
        (PortMatch::Named { protocol, name }, Direction::Egress) => {
            vec![SetPort::OnPeer(*protocol, name.clone())]
        }
        (PortMatch::Named { protocol, name }, Direction::Ingress) => Protocol::ALL
            .into_iter()
            .filter(|candidate| protocol.is_none_or(|protocol| protocol == *candidate))
            .filter_map(|protocol| Some((protocol, subject?.named_port(name, protocol)?)))
            .map(|(protocol, number)| SetPort::Numbers(protocol, PortRange::single(number)))
            .collect(),
    }
}

/// All sets of a table and their ids. The empty set is 0: nothing decides, so all is allowed.
pub(crate) struct Sets<'a> {
    ids: BTreeMap<&'a PolicySet, u32>,
}

impl<'a> Sets<'a> {
    pub(crate) fn intern(endpoints: &'a Endpoints) -> Self {
        let mut ids: BTreeMap<&PolicySet, u32> =
            endpoints.sets().filter(|set| !set.rules.is_empty()).map(|set| (set, 0)).collect();
        let mut taken = std::collections::BTreeSet::new();
        for (set, id) in &mut ids {
            *id = free_id(content_id("set", set), SET_LIMIT, |id| taken.contains(&id));
            taken.insert(*id);
        }
        Self { ids }
    }

    pub(crate) fn id(&self, set: &PolicySet) -> u32 {
        self.ids.get(set).copied().unwrap_or(0)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&PolicySet, u32)> {
        self.ids.iter().map(|(set, id)| (*set, *id))
    }
}
