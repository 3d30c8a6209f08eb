//! The stages of a decision: Admin, NetworkPolicy, Baseline, then allow (ruling C1).
//!
//! Each tier either decides or has no opinion; its manner says how its rules combine.

use std::collections::{BTreeMap, BTreeSet};

use model::{Action, Builtin, Judgement, Manner, PolicyRef, Reason, Rule, Rules, Tier, Verdict};

use crate::matching::{Hit, Match, hit};
use crate::subject::Subjected;

/// Asks every tier in turn.
pub(crate) fn judge(rules: &Rules, subjected: &Subjected<'_>) -> Judgement {
    let rules: Vec<&Rule> = subjected.rules(rules).collect();
    Tier::ALL
        .into_iter()
        .find_map(|tier| opinion(tier, &of_tier(&rules, tier), subjected))
        .unwrap_or_else(|| Builtin::DefaultAllow.into())
}

pub(crate) fn of_tier<'a>(rules: &[&'a Rule], tier: Tier) -> Vec<&'a Rule> {
    rules.iter().copied().filter(|rule| rule.tier == tier).collect()
}

/// What one tier says, or nothing.
pub(crate) fn opinion(tier: Tier, rules: &[&Rule], subjected: &Subjected<'_>) -> Option<Judgement> {
    match tier.manner() {
        Manner::FirstMatch => first_match(rules, subjected),
        Manner::Additive => additive(rules, subjected),
    }
}

/// Groups by priority; in each group every policy brings its first matching rule (ruling C3).
fn first_match(rules: &[&Rule], subjected: &Subjected<'_>) -> Option<Judgement> {
    let mut groups: BTreeMap<u16, BTreeMap<&PolicyRef, Hit<'_>>> = BTreeMap::new();
    let mut in_order = rules.to_vec();
    in_order.sort_by_key(|rule| rule.origin.index);
    for rule in in_order {
        if let Some(hit) = hit(rule, subjected.matches(rule)) {
            groups.entry(rule.group).or_default().entry(&rule.origin.policy).or_insert(hit);
        }
    }
    let winner = strongest(groups.into_values().next()?)?;
    let mut judgement = judgement_of(&winner)?;
    judgement.undetermined = winner.undetermined
        || judgement.verdict == Verdict::Deny && has_undetermined_allow(rules, subjected);
    Some(judgement)
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

/// Nobody is isolated by no rule; an isolated pod needs a rule that allows (rulings N19, D2).
fn additive(rules: &[&Rule], subjected: &Subjected<'_>) -> Option<Judgement> {
    let isolating: BTreeSet<&PolicyRef> = rules.iter().map(|rule| &rule.origin.policy).collect();
    if isolating.is_empty() {
        return None;
    }
    let allows =
        |rule: &&&Rule| rule.action == Action::Allow && subjected.matches(rule) == Match::Yes;
    let least = rules.iter().filter(allows).map(|rule| &rule.origin).min();
    Some(match least {
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
