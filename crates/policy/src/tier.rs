//! The stages of a decision: Admin, NetworkPolicy, Baseline, then allow (ruling C1).
//!
//! Each tier either decides or has no opinion; its manner says how its rules combine.

use std::collections::{BTreeMap, BTreeSet};

use model::{Action, Builtin, Judgement, Manner, PolicyRef, Reason, Rule, Rules, Tier, Verdict};

use crate::matching::{Hit, Match, hit};
use crate::subject::Subjected;
use crate::trace::{EndTrace, Outcome, Stage};

/// Asks every tier in turn.
pub(crate) fn judge(rules: &Rules, subjected: &Subjected<'_>) -> EndTrace {
    in_turn(rules, subjected, Builtin::DefaultAllow, opinion)
}

/// Asks every tier that rules speak from, by `ask`, until one decides; if none does it is
/// `otherwise`.
pub(crate) fn in_turn(
    rules: &Rules,
    subjected: &Subjected<'_>,
    otherwise: Builtin,
    ask: impl Fn(Tier, &[&Rule], &Subjected<'_>) -> Opinion,
) -> EndTrace {
    let rules: Vec<&Rule> = subjected.rules(rules).collect();
    let mut stages = Vec::with_capacity(Tier::ALL.len());
    for tier in Tier::ALL {
        let rules: Vec<&Rule> = rules.iter().copied().filter(|rule| rule.tier == tier).collect();
        let opinion = match rules.is_empty() {
            true => Opinion::None(Outcome::NotSelected),
            false => ask(tier, &rules, subjected),
        };
        match opinion {
            Opinion::None(outcome) => stages.push(Stage { tier, outcome }),
            Opinion::Judgement(judgement) => {
                stages.push(Stage { tier, outcome: Outcome::Decided });
                return EndTrace { judgement, stages, backend: None };
            }
        }
    }
    EndTrace { judgement: otherwise.into(), stages, backend: None }
}

/// What one tier says.
pub(crate) enum Opinion {
    /// It leaves the flow to the next one, because of this.
    None(Outcome),
    /// It decides.
    Judgement(Judgement),
}

/// What the rules of one tier say, of which there is at least one.
pub(crate) fn opinion(tier: Tier, rules: &[&Rule], subjected: &Subjected<'_>) -> Opinion {
    match tier.manner() {
        Manner::FirstMatch => first_match(rules, subjected),
        Manner::Additive => additive(rules, subjected),
    }
}

/// Groups by priority; in each group every policy brings its first matching rule (ruling C3).
fn first_match(rules: &[&Rule], subjected: &Subjected<'_>) -> Opinion {
    let mut groups: BTreeMap<u16, BTreeMap<&PolicyRef, Hit<'_>>> = BTreeMap::new();
    let mut in_order = rules.to_vec();
    in_order.sort_by_key(|rule| rule.origin.index);
    for rule in in_order {
        if let Some(hit) = hit(rule, subjected.matches(rule)) {
            groups.entry(rule.group).or_default().entry(&rule.origin.policy).or_insert(hit);
        }
    }
    let Some(winner) = groups.into_values().next().and_then(strongest) else {
        return Opinion::None(Outcome::NoMatch);
    };
    let Some(mut judgement) = judgement_of(&winner) else {
        return Opinion::None(Outcome::Passed(winner.rule.origin.clone()));
    };
    judgement.undetermined = winner.undetermined
        || judgement.verdict == Verdict::Deny && has_undetermined_allow(rules, subjected);
    Opinion::Judgement(judgement)
}

/// Deny beats Pass beats Allow; of equals the least policy.
fn strongest<'a>(hits: BTreeMap<&PolicyRef, Hit<'a>>) -> Option<Hit<'a>> {
    hits.into_values().min_by_key(|hit| match hit.action {
        Action::Deny => 0,
        Action::Pass => 1,
        Action::Allow => 2,
    })
}

/// Pass leaves the tier.
fn judgement_of(hit: &Hit<'_>) -> Option<Judgement> {
    let verdict = match hit.action {
        Action::Allow => Verdict::Allow,
        Action::Deny => Verdict::Deny,
        Action::Pass => return None,
    };
    Some(Judgement::new(verdict, Reason::Rule(hit.rule.origin.clone())))
}

/// A pod that any rule speaks for is isolated and needs a rule that allows (rulings N19, D2).
fn additive(rules: &[&Rule], subjected: &Subjected<'_>) -> Opinion {
    let isolating: BTreeSet<&PolicyRef> = rules.iter().map(|rule| &rule.origin.policy).collect();
    let allows =
        |rule: &&&Rule| rule.action == Action::Allow && subjected.matches(rule) == Match::Yes;
    let least = rules.iter().filter(allows).map(|rule| &rule.origin).min();
    Opinion::Judgement(match least {
        Some(rule) => Judgement::new(Verdict::Allow, Reason::Rule(rule.clone())),
        None => Judgement {
            verdict: Verdict::Deny,
            reason: Reason::DefaultDeny(isolating.into_iter().cloned().collect()),
            undetermined: has_undetermined_allow(rules, subjected),
        },
    })
}

fn has_undetermined_allow(rules: &[&Rule], subjected: &Subjected<'_>) -> bool {
    rules
        .iter()
        .any(|rule| rule.action == Action::Allow && subjected.matches(rule) == Match::Undetermined)
}
