//! Rules that change nothing: said twice, said wider elsewhere, or never asked.
//!
//! Judged by their words (see `cover`), so that the pods of tomorrow do not make it wrong.

use std::collections::BTreeMap;

use model::{Action, Direction, Manner, Peers, Rule, Selector, Subject, Tier};

use crate::cover;
use crate::facts::Facts;
use crate::found::Found;
use crate::written::{Policy, Written};

type Said<'f, 'a> = (&'f Policy<'a>, &'f Written<'a>);

/// RF025.
pub(crate) fn duplicate(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    overlapping(facts, |(policy, written), (other_policy, other), is_equal| {
        if is_equal {
            let message = format!("this rule is {} again", other.rule.origin);
            let raw = found.at(policy.object, written.at, message);
            raw.fix("remove one of them").and_at([other.at]);
            debug_assert!(other_policy.reference <= policy.reference);
        }
    });
}

/// RF026.
pub(crate) fn redundant(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    overlapping(facts, |(policy, written), (_, other), is_equal| {
        if !is_equal {
            let message = format!("{} allows all of this already", other.rule.origin);
            let raw = found.at(policy.object, written.at, message);
            raw.fix("remove this rule, or narrow the other").and_at([other.at]);
        }
    });
}

/// Calls `report` once for each allowing rule of an additive tier that another one covers.
fn overlapping<'a>(facts: &Facts<'a>, mut report: impl FnMut(Said<'_, 'a>, Said<'_, 'a>, bool)) {
    for group in by_namespace(facts).values() {
        for (position, one) in group.iter().enumerate() {
            let covering = group.iter().enumerate().find(|(other, it)| {
                let (rule, wide) = (one.1.rule, it.1.rule);
                let is_wider = *other != position
                    && cover::subject(&wide.subject, &rule.subject)
                    && cover::matches(wide, rule);
                // Of two equal ones the later is the duplicate.
                is_wider && (*other < position || !says_the_same(wide, rule))
            });
            if let Some((_, other)) = covering {
                report(*one, *other, says_the_same(other.1.rule, one.1.rule));
            }
        }
    }
}

fn says_the_same(one: &Rule, other: &Rule) -> bool {
    cover::subject(&one.subject, &other.subject)
        && cover::subject(&other.subject, &one.subject)
        && cover::matches(one, other)
        && cover::matches(other, one)
}

/// Only rules of one namespace and direction can cover each other in the additive tier.
fn by_namespace<'f, 'a>(facts: &'f Facts<'a>) -> BTreeMap<(&'a str, Direction), Vec<Said<'f, 'a>>> {
    let mut groups: BTreeMap<_, Vec<Said<'f, 'a>>> = BTreeMap::new();
    for policy in &facts.policies {
        let Some(namespace) = policy.reference.namespace.as_deref() else { continue };
        for written in &policy.rules {
            let only_isolates =
                matches!(&written.rule.peers, Peers::OneOf(peers) if peers.is_empty());
            if written.rule.tier.manner() == Manner::Additive && !only_isolates {
                let group = groups.entry((namespace, written.rule.direction())).or_default();
                group.push((policy, written));
            }
        }
    }
    groups
}

/// RF027.
pub(crate) fn shadowed(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    unreached(facts, |(policy, written), (_, other)| {
        if !is_lost_deny(written.rule, other.rule) {
            let message = format!("never asked: {} decides all of this before", other.rule.origin);
            found.at(policy.object, written.at, message).and_at([other.at]);
        }
    });
}

/// RF028.
pub(crate) fn deny_never_reached(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    unreached(facts, |(policy, written), (_, other)| {
        if is_lost_deny(written.rule, other.rule) {
            let word = if other.rule.action == Action::Pass { "passes" } else { "accepts" };
            let message =
                format!("this Deny denies nothing: {} {word} all of it before", other.rule.origin);
            let raw = found.at(policy.object, written.at, message);
            raw.fix("move it before that rule").and_at([other.at]);
        }
    });
}

fn is_lost_deny(rule: &Rule, before: &Rule) -> bool {
    rule.action == Action::Deny && before.action != Action::Deny
}

/// Calls `report` once for each rule of a first-match tier that an earlier rule leaves nothing to.
fn unreached<'a>(facts: &Facts<'a>, mut report: impl FnMut(Said<'_, 'a>, Said<'_, 'a>)) {
    let mut by_subject: BTreeMap<(Tier, Direction, &Subject), Vec<Said<'_, 'a>>> = BTreeMap::new();
    for policy in &facts.policies {
        for written in &policy.rules {
            let rule = written.rule;
            if rule.tier.manner() == Manner::FirstMatch {
                let key = (rule.tier, rule.direction(), &rule.subject);
                by_subject.entry(key).or_default().push((policy, written));
            }
        }
    }
    for ((tier, direction, subject), said) in &by_subject {
        let wider = by_subject.iter().filter(|((other_tier, other_direction, wide), _)| {
            tier == other_tier && direction == other_direction && cover::subject(wide, subject)
        });
        let candidates: Vec<Said<'_, 'a>> = wider.flat_map(|(_, said)| said).copied().collect();
        for one in said {
            let rule = one.1.rule;
            let before = |other: &&Said<'_, 'a>| {
                is_before(other.1.rule, rule) && cover::matches(other.1.rule, rule)
            };
            let covering = candidates.iter().filter(before).min_by_key(|other| order(other.1.rule));
            if let Some(other) = covering {
                report(*one, *other);
            }
        }
    }
}

fn order(rule: &Rule) -> (u16, u32) {
    (rule.group, rule.origin.index)
}

/// Between policies of one priority the order is not theirs (ruling C3).
fn is_before(one: &Rule, other: &Rule) -> bool {
    match one.group.cmp(&other.group) {
        std::cmp::Ordering::Less => true,
        std::cmp::Ordering::Equal => {
            one.origin.policy == other.origin.policy && one.origin.index < other.origin.index
        }
        std::cmp::Ordering::Greater => false,
    }
}

/// Whether a selector selects everything.
pub(crate) fn is_everything(selector: &Selector) -> bool {
    selector.requirements().next().is_none()
}
