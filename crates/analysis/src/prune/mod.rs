//! Rules and policies that nobody needs: without them every flow would get the verdict it gets.
//!
//! What is given can be removed together. Each removal is tried on what the earlier ones left.

mod candidate;
mod finding;
mod trial;

use std::collections::{BTreeMap, BTreeSet};

use model::{Manner, PolicyRef, Rule, RuleRef, Rules, World};

use crate::strangers::Strangers;
use candidate::Candidate;
use trial::{Outcome, Trials};

pub use finding::{Basis, Prune, Removed, Unneeded, Why};

/// Finds what can be removed.
#[must_use]
pub fn prune(world: &World, rules: &Rules) -> Prune {
    let strangers = Strangers::among(world, &[rules]);
    let mut pruning = Pruning {
        trials: Trials::new(&strangers, rules),
        policies: policies(rules),
        known: BTreeMap::new(),
        removed: Vec::new(),
        gone: BTreeSet::new(),
    };
    pruning.whole_policies(Basis::Everybody);
    pruning.single_rules(Basis::Everybody);
    pruning.whole_policies(Basis::Today);
    pruning.single_rules(Basis::Today);
    pruning.finish(strangers.complete)
}

/// Every policy with its rules, the least important first.
fn policies(rules: &Rules) -> Vec<(PolicyRef, Vec<&Rule>)> {
    let mut seen = BTreeSet::new();
    let mut by_policy: BTreeMap<&PolicyRef, Vec<&Rule>> = BTreeMap::new();
    rules.iter().for_each(|rule| by_policy.entry(&rule.origin.policy).or_default().push(rule));
    let all: Vec<&Rule> = rules.iter().collect();
    let order = all.into_iter().rev().map(|rule| &rule.origin.policy);
    let order = order.filter(|policy| seen.insert(*policy));
    order.filter_map(|policy| Some((policy.clone(), by_policy.get(policy)?.clone()))).collect()
}

struct Pruning<'a> {
    trials: Trials<'a>,
    policies: Vec<(PolicyRef, Vec<&'a Rule>)>,
    /// What trials have said; who was needed once is not tried again.
    known: BTreeMap<Removed, Outcome>,
    removed: Vec<Unneeded>,
    gone: BTreeSet<RuleRef>,
}

impl Pruning<'_> {
    fn whole_policies(&mut self, basis: Basis) {
        for (policy, rules) in self.policies.clone() {
            let is_there = rules.iter().any(|rule| !self.gone.contains(&rule.origin));
            if is_there && (basis == Basis::Everybody || self.trials.selects(&policy)) {
                let left: Vec<&Rule> =
                    rules.into_iter().filter(|rule| !self.gone.contains(&rule.origin)).collect();
                self.attempt(&Candidate::policy(&policy, &left), basis);
            }
        }
    }

    fn single_rules(&mut self, basis: Basis) {
        for (policy, rules) in self.policies.clone() {
            if basis == Basis::Today && !self.trials.selects(&policy) {
                continue;
            }
            for rule in rules.iter().rev().filter(|rule| candidate::is_written(rule)) {
                if !self.gone.contains(&rule.origin) {
                    self.attempt(&Candidate::rule(rule), basis);
                }
            }
        }
    }

    fn attempt(&mut self, candidate: &Candidate<'_>, basis: Basis) {
        let worth = match self.known.get(&candidate.removed) {
            None => true,
            Some(Outcome::Needed) => false,
            Some(Outcome::Unneeded(_)) => basis == Basis::Today,
        };
        if !worth || candidate.has_domains() {
            return;
        }
        let tried = self.trials.attempt(candidate);
        self.known.insert(candidate.removed.clone(), tried.outcome);
        match tried.outcome {
            Outcome::Unneeded(found) if found == basis || found == Basis::Everybody => {
                self.trials.apply(candidate);
                self.gone.extend(candidate.rules.iter().map(|rule| rule.origin.clone()));
                self.removed.push(tried.finding(candidate, found));
            }
            Outcome::Unneeded(_) | Outcome::Needed => {}
        }
    }

    /// A policy of an ordered tier that has lost every rule says nothing any more.
    fn emptied(&self) -> BTreeSet<PolicyRef> {
        let ordered = |rules: &[&Rule]| {
            rules.iter().all(|rule| {
                rule.tier.manner() == Manner::FirstMatch && self.gone.contains(&rule.origin)
            })
        };
        let emptied = self.policies.iter().filter(|(_, rules)| ordered(rules));
        emptied.map(|(policy, _)| policy.clone()).collect()
    }

    fn finish(self, complete_future: bool) -> Prune {
        let selects_nothing: BTreeSet<PolicyRef> = self
            .policies
            .iter()
            .map(|(policy, _)| policy)
            .filter(|policy| !self.trials.selects(policy))
            .cloned()
            .collect();
        let emptied = self.emptied();
        finding::prune(self.removed, &emptied, selects_nothing, complete_future)
    }
}
