//! All rules of a world: those that are enforced, and those of staged policies beside them.
//!
//! Whoever iterates meets enforced rules only, so that nobody enforces a staged policy by
//! forgetting that there are such; what would be is another value of the same type.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Place, PolicyRef, Reason, Rule, RuleRef, Subject};

/// All rules of a world in canonical order, and where each was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    rules: Vec<Rule>,
    staged: BTreeSet<PolicyRef>,
    staged_rules: Vec<Rule>,
    places: BTreeMap<RuleRef, Place>,
    policies: BTreeMap<PolicyRef, Place>,
    keeping: BTreeSet<PolicyRef>,
}

impl Rules {
    /// Sorts `rules` into canonical order; equal rules count once (ruling N19).
    #[must_use]
    pub fn new(mut rules: Vec<Rule>) -> Self {
        rules.sort_unstable();
        rules.dedup();
        Self { rules, ..Self::default() }
    }

    /// The same rules, knowing where a rule was written.
    #[must_use]
    pub fn with_place(mut self, rule: RuleRef, place: Place) -> Self {
        self.places.insert(rule, place);
        self
    }

    /// The same rules, knowing where a policy was written.
    #[must_use]
    pub fn with_policy_place(mut self, policy: PolicyRef, place: Place) -> Self {
        self.policies.insert(policy, place);
        self
    }

    /// The same rules, knowing that connections which exist live on where `policy` denies them
    /// (ruling N25).
    #[must_use]
    pub fn with_keeping(mut self, policy: PolicyRef) -> Self {
        self.keeping.insert(policy);
        self
    }

    /// The same rules, those of `policies` staged: they decide nothing and isolate nobody (ruling
    /// N37).
    #[must_use]
    pub fn with_staged(mut self, policies: impl IntoIterator<Item = PolicyRef>) -> Self {
        self.staged.extend(policies);
        let staged = self.rules.extract_if(.., |rule| self.staged.contains(&rule.origin.policy));
        self.staged_rules.extend(staged);
        self.staged_rules.sort_unstable();
        self
    }

    /// The staged policies, in order.
    pub fn staged(&self) -> impl ExactSizeIterator<Item = &PolicyRef> {
        self.staged.iter()
    }

    /// The enforced rules, as if nobody had written a staged policy.
    #[must_use]
    pub fn without_staged(&self) -> Self {
        let rules = self.clone();
        Self { staged: BTreeSet::new(), staged_rules: Vec::new(), ..rules }
    }

    /// The rules as they would be if every staged policy were enforced.
    #[must_use]
    pub fn with_staged_enforced(&self) -> Self {
        let mut rules = self.clone();
        rules.staged.clear();
        rules.rules.append(&mut rules.staged_rules);
        rules.rules.sort_unstable();
        rules
    }

    /// Whether `policy` lets connections live on that exist when it begins to deny them.
    #[must_use]
    pub fn is_keeping(&self, policy: &PolicyRef) -> bool {
        self.keeping.contains(policy)
    }

    /// The same rules, of which exactly `wanted` speak for nodes; the other enforced ones speak for
    /// pods alone.
    #[must_use]
    pub fn with_node_rules(&self, wanted: &[Rule]) -> Self {
        let of_pods = |rule: &Rule| {
            let subject = Subject { nodes: None, ..rule.subject.clone() };
            Rule { subject, ..rule.clone() }
        };
        let rules = self.rules.iter().map(of_pods).chain(wanted.iter().cloned());
        let Self { rules, .. } = Self::new(rules.collect());
        Self { rules, ..self.clone() }
    }

    /// The enforced rules in canonical order.
    pub fn iter(&self) -> std::slice::Iter<'_, Rule> {
        self.rules.iter()
    }

    /// Where `rule` was written, if that is known.
    #[must_use]
    pub fn place(&self, rule: &RuleRef) -> Option<&Place> {
        self.places.get(rule).or_else(|| self.policies.get(&rule.policy))
    }

    /// Where `policy` was written, if that is known.
    #[must_use]
    pub fn policy_place(&self, policy: &PolicyRef) -> Option<&Place> {
        self.policies.get(policy)
    }

    /// Where the rule or the first of the policies that decided was written, if that is known.
    #[must_use]
    pub fn reason_place(&self, reason: &Reason) -> Option<&Place> {
        match reason {
            Reason::Rule(rule) => self.place(rule),
            Reason::DefaultDeny(policies) => {
                policies.first().and_then(|policy| self.policy_place(policy))
            }
            Reason::Builtin(_) => None,
        }
    }
}

impl<'a> IntoIterator for &'a Rules {
    type Item = &'a Rule;
    type IntoIter = std::slice::Iter<'a, Rule>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Action, Direction, Peers, PolicyKind, Ports, Selector, Subject, Tier};

    fn policy(name: &str) -> PolicyRef {
        let namespace = Some("x".to_owned());
        PolicyRef { name: name.to_owned(), namespace, kind: PolicyKind::NetworkPolicy }
    }

    fn rule(name: &str, index: u32) -> Rule {
        let everything = Selector::everything;
        Rule {
            tier: Tier::NetworkPolicy,
            group: 0,
            origin: RuleRef { policy: policy(name), direction: Direction::Ingress, index },
            subject: Subject::new(everything(), everything()),
            peers: Peers::Any,
            ports: Ports::Any,
            action: Action::Allow,
        }
    }

    fn rules() -> Rules {
        Rules::new(vec![rule("b", 0), rule("a", 1), rule("c", 0), rule("a", 0)])
    }

    #[test]
    fn only_enforced_rules_are_met() {
        let staged = rules().with_staged([policy("a")]);
        assert!(staged.iter().eq([&rule("b", 0), &rule("c", 0)]));
        assert!(staged.staged().eq([&policy("a")]));
    }

    #[test]
    fn without_the_staged_ones_nothing_is_left_of_them() {
        let staged = rules().with_staged([policy("a")]);
        let rest = Rules::new(vec![rule("b", 0), rule("c", 0)]);
        assert_eq!(staged.without_staged(), rest);
        assert_eq!(staged.without_staged().with_staged_enforced(), rest);
    }

    #[test]
    fn with_all_enforced_they_are_what_they_were_without_staging() {
        let staged = rules().with_staged([policy("a")]).with_staged([policy("c")]);
        assert_eq!(staged.iter().count(), 1);
        assert_eq!(staged.with_staged_enforced(), rules());
    }
}
