//! A diff is the difference of what the oracle says of both worlds, for everybody who is in both,
//! and all of one side for those who appear or vanish.

#![expect(clippy::expect_used, reason = "a failing seed panics with what replays it")]

mod support;

use std::collections::BTreeSet;

use compile::number;
use model::{Direction, End, Family, PodId, Traffic, Verdict, World};
use ringfence_analysis::diff::{Change, OutsideChange, Why};
use ringfence_analysis::{Diff, Group, Members, Name, Options, diff};
use support::{Case, FAMILIES, case};

fn between(old: &Case, new: &Case, explain: bool) -> Diff {
    let options = Options { families: FAMILIES.to_vec() };
    diff((&old.world, &old.rules), (&new.world, &new.rules), &options, explain)
}

fn names(group: Option<&Group>) -> BTreeSet<&Name> {
    match group.map(|group| &group.names) {
        Some(Members::Names(names)) => names.iter().collect(),
        Some(Members::AllExcept(_)) | None => BTreeSet::new(),
    }
}

fn find(world: &World, name: &Name) -> Option<PodId> {
    world.pods().find(|(_, pod)| Name::of_pod(pod) == *name).map(|(id, _)| id)
}

fn end(world: &World, name: &Name, family: Family) -> Option<End> {
    let id = find(world, name)?;
    let pod = world.pod(id);
    let takes_part = pod.addresses.is_empty() || pod.address(family).is_some();
    takes_part.then(|| world.pod_end(id, family))
}

fn all_names<'a>(old: &'a Case, new: &'a Case) -> BTreeSet<Name> {
    let pods = old.world.pods().chain(new.world.pods());
    pods.map(|(_, pod)| Name::of_pod(pod)).collect()
}

fn says(
    changes: &[Change],
    diff: &Diff,
    from: &Name,
    to: &Name,
    family: Family,
    traffic: Traffic,
) -> Option<Why> {
    let mut changes = changes.iter().filter(|change| {
        change.families.contains(&family)
            && change.ports.contains(traffic)
            && names(diff.groups.get(change.from)).contains(from)
            && names(diff.groups.get(change.to)).contains(to)
    });
    changes.next().map(|change| change.why)
}

/// Compares every pair and traffic of both worlds.
fn compare(old: &Case, new: &Case) -> u32 {
    let diff = between(old, new, false);
    let traffic: BTreeSet<Traffic> = old.traffic.iter().chain(&new.traffic).copied().collect();
    let all = all_names(old, new);
    let mut changes = 0;
    for family in FAMILIES {
        for from in &all {
            for to in all.iter().filter(|to| *to != from) {
                for traffic in &traffic {
                    changes += pair(old, new, &diff, (from, to), family, *traffic);
                }
            }
        }
    }
    changes
}

fn pair(
    old: &Case,
    new: &Case,
    diff: &Diff,
    (from, to): (&Name, &Name),
    family: Family,
    traffic: Traffic,
) -> u32 {
    // What two hosts do is nobody's business.
    let hosts = |case: &Case| {
        let is_host =
            |name| find(&case.world, name).is_some_and(|id| case.world.pod(id).host_network);
        is_host(from) && is_host(to)
    };
    if hosts(old) || hosts(new) {
        return 0;
    }
    let allowed = |case: &Case| {
        let (from, to) = (end(&case.world, from, family)?, end(&case.world, to, family)?);
        Some(case.decide(&from, &to, traffic, family).verdict() == Verdict::Allow)
    };
    let known = |world: &World| find(world, from).is_some() && find(world, to).is_some();
    let (before, after) = (allowed(old), allowed(new));
    let (opened, closed) = match (before, after) {
        (Some(before), Some(after)) => {
            ((!before && after).then_some(Why::Changed), (before && !after).then_some(Why::Changed))
        }
        (before, after) => (
            (after == Some(true) && !known(&old.world)).then_some(Why::Appeared),
            (before == Some(true) && !known(&new.world)).then_some(Why::Vanished),
        ),
    };
    let context = format!("{} to {}: {from} {to} {traffic} {family:?}", old.name, new.name);
    assert_eq!(says(&diff.opened, diff, from, to, family, traffic), opened, "opened, {context}");
    assert_eq!(says(&diff.closed, diff, from, to, family, traffic), closed, "closed, {context}");
    u32::from(opened.is_some()) + u32::from(closed.is_some())
}

