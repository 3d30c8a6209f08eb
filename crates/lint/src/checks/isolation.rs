//! Who is protected at all: namespaces without a default deny, workloads that no policy selects.
//!
//! What nobody selects is open, and a new pod begins as one that nobody selects.

use std::collections::{BTreeMap, BTreeSet};

use model::{Action, Direction, Labels, Peer, Peers, PodId, Ports, Rule, Tier};

use crate::facts::Facts;
use crate::found::Found;

/// RF021.
pub(crate) fn no_default_deny(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    without_default(facts, Direction::Ingress, |namespace, first| {
        let message =
            format!("a new pod in namespace {namespace} is open to every pod of the cluster");
        let fix = "add a NetworkPolicy with `podSelector: {}` and `policyTypes: [Ingress]`";
        found.namespace(namespace, first, message).fix(fix);
    });
}

/// RF052.
pub(crate) fn no_egress_default(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    without_default(facts, Direction::Egress, |namespace, first| {
        let message = format!("a new pod in namespace {namespace} may reach everybody");
        let fix = "add Egress to the policyTypes of the default deny, and a rule for DNS";
        found.namespace(namespace, first, message).fix(fix);
    });
}

fn without_default(
    facts: &Facts<'_>,
    direction: Direction,
    mut report: impl FnMut(&str, Option<usize>),
) {
    let closing: Vec<&Rule> =
        facts.rules.iter().filter(|rule| rule.direction() == direction && closes(rule)).collect();
    let (own, cluster): (Vec<&Rule>, Vec<&Rule>) =
        closing.into_iter().partition(|rule| rule.origin.policy.namespace.is_some());
    let closed: BTreeSet<&str> =
        own.iter().filter_map(|rule| rule.origin.policy.namespace.as_deref()).collect();
    for (namespace, labels) in facts.world.namespaces() {
        let Some(first) = facts.index.of_namespace(namespace).first() else { continue };
        let by_cluster = cluster.iter().any(|rule| rule.subject.namespaces.matches(labels));
        if !closed.contains(namespace) && !by_cluster {
            report(namespace, facts.origin(*first));
        }
    }
}

/// Whether a pod without labels is closed to other pods by this rule.
fn closes(rule: &Rule) -> bool {
    let everybody = match &rule.peers {
        Peers::Any => true,
        Peers::OneOf(peers) => peers.iter().any(|peer| match peer {
            Peer::Pods { namespaces, pods } => {
                namespaces.requirements().next().is_none() && pods.requirements().next().is_none()
            }
            Peer::Block(block) => block.cidr().prefix_len() == 0 && block.except().is_empty(),
            Peer::Nodes(_) | Peer::Domain(_) => false,
        }),
    };
    let denies = rule.action == Action::Deny && everybody && rule.ports == Ports::Any;
    rule.subject.pods.matches(&Labels::EMPTY) && (rule.tier == Tier::NetworkPolicy || denies)
}

/// RF022.
pub(crate) fn unprotected(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    let mut by_namespace: BTreeMap<&str, Vec<PodId>> = BTreeMap::new();
    for id in facts.index.all() {
        let mut rules = Direction::ALL.iter().flat_map(|it| facts.effective.rules(id, *it));
        let is_protected =
            rules.any(|rule| rule.tier == Tier::NetworkPolicy || rule.action == Action::Deny);
        if !is_protected {
            by_namespace.entry(&facts.world.pod(id).namespace).or_default().push(id);
        }
    }
    for (namespace, pods) in by_namespace {
        let names: BTreeSet<String> = pods.iter().map(|id| facts.workload(*id)).collect();
        let first = pods.first().and_then(|id| facts.origin(*id));
        let count = names.len();
        let shown: Vec<String> = names.into_iter().take(8).collect();
        let more = count - shown.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let shown = shown.join(", ");
        let message = format!("no policy speaks for {shown}{more} of namespace {namespace}");
        found.namespace(namespace, first, message);
    }
}
