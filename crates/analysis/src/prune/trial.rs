//! Trying a removal on every set that would change.
//!
//! The first flow that would change ends the trial, so what is needed is known soon.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use compile::{
    Answers, Assigned, Because, Complete, Contrast, PolicySet, SetId, Who, Workbench, assigned,
};
use model::{Manner, PolicyRef, Reason, RuleRef, Rules, Tier};
use roaring::RoaringBitmap;

use crate::prune::candidate::Candidate;
use crate::prune::{Basis, Unneeded, Why};
use crate::strangers::Strangers;

/// At most so many reasons are kept.
const REASONS_MAX: usize = 8;

/// Whether something is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Somebody who is there would get another verdict.
    Needed,
    /// Nobody of these would.
    Unneeded(Basis),
}

/// What a trial has seen.
pub(super) struct Tried {
    pub(super) outcome: Outcome,
    covered_by: BTreeSet<Reason>,
    has_matched: bool,
    has_decided: bool,
}

/// The sets as earlier removals left them.
pub(super) struct Trials<'a> {
    strangers: &'a Strangers,
    numbers: RoaringBitmap,
    bench: Workbench<'a>,
    sets: Vec<Arc<PolicySet>>,
    /// By set: whether a pod that is there has it.
    given: Vec<bool>,
    of_policy: HashMap<PolicyRef, Vec<usize>>,
}

impl<'a> Trials<'a> {
    pub(super) fn new(strangers: &'a Strangers, rules: &Rules) -> Self {
        let assigned: Assigned = assigned(&strangers.world, rules);
        let bench = Workbench::new(&strangers.world);
        let numbers = strangers.numbers(bench.roster());
        let sets = assigned.sets().to_vec();
        let mut given = vec![false; sets.len()];
        let there = strangers.world.pods().filter(|(id, _)| id.0 < strangers.pods);
        for SetId(set) in there.filter_map(|(id, _)| assigned.of(id)).flatten() {
            given.get_mut(set as usize).into_iter().for_each(|given| *given = true);
        }
        let mut order: Vec<usize> = (0..sets.len()).collect();
        order.sort_by_key(|at| !given.get(*at).copied().unwrap_or(false));
        let mut of_policy: HashMap<PolicyRef, Vec<usize>> = HashMap::new();
        for at in order {
            let rules = sets.get(at).into_iter().flat_map(|set| set.rules());
            let policies: BTreeSet<&PolicyRef> = rules.map(|rule| &rule.policy).collect();
            for policy in policies {
                match of_policy.get_mut(policy) {
                    Some(sets) => sets.push(at),
                    None => drop(of_policy.insert(policy.clone(), vec![at])),
                }
            }
        }
        Self { strangers, numbers, bench, sets, given, of_policy }
    }

    /// Whether some pod that is there is selected.
    pub(super) fn selects(&self, policy: &PolicyRef) -> bool {
        let sets = self.of_policy.get(policy).into_iter().flatten();
        sets.filter_map(|at| self.given.get(*at)).any(|given| *given)
    }

    /// Tries a removal.
    pub(super) fn attempt(&mut self, candidate: &Candidate<'_>) -> Tried {
        let basis = if self.strangers.complete { Basis::Everybody } else { Basis::Today };
        let mut tried = Tried {
            outcome: Outcome::Unneeded(basis),
            covered_by: BTreeSet::new(),
            has_matched: false,
            has_decided: false,
        };
        let concerned = self.of_policy.get(candidate.policy_ref()).cloned().unwrap_or_default();
        for at in concerned {
            let given = self.given.get(at).copied().unwrap_or(false);
            if tried.outcome == Outcome::Needed {
                break;
            }
            if !given && tried.outcome == Outcome::Unneeded(Basis::Today) {
                break;
            }
            let Some(before) = self.sets.get(at).cloned() else { continue };
            if !before.rules().any(|rule| candidate.has(rule)) {
                continue;
            }
            let after = without(&before, candidate);
            self.in_set(&before, &after, candidate, given, &mut tried);
            let [own, own_after] = [before.to_itself(), after.to_itself()];
            if own != own_after {
                self.in_set(&own, &own_after, candidate, given, &mut tried);
            }
        }
        tried
    }

