//! Draws lowered rules of every kind, tier and form.
//!
//! What a kind cannot write is drawn too: the table is about rules, not about kinds.

use std::collections::BTreeSet;

use std::collections::BTreeMap;

use model::{
    Action, Block, Direction, Peer, Peers, PolicyKind, PolicyRef, PortMatch, PortRange, Ports,
    ProcessMatch, Requirement, Rule, RuleRef, Rules, Selector, Subject, Tier, Values,
};

use super::alphabet::{
    APPS, BLOCKS, CONTAINERS, EXECUTABLES, NAMESPACES, PORT_NAMES, PROTOCOLS, RANGES, ROLES, TEAMS,
    ZONES,
};
use super::random::{Source, one_in, pick, several};

/// Draws up to six policies of up to four rules.
pub fn rules(source: &mut dyn Source) -> Rules {
    let policies = several(source, 1, 6, policy);
    Rules::new(policies.into_iter().enumerate().flat_map(|(at, rules)| named(rules, at)).collect())
}

/// Draws which policies of `rules` are staged: one in five.
pub fn staged(source: &mut dyn Source, rules: &Rules) -> Vec<PolicyRef> {
    policies(rules).into_iter().filter(|_| one_in(source, 5)).collect()
}

/// All policies of `rules`.
#[must_use]
pub fn policies(rules: &Rules) -> BTreeSet<PolicyRef> {
    rules.iter().map(|rule| rule.origin.policy.clone()).collect()
}

/// Names are given after drawing, so that policies are different objects.
fn named(rules: Vec<Rule>, at: usize) -> Vec<Rule> {
    let named = |mut rule: Rule| {
        rule.origin.policy.name = match rule.origin.policy.kind {
            PolicyKind::BaselineAdminNetworkPolicy => format!("default{at}"),
            PolicyKind::NetworkPolicy
            | PolicyKind::ClusterNetworkPolicy
            | PolicyKind::AdminNetworkPolicy => format!("policy{at}"),
        };
        rule
    };
    rules.into_iter().map(named).collect()
}

fn policy(source: &mut dyn Source) -> Vec<Rule> {
    let head = head(source);
    let direction = if one_in(source, 2) { Direction::Egress } else { Direction::Ingress };
    let bodies = several(source, 1, 4, body);
    let rules = (0_u32..).zip(bodies).map(|(index, (peers, ports, action))| Rule {
        tier: head.tier,
        group: head.group,
        origin: RuleRef { policy: head.policy.clone(), direction, index },
        subject: head.subject.clone(),
        peers,
        ports,
        action: if head.tier == Tier::NetworkPolicy { Action::Allow } else { action },
    });
    rules.collect()
}

/// What the rules of one policy share.
struct Head {
    tier: Tier,
    group: u16,
    policy: PolicyRef,
    subject: Subject,
}

const KINDS: [(PolicyKind, Tier); 6] = [
    (PolicyKind::NetworkPolicy, Tier::NetworkPolicy),
    (PolicyKind::NetworkPolicy, Tier::NetworkPolicy),
    (PolicyKind::ClusterNetworkPolicy, Tier::Admin),
    (PolicyKind::ClusterNetworkPolicy, Tier::Baseline),
    (PolicyKind::AdminNetworkPolicy, Tier::Admin),
    (PolicyKind::BaselineAdminNetworkPolicy, Tier::Baseline),
];
const GROUPS: [u16; 3] = [10, 11, 500];
const AFTER_ALL_GROUPS: u16 = 1001;

fn head(source: &mut dyn Source) -> Head {
    let &(kind, tier) = pick(source, &KINDS);
    let name = String::new();
    let group = *pick(source, &GROUPS);
    if kind == PolicyKind::NetworkPolicy {
        let namespace = *pick(source, &NAMESPACES);
        let namespaces = Selector::equals("kubernetes.io/metadata.name", namespace);
        let policy = PolicyRef { name, namespace: Some(namespace.to_owned()), kind };
        return Head { tier, group: 0, policy, subject: Subject::new(namespaces, pods(source)) };
    }
    let is_last = kind == PolicyKind::BaselineAdminNetworkPolicy;
    let group = if is_last { AFTER_ALL_GROUPS } else { group };
    let subject = Subject::new(namespaces(source), pods(source));
    Head { tier, group, policy: PolicyRef { name, namespace: None, kind }, subject }
}

