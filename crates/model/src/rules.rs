//! All rules of a world: those that are enforced, and those of staged policies beside them.
//!
//! Whoever iterates meets enforced rules only, so that nobody enforces what is staged by
//! forgetting that there is such; what would be is another value of the same type.

use std::collections::{BTreeMap, BTreeSet};

use crate::enforcement::Counting;
use crate::{Enforcement, Labels, Place, PolicyRef, Reason, Rule, RuleRef, Subject};

/// All rules of a world in canonical order, and where each was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    rules: Vec<Rule>,
    staged: BTreeSet<PolicyRef>,
    /// As they would be if what is staged were enforced, where that is something else.
    whole: Option<Vec<Rule>>,
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
        let count = |rule: &&Rule| !self.staged.contains(&rule.origin.policy);
        let enforced = self.rules.iter().filter(count).cloned().collect();
        self.enforcing(enforced)
    }

    /// The same rules, of which count what counts under this switch in a cluster of these namespaces;
    /// the rest is staged (rulings N40, N41).
    #[must_use]
    pub fn under(self, switch: Enforcement, namespaces: &BTreeMap<String, Labels>) -> Self {
        let counting = Counting::new(switch, namespaces);
        if counting.is_everything() {
            return self;
        }
        let mut enforced: Vec<Rule> =
            self.rules.iter().filter_map(|rule| counting.part(rule)).collect();
        enforced.sort_unstable();
        self.enforcing(enforced)
    }

    /// The same rules, of which these are enforced.
    fn enforcing(mut self, enforced: Vec<Rule>) -> Self {
        if enforced != self.rules {
            let before = std::mem::replace(&mut self.rules, enforced);
            self.whole.get_or_insert(before);
        }
        self
    }

    /// The policies that are staged by themselves, in order.
    pub fn staged(&self) -> impl ExactSizeIterator<Item = &PolicyRef> {
        self.staged.iter()
    }

    /// Whether anything is staged, for anybody.
    #[must_use]
    pub fn has_staged(&self) -> bool {
        self.whole.is_some()
    }

    /// The enforced rules, as if nothing were staged beside them.
    #[must_use]
    pub fn without_staged(&self) -> Self {
        let rules = self.clone();
        Self { staged: BTreeSet::new(), whole: None, ..rules }
    }

    /// The rules as they would be if everything that is staged were enforced.
    #[must_use]
    pub fn with_staged_enforced(&self) -> Self {
        let mut rules = self.clone();
        rules.staged.clear();
        rules.rules = rules.whole.take().unwrap_or(rules.rules);
        rules
    }

    /// The rules as they would be if the switch and every namespace said `enforce`: what only waits for
    /// its turn is no less written. Policies that are staged by themselves stay so.
    #[must_use]
    pub fn with_everybody_enforced(&self) -> Self {
        self.with_staged_enforced().with_staged(self.staged.iter().cloned())
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
        let of_nodes = self.rules.iter().filter(|rule| rule.subject.nodes.is_some());
        let enforced: BTreeSet<&RuleRef> = of_nodes.map(|rule| &rule.origin).collect();
        let of_pods = |rule: &Rule| match enforced.contains(&rule.origin) {
            true => {
                Rule { subject: Subject { nodes: None, ..rule.subject.clone() }, ..rule.clone() }
            }
            false => rule.clone(),
        };
        let with_wanted = |rules: &Vec<Rule>| {
            Self::new(rules.iter().map(of_pods).chain(wanted.iter().cloned()).collect()).rules
        };
        let rules = with_wanted(&self.rules);
        Self { rules, whole: self.whole.as_ref().map(with_wanted), ..self.clone() }
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

    #[test]
    fn what_the_switch_stages_is_enforced_again_by_enforcing_all_of_it() {
        let namespaces = BTreeMap::from([("x".to_owned(), Labels::EMPTY)]);
        for switch in [Enforcement::Audit, Enforcement::Disabled] {
            let staged = rules().with_staged([policy("a")]).under(switch, &namespaces);
            assert_eq!(staged.iter().count(), 0);
            assert!(staged.has_staged());
            assert_eq!(staged.with_staged_enforced(), rules());
            let by_itself = rules().with_staged([policy("a")]);
            assert_eq!(staged.with_everybody_enforced(), by_itself);
        }
        assert_eq!(rules().under(Enforcement::Enforce, &namespaces), rules());
    }

    #[test]
    fn a_namespace_stages_for_its_own_pods_and_for_no_others() {
        let said = |word: &str| Labels::EMPTY.with(crate::ENFORCEMENT_LABEL, word);
        let namespaces =
            BTreeMap::from([("x".to_owned(), said("audit")), ("y".to_owned(), said("enforce"))]);
        for (switch, in_z) in [(Enforcement::Enforce, true), (Enforcement::Audit, false)] {
            let staged = rules().under(switch, &namespaces);
            let speaks = |name: &str, labels: &Labels| {
                let labels = labels.clone().with("kubernetes.io/metadata.name", name);
                staged.iter().any(|rule| rule.subject.namespaces.matches(&labels))
            };
            let [x, y] = [("x", said("audit")), ("y", said("enforce"))]
                .map(|(name, labels)| speaks(name, &labels));
            assert_eq!((x, y, speaks("z", &Labels::EMPTY)), (false, true, in_z));
        }
    }
}