    fn in_set(
        &mut self,
        before: &PolicySet,
        after: &PolicySet,
        candidate: &Candidate<'_>,
        given: bool,
        tried: &mut Tried,
    ) {
        let is_own = |rule: &RuleRef| candidate.has(rule);
        let isolates_alike = before.isolates_like(after);
        if candidate.is_policy() && isolates_alike {
            tried.isolated_by(candidate, after);
        }
        let about: Option<&dyn Fn(&RuleRef) -> bool> = isolates_alike.then_some(&is_own);
        let question = Contrast { sets: [before, after], about, strangers: &self.numbers };
        let numbers = &self.numbers;
        let complete = self.bench.contrast(&question, &mut |who, answers| {
            let there = given && is_there(who, numbers);
            tried.look([before, after], candidate, answers, there);
            match tried.outcome {
                Outcome::Needed => ControlFlow::Break(()),
                Outcome::Unneeded(Basis::Today) if !given => ControlFlow::Break(()),
                Outcome::Unneeded(_) => ControlFlow::Continue(()),
            }
        });
        if complete == Complete::No && tried.outcome != Outcome::Needed {
            tried.outcome = Outcome::Unneeded(Basis::Today);
        }
    }

    /// Removes it for good.
    pub(super) fn apply(&mut self, candidate: &Candidate<'_>) {
        let concerned = self.of_policy.get(candidate.policy_ref()).into_iter().flatten();
        for at in concerned {
            if let Some(set) = self.sets.get_mut(*at) {
                *set = Arc::new(without(set, candidate));
            }
        }
    }
}

fn without(set: &PolicySet, candidate: &Candidate<'_>) -> PolicySet {
    match candidate.is_policy() {
        true => set.without(|rule| candidate.has(rule)),
        false => set.hollow(|rule| candidate.has(rule)),
    }
}

fn is_there(who: &Who, strangers: &RoaringBitmap) -> bool {
    match who {
        Who::Members(members) => !members.is_subset(strangers),
        Who::Like { .. } => false,
        Who::Outside(_) | Who::UnknownPod(_) => true,
    }
}

impl Tried {
    fn look(
        &mut self,
        [before, after]: [&PolicySet; 2],
        candidate: &Candidate<'_>,
        answers: &Answers<'_>,
        there: bool,
    ) {
        for (_, [said, then]) in answers.cells() {
            self.has_matched = true;
            if said.verdict != then.verdict {
                self.outcome = match (there, self.outcome) {
                    (true, _) | (_, Outcome::Needed) => Outcome::Needed,
                    (false, Outcome::Unneeded(_)) => Outcome::Unneeded(Basis::Today),
                };
                if self.outcome == Outcome::Needed {
                    return;
                }
                continue;
            }
            let own = before.reason(said.because).filter(|reason| match reason {
                Reason::Rule(rule) => candidate.has(rule),
                Reason::DefaultDeny(_) | Reason::Builtin(_) => false,
            });
            self.has_decided |= own.is_some();
            if self.covered_by.len() < REASONS_MAX {
                let instead = match own {
                    Some(_) => after.reason(then.because),
                    None => before.reason(said.because),
                };
                self.covered_by.extend(instead);
            }
        }
    }

    /// Others isolate as well.
    fn isolated_by(&mut self, candidate: &Candidate<'_>, after: &PolicySet) {
        let additive = |rule: &model::Rule| rule.tier.manner() == Manner::Additive;
        if candidate.rules.iter().any(|rule| additive(rule)) && self.covered_by.is_empty() {
            self.covered_by.extend(after.reason(Because::DefaultDeny(Tier::NetworkPolicy)));
        }
    }

    /// What is said of something that can go.
    pub(super) fn finding(self, candidate: &Candidate<'_>, basis: Basis) -> Unneeded {
        let ordered = |rule: &&model::Rule| rule.tier.manner() == Manner::FirstMatch;
        let why = match (self.has_matched, self.has_decided) {
            (true, false) if candidate.rules.iter().all(ordered) => Why::Shadowed,
            (true, _) if !self.covered_by.is_empty() => Why::Covered,
            (false, _) if candidate.is_policy() && !self.covered_by.is_empty() => Why::Covered,
            (_, _) => Why::MatchesNobody,
        };
        let covered_by = self.covered_by.into_iter().collect();
        Unneeded { what: candidate.removed.clone(), basis, why, covered_by }
    }
}
