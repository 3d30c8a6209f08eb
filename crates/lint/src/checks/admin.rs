//! The cluster's own policies: priorities, reach, and what they take from namespaces.
//!
//! One of these decides for everybody, so what it takes in should be meant.

use model::{Action, Direction, Labels, Peer, Peers, PolicyKind, PolicyRef, Ports, Rule, Tier};

use super::overlap::is_everything;
use crate::facts::Facts;
use crate::found::Found;
use crate::index::NAMESPACE_NAME;
use crate::written::Policy;
use manifest::Span;

const SYSTEM: &str = "kube-system";

/// RF029 (ruling C3).
pub(crate) fn equal_priority(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    let mut staged: Vec<((Tier, u16), &PolicyRef, &Policy<'_>)> = Vec::new();
    for policy in &facts.policies {
        let rule = policy.first().filter(|rule| rule.tier != Tier::NetworkPolicy);
        staged.extend(rule.map(|rule| ((rule.tier, rule.group), policy.reference, policy)));
    }
    staged.sort_unstable_by_key(|(stage, reference, _)| (*stage, *reference));
    for ((stage, other, other_policy), (next, _, policy)) in
        staged.iter().zip(staged.iter().skip(1))
    {
        if stage == next {
            let message = format!(
                "the priority is also that of {other}: between them Deny beats Pass beats Accept"
            );
            let raw = found.at(policy.object, priority(policy), message);
            raw.and_at([priority(other_policy)]);
        }
    }
}

fn priority(policy: &Policy<'_>) -> Span {
    let priority = policy.spec.and_then(|spec| spec.get("priority"));
    priority.map_or(policy.at, |priority| priority.at())
}

/// RF030.
pub(crate) fn system_subject(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    let written = facts.world.namespace_labels(SYSTEM).clone();
    let labels: Labels = written.with(NAMESPACE_NAME, SYSTEM);
    for policy in facts.policies.iter().filter(|policy| is_cluster(policy)) {
        let denies = policy.rules.iter().any(|written| written.rule.action == Action::Deny);
        let takes_in = policy.first().is_some_and(|rule| rule.subject.namespaces.matches(&labels));
        if denies && takes_in {
            let subject = policy.subject();
            let at = subject.map_or(policy.at, |subject| subject.at());
            let message = "the subject takes in kube-system, and this policy denies";
            found.at(policy.object, at, message);
        }
    }
}

fn is_cluster(policy: &Policy<'_>) -> bool {
    policy.reference.kind != PolicyKind::NetworkPolicy
}

/// RF042.
pub(crate) fn not_overridable(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for policy in &facts.policies {
        for written in &policy.rules {
            let rule = written.rule;
            if rule.tier == Tier::Admin && rule.action == Action::Deny && is_everybody(rule) {
                let direction = rule.direction();
                let message = format!("no NetworkPolicy can open {direction} against this Deny");
                found.at(policy.object, written.at, message);
            }
        }
    }
}

fn is_everybody(rule: &Rule) -> bool {
    let peers = match &rule.peers {
        Peers::Any => true,
        Peers::OneOf(peers) => peers.iter().any(|peer| match peer {
            Peer::Pods { namespaces, pods } => is_everything(namespaces) && is_everything(pods),
            Peer::Block(block) => block.cidr().prefix_len() == 0,
            Peer::Nodes(_) | Peer::Domain(_) => false,
        }),
    };
    peers && rule.ports == Ports::Any
}

/// RF043.
pub(crate) fn accept_over_default_deny(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for policy in facts.policies.iter().filter(|policy| is_cluster(policy)) {
        for written in &policy.rules {
            let rule = written.rule;
            if rule.tier != Tier::Admin || rule.action != Action::Allow {
                continue;
            }
            let pods = facts.index.pods(&rule.subject.namespaces, &rule.subject.pods);
            let direction = rule.direction();
            let isolated = pods.iter().find(|id| facts.effective.is_isolated(**id, direction));
            if let Some(id) = isolated {
                let what = match direction {
                    Direction::Ingress => "lets in whom",
                    Direction::Egress => "lets out to whom",
                };
                let namespace = &facts.world.pod(*id).namespace;
                let message = format!(
                    "this Accept {what} the policies of namespace {namespace} may not allow: they are not asked"
                );
                found.at(policy.object, written.at, message);
            }
        }
    }
}
