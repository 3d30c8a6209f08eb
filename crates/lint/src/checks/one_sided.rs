//! Allows of one end that the other end does not know of (ruling N18).
//!
//! Judged only where the other end is isolated: where it is not, nothing more is needed.

use std::collections::BTreeMap;

use model::{Action, Direction, Peer, Peers, PodId, PortMatch, Ports, Rule, Tier, Traffic};

use super::port::meet;
use crate::facts::Facts;
use crate::found::Found;
use crate::index::Pods;
use crate::written::{Policy, Written};
use manifest::Span;

/// A policy, where its rule stands, and who does not answer.
type Unanswered<'f, 'a> = (&'f Policy<'a>, Span, String);

/// RF041, once for each namespace and direction.
pub(crate) fn one_sided(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    let mut by_namespace: BTreeMap<(&str, Direction), Vec<Unanswered<'_, '_>>> = BTreeMap::new();
    for policy in &facts.policies {
        let Some(namespace) = policy.reference.namespace.as_deref() else { continue };
        for written in policy.rules.iter().filter(|it| it.rule.tier == Tier::NetworkPolicy) {
            if let Some(other) = unanswered(facts, written) {
                let key = (namespace, written.rule.direction());
                let all = by_namespace.entry(key).or_default();
                all.push((policy, written.at, facts.workload(other)));
            }
        }
    }
    for ((namespace, direction), all) in by_namespace {
        let Some((policy, at, other)) = all.first() else { continue };
        let (what, missing) = match direction {
            Direction::Egress => ("does not let in what this rule lets out", "ingress"),
            Direction::Ingress => ("does not let out what this rule lets in", "egress"),
        };
        let more = match all.len() {
            1 => String::new(),
            count => format!(" ({} more rules of namespace {namespace})", count - 1),
        };
        let message = format!("{other} {what}{more}");
        let raw = found.at(policy.object, *at, message);
        raw.about(namespace).and_at(all.iter().skip(1).take(8).map(|(_, at, _)| *at));
        raw.fix(format!("allow it in {missing} there too, or remove this rule"));
    }
}

/// A pod that this rule names and whose own policies answer to none of the rule's subjects.
fn unanswered<'a>(facts: &Facts<'a>, written: &Written<'a>) -> Option<PodId> {
    let rule = written.rule;
    let Peers::OneOf(peers) = &rule.peers else { return None };
    let subjects = facts.index.pods(&rule.subject.namespaces, &rule.subject.pods);
    if subjects.is_empty() {
        return None;
    }
    let other_way = match rule.direction() {
        Direction::Egress => Direction::Ingress,
        Direction::Ingress => Direction::Egress,
    };
    let mut first = None;
    for peer in peers {
        let Peer::Pods { namespaces, pods } = peer else { return None };
        for id in facts.index.pods(namespaces, pods).iter() {
            if answers(facts, *id, &subjects, other_way, rule) {
                return None;
            }
            first = first.or(Some(*id));
        }
    }
    first
}

fn answers(
    facts: &Facts<'_>,
    id: PodId,
    subjects: &Pods,
    direction: Direction,
    rule: &Rule,
) -> bool {
    if subjects.contains(&id) || !facts.effective.is_isolated(id, direction) {
        return true;
    }
    let mut rules = facts.effective.rules(id, direction).filter(|own| own.action == Action::Allow);
    rules.any(|own| {
        let admits = match &own.peers {
            Peers::Any => true,
            Peers::OneOf(peers) => peers.iter().any(|peer| match peer {
                Peer::Pods { namespaces, pods } => {
                    meet(&facts.index.pods(namespaces, pods), subjects)
                }
                Peer::Block(_) | Peer::Nodes(_) => true,
                Peer::Domain(_) => false,
            }),
        };
        admits && share_a_port(&own.ports, &rule.ports)
    })
}

/// Whether two port lists can have a port in common; names may mean any number.
fn share_a_port(one: &Ports, other: &Ports) -> bool {
    let (Ports::OneOf(one), Ports::OneOf(other)) = (one, other) else { return true };
    one.iter().any(|one| {
        other.iter().any(|other| match (one, other) {
            (
                PortMatch::Numbers { protocol, range },
                PortMatch::Numbers { protocol: other_protocol, range: other_range },
            ) => {
                protocol == other_protocol
                    && range.first() <= other_range.last()
                    && other_range.first() <= range.last()
            }
            (PortMatch::Named { name, .. }, PortMatch::Named { name: other, .. }) => name == other,
            (PortMatch::Numbers { .. }, PortMatch::Named { .. })
            | (PortMatch::Named { .. }, PortMatch::Numbers { .. }) => true,
        })
    })
}

/// Whether a rule's ports include this traffic on a pod.
pub(crate) fn may_carry(facts: &Facts<'_>, rule: &Rule, id: PodId, traffic: Traffic) -> bool {
    let Ports::OneOf(ports) = &rule.ports else { return true };
    let Traffic::Port(protocol, number) = traffic else { return false };
    ports.iter().any(|port| match port {
        PortMatch::Numbers { protocol: own, range } => *own == protocol && range.contains(number),
        PortMatch::Named { protocol: own, name } => {
            own.is_none_or(|own| own == protocol)
                && facts.world.pod(id).named_port(name, protocol) == Some(number)
        }
    })
}
