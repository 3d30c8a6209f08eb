//! What might be removed: a rule, or a policy with all that it still says.

use model::{Peer, Peers, PolicyRef, Ports, Rule, RuleRef};

use crate::prune::Removed;

/// What might be removed.
pub(super) struct Candidate<'r> {
    pub(super) removed: Removed,
    /// All rules that would go.
    pub(super) rules: Vec<&'r Rule>,
}

impl<'r> Candidate<'r> {
    pub(super) fn policy(policy: &PolicyRef, rules: &[&'r Rule]) -> Self {
        Self { removed: Removed::Policy(policy.clone()), rules: rules.to_vec() }
    }

    pub(super) fn rule(rule: &'r Rule) -> Self {
        Self { removed: Removed::Rule(rule.origin.clone()), rules: vec![rule] }
    }

    pub(super) fn policy_ref(&self) -> &PolicyRef {
        match &self.removed {
            Removed::Policy(policy) => policy,
            Removed::Rule(rule) => &rule.policy,
        }
    }

    /// Whether a whole policy goes, so that it does not isolate any more.
    pub(super) fn is_policy(&self) -> bool {
        match &self.removed {
            Removed::Policy(_) => true,
            Removed::Rule(_) => false,
        }
    }

    pub(super) fn has(&self, rule: &RuleRef) -> bool {
        match &self.removed {
            Removed::Policy(policy) => rule.policy == *policy,
            Removed::Rule(own) => rule == own,
        }
    }

    /// A DNS name matches nobody until names are enforced (ruling C8); that is no reason to remove
    /// what somebody wrote about it.
    pub(super) fn has_domains(&self) -> bool {
        self.rules.iter().any(|rule| match &rule.peers {
            Peers::Any => false,
            Peers::OneOf(peers) => peers.iter().any(|peer| matches!(peer, Peer::Domain(_))),
        })
    }
}

/// Whether a rule stands in a list, and is not what an empty list means.
pub(super) fn is_written(rule: &Rule) -> bool {
    let no_peers = matches!(&rule.peers, Peers::OneOf(peers) if peers.is_empty());
    let no_ports = matches!(&rule.ports, Ports::OneOf(ports) if ports.is_empty());
    !no_peers && !no_ports
}