fn says_outside(
    changes: &[OutsideChange],
    diff: &Diff,
    pod: &Name,
    direction: Direction,
    end: &End,
    traffic: Traffic,
) -> Option<Why> {
    let address = end.address()?;
    let mut changes = changes.iter().filter(|change| {
        change.direction == direction
            && change.ports.contains(traffic)
            && change.networks.iter().any(|network| network.contains(&address))
            && names(diff.groups.get(change.group)).contains(pod)
    });
    changes.next().map(|change| change.why)
}

/// Compares every pod and address outside, where the address is nobody's on both sides.
fn compare_outside(old: &Case, new: &Case) -> u32 {
    let diff = between(old, new, false);
    let mut changes = 0;
    for outside in old.outside.iter().chain(&new.outside) {
        let Some(address) = outside.address() else { continue };
        if old.world.end_at(address) != new.world.end_at(address) {
            continue;
        }
        for direction in Direction::ALL {
            for pod in &all_names(old, new) {
                for traffic in old.traffic.iter().filter(|it| {
                    !old.is_translated(outside, **it) && !new.is_translated(outside, **it)
                }) {
                    let allowed = |case: &Case| {
                        let own = end(&case.world, pod, Family::of(address))?;
                        own.pod()?;
                        let decision = match direction {
                            Direction::Egress => {
                                case.decide(&own, outside, *traffic, Family::of(address))
                            }
                            Direction::Ingress => {
                                case.decide(outside, &own, *traffic, Family::of(address))
                            }
                        };
                        Some(decision.verdict() == Verdict::Allow)
                    };
                    let (Some(before), Some(after)) = (allowed(old), allowed(new)) else {
                        continue;
                    };
                    let (opened, closed) = (!before && after, before && !after);
                    let says = |changes| {
                        says_outside(changes, &diff, pod, direction, outside, *traffic).is_some()
                    };
                    let context = format!(
                        "{} {}: {pod} {direction} {address} {traffic} {:?}",
                        old.name,
                        new.name,
                        number(address)
                    );
                    assert_eq!(says(&diff.outside_opened), opened, "opened, {context}");
                    assert_eq!(says(&diff.outside_closed), closed, "closed, {context}");
                    changes += u32::from(opened) + u32::from(closed);
                }
            }
        }
    }
    changes
}

/// The same world under the rules of another seed.
fn under(case: Case, other: &Case) -> Case {
    let traffic: BTreeSet<Traffic> = case.traffic.iter().chain(&other.traffic).copied().collect();
    Case { rules: other.rules.clone(), traffic: traffic.into_iter().collect(), ..case }
}

#[test]
fn other_rules_open_and_close_what_the_oracle_says() {
    let mut changes = 0;
    for seed in 0..60 {
        let (old, other) = (case(seed), case(seed + 1));
        let new = under(case(seed), &other);
        changes += compare(&old, &new);
        changes += compare_outside(&old, &new);
    }
    assert!(changes > 5_000, "{changes}");
}

#[test]
fn other_worlds_are_compared_where_they_are_the_same() {
    let mut changes = 0;
    for seed in 0..60 {
        let (old, new) = (case(seed), case(seed + 3));
        changes += compare(&old, &new);
    }
    assert!(changes > 5_000, "{changes}");
}

#[test]
fn nothing_changed_is_nothing() {
    for seed in 0..60 {
        let case = case(seed);
        let diff = between(&case, &case, true);
        assert!(diff.is_empty(), "{}: {diff:?}", case.name);
    }
}

#[test]
fn what_opened_was_denied_and_is_allowed_by_somebody() {
    let mut explained = 0;
    for seed in 0..40 {
        let old = case(seed);
        let new = under(case(seed), &case(seed + 1));
        let diff = between(&old, &new, true);
        for change in diff.opened.iter().chain(&diff.closed) {
            let allowed = change.allowed_by.as_ref().expect("asked");
            let denied = change.denied_by.as_ref().expect("asked");
            assert!(!allowed.egress.is_empty() && !allowed.ingress.is_empty(), "{}", old.name);
            assert!(!denied.egress.is_empty() || !denied.ingress.is_empty(), "{}", old.name);
            explained += 1;
        }
    }
    assert!(explained > 100, "{explained}");
}