/// The same policies, of which some speak for single processes of their pods, or for nodes instead.
pub(super) fn with_other_subjects(source: &mut dyn Source, rules: &Rules) -> Rules {
    let mut drawn: BTreeMap<PolicyRef, Drawn> = BTreeMap::new();
    let other = |mut rule: Rule| {
        let policy = rule.origin.policy.clone();
        match drawn.entry(policy).or_insert_with(|| Drawn::of(source, &rule)) {
            Drawn::Pods => {}
            Drawn::Processes(processes) => rule.subject.processes = processes.clone(),
            Drawn::Nodes(nodes) => rule.subject = Subject::of_nodes(nodes.clone()),
        }
        rule
    };
    Rules::new(rules.iter().cloned().map(other).collect())
}

/// Whom a policy speaks for.
enum Drawn {
    Pods,
    Processes(ProcessMatch),
    Nodes(Selector),
}

impl Drawn {
    fn of(source: &mut dyn Source, rule: &Rule) -> Self {
        let may_be_of_nodes = rule.tier != Tier::NetworkPolicy;
        if may_be_of_nodes && one_in(source, 6) {
            return Self::Nodes(nodes(source));
        }
        let may_ask = rule.direction() == Direction::Egress;
        match may_ask && one_in(source, 6) {
            true => Self::Processes(processes(source)),
            false => Self::Pods,
        }
    }
}

/// Draws processes: of a container, of an executable, or of both. The last of each name no rule has.
pub fn processes(source: &mut dyn Source) -> ProcessMatch {
    let [container, executable] = [&CONTAINERS[..2], &EXECUTABLES[..2]]
        .map(|names| (!one_in(source, 3)).then(|| (*pick(source, names)).to_owned()));
    ProcessMatch { container, executable }
}

fn body(source: &mut dyn Source) -> (Peers, Ports, Action) {
    let action = *pick(source, &[Action::Allow, Action::Deny, Action::Pass]);
    (peers(source), ports(source), action)
}

fn peers(source: &mut dyn Source) -> Peers {
    match source.below(6) {
        0 => Peers::Any,
        1 => Peers::OneOf(several(source, 0, 1, peer)),
        _ => Peers::OneOf(several(source, 1, 3, peer)),
    }
}

fn peer(source: &mut dyn Source) -> Peer {
    match source.below(8) {
        0..=2 => Peer::Pods { namespaces: namespaces(source), pods: pods(source) },
        3..=6 => Peer::Block(block(source)),
        _ => Peer::Nodes(nodes(source)),
    }
}

fn nodes(source: &mut dyn Source) -> Selector {
    keyed(source, "zone", &ZONES)
}

#[expect(clippy::expect_used, reason = "the alphabet's blocks are constants and hold")]
fn block(source: &mut dyn Source) -> Block {
    let (cidr, except) = pick(source, &BLOCKS);
    let except = except.iter().map(|text| text.parse().expect("a network"));
    Block::new(cidr.parse().expect("a network"), except).expect("exceptions lie inside")
}

fn ports(source: &mut dyn Source) -> Ports {
    match source.below(5) {
        0 | 1 => Ports::Any,
        2 => Ports::OneOf(several(source, 0, 1, port)),
        _ => Ports::OneOf(several(source, 1, 3, port)),
    }
}

fn port(source: &mut dyn Source) -> PortMatch {
    let protocol = *pick(source, &PROTOCOLS);
    if one_in(source, 3) {
        let name = (*pick(source, &PORT_NAMES)).to_owned();
        return PortMatch::Named { protocol: (!one_in(source, 3)).then_some(protocol), name };
    }
    let &(first, last) = pick(source, &RANGES);
    let range = PortRange::new(first, last).unwrap_or(PortRange::ALL);
    let range = if one_in(source, 5) { PortRange::ALL } else { range };
    PortMatch::Numbers { protocol, range }
}

fn namespaces(source: &mut dyn Source) -> Selector {
    match source.below(4) {
        0 | 1 => Selector::everything(),
        2 => keyed(source, "team", &TEAMS),
        _ => keyed(source, "kubernetes.io/metadata.name", &NAMESPACES),
    }
}

fn pods(source: &mut dyn Source) -> Selector {
    match source.below(4) {
        0 => Selector::everything(),
        1 | 2 => keyed(source, "app", &APPS),
        _ => keyed(source, "role", &ROLES),
    }
}

fn keyed(source: &mut dyn Source, key: &str, values: &[&str]) -> Selector {
    let value = *pick(source, values);
    let key = key.to_owned();
    let requirement = match (source.below(5), Values::new([value])) {
        (2, Some(values)) => Requirement::NotIn { key, values },
        (3, _) => Requirement::Exists { key },
        (4, _) => Requirement::DoesNotExist { key },
        (_, _) => Requirement::equals(key, value),
    };
    [requirement].into_iter().collect()
}
