//! Peers: one dash too many, labels that anybody may set, lists that nobody reads.
//!
//! Which pods are meant is said by indentation, and one dash apart means something else (ruling N3).

use model::{Action, Direction, Peer, Peers, PolicyKind};

use crate::facts::Facts;
use crate::found::Found;

/// More peers than a person reviews.
const PEERS_MAX: usize = 50;

/// RF012: `- namespaceSelector` followed by `- podSelector` that selects nobody nearby, or somebody
/// in those namespaces.
pub(crate) fn adjacent_selectors(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    let namespaced =
        |policy: &&crate::written::Policy<'_>| policy.reference.kind == PolicyKind::NetworkPolicy;
    for policy in facts.policies.iter().filter(namespaced) {
        for written in &policy.rules {
            let Peers::OneOf(peers) = &written.rule.peers else { continue };
            let both = written.peers.iter().zip(peers);
            for ((tree, peer), (next_tree, next)) in both.clone().zip(both.skip(1)) {
                let spaces_only =
                    tree.get("namespaceSelector").is_some() && tree.get("podSelector").is_none();
                let pods_only = next_tree.get("podSelector").is_some()
                    && next_tree.get("namespaceSelector").is_none();
                let (Peer::Pods { namespaces: theirs, .. }, Peer::Pods { namespaces: own, pods }) =
                    (peer, next)
                else {
                    continue;
                };
                let is_all = pods.requirements().next().is_none();
                if !spaces_only || !pods_only || is_all {
                    continue;
                }
                let nobody_nearby = facts.index.pods(own, pods).is_empty();
                let somebody_there = !facts.index.pods(theirs, pods).is_empty();
                if nobody_nearby || (somebody_there && theirs != own) {
                    let message = "two peers: all pods of those namespaces, or these pods of the policy's own namespace";
                    let raw = found.at(policy.object, next_tree.at(), message);
                    raw.fix("if these pods of those namespaces are meant, take away this dash");
                    raw.and_at([tree.at()]);
                }
            }
        }
    }
}

/// RF044.
pub(crate) fn self_granted(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for (policy, written) in facts.rules_in(Direction::Ingress) {
        for (peer, at) in written.peers().filter(|_| written.rule.action == Action::Allow) {
            let Peer::Pods { namespaces, pods } = peer else { continue };
            let anywhere = namespaces.requirements().next().is_none();
            if anywhere && let Some(requirement) = pods.requirements().next() {
                let key = match requirement {
                    model::Requirement::In { key, .. }
                    | model::Requirement::NotIn { key, .. }
                    | model::Requirement::Exists { key }
                    | model::Requirement::DoesNotExist { key } => key,
                };
                let message = format!(
                    "whoever may create a pod in any namespace can let it in by setting its label `{key}`"
                );
                found.at(policy.object, at, message);
            }
        }
    }
}

/// RF045.
pub(crate) fn many_peers(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for policy in &facts.policies {
        for direction in Direction::ALL {
            let rules = policy.rules.iter().filter(|it| it.rule.direction() == direction);
            let rules = rules.filter(|it| it.rule.action == Action::Allow);
            let count: usize = rules.clone().map(|written| written.peers().count()).sum();
            if let Some(first) = rules.clone().next().filter(|_| count > PEERS_MAX) {
                let message = format!("{count} peers are allowed in {direction}");
                found.at(policy.object, first.at, message);
            }
        }
    }
}
