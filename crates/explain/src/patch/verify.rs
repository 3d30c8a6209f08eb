//! Whether a change opens what was asked for and nothing else: the difference of two tables.
//!
//! Only what a changed rule speaks for can change. So every other rule is left out, and the rest speak
//! for nobody else: then each end is compared by itself, which is stricter than comparing pairs.

use std::collections::BTreeSet;

use analysis::diff::OutsideChange;
use analysis::reach::Options;
use analysis::{Diff, Members, Name, TrafficSet};
use ipnet::IpNet;
use model::{Direction, PodId, Rule};

use super::opening::{Opening, Peer};
use super::reduced::{for_marked, reduced};
use super::refusal::Refusal;
use super::work::{Change, Work};

/// So much is said of what else would change.
const TOLD_MAX: usize = 3;

/// Refuses a change that opens less, more or something else than `opening`.
pub(crate) fn opens_exactly(
    work: &Work<'_>,
    opening: &Opening,
    change: &Change,
) -> Result<(), Refusal> {
    let is_of_end = |rule: &Rule| rule.direction() == opening.direction;
    if !change.removed.iter().chain(&change.added).all(is_of_end) {
        return Err(opening.unmoved());
    }
    let world = work.input().world;
    let affected = affected(work, opening, change);
    let is_about = |rule: &&Rule| {
        is_of_end(rule) && affected.iter().any(|pod| policy::speaks_for(world, rule, *pod))
    };
    let before: Vec<&Rule> = work.rules().filter(is_about).collect();
    let kept = before.iter().copied().filter(|rule| !change.removed.contains(*rule));
    let after: Vec<&Rule> = kept.chain(&change.added).collect();
    let all = before.iter().chain(&after).copied();
    let world = reduced(world, &affected, opening.peers(), all).ok_or_else(|| opening.unmoved())?;
    let (before, after) = (for_marked(before.into_iter()), for_marked(after.into_iter()));
    let diff = analysis::diff((&world, &before), (&world, &after), &Options::default(), false);
    let (opens, closes) = (opened_beyond(&diff, opening), closed(&diff));
    if !opens.is_empty() || !closes.is_empty() {
        return Err(Refusal::Beyond { workload: opening.subject.to_string(), opens, closes });
    }
    if diff.has_opened() { Ok(()) } else { Err(opening.unmoved()) }
}

/// The pods that the opening is about or that a changed rule speaks for.
fn affected(work: &Work<'_>, opening: &Opening, change: &Change) -> BTreeSet<PodId> {
    let world = work.input().world;
    let changed: Vec<&Rule> = change.removed.iter().chain(&change.added).collect();
    let is_affected = |id: PodId| changed.iter().any(|rule| policy::speaks_for(world, rule, id));
    let pods = world.pods().map(|(id, _)| id).filter(|id| is_affected(*id));
    pods.chain(opening.ids.iter().copied()).collect()
}

/// What opened that was not asked for.
fn opened_beyond(diff: &Diff, opening: &Opening) -> Vec<String> {
    let asked = TrafficSet::one(opening.traffic());
    let subject = std::slice::from_ref(&opening.subject);
    let inside = diff.opened.iter().filter(|change| {
        let (subjects, peers) = match opening.direction {
            Direction::Egress => (change.from, change.to),
            Direction::Ingress => (change.to, change.from),
        };
        let is_peer = match &opening.peer {
            Peer::Pods { name, .. } => is_only(diff, peers, std::slice::from_ref(name)),
            Peer::Address { hosts, .. } => is_only(diff, peers, hosts),
        };
        !(*change.ports == asked && is_only(diff, subjects, subject) && is_peer)
    });
    let inside = inside.map(|change| {
        format!("{} to {} on {}", names(diff, change.from), names(diff, change.to), change.ports)
    });
    let outside = diff.outside_opened.iter().filter(|change| {
        let is_peer = match &opening.peer {
            Peer::Address { address, .. } => change.networks == [IpNet::from(*address)],
            Peer::Pods { .. } => false,
        };
        let is_end = change.direction == opening.direction;
        let is_subject = is_only(diff, change.group, subject);
        !(*change.ports == asked && is_end && is_subject && is_peer)
    });
    told(inside.chain(outside.map(|change| outside_words(diff, change))))
}

fn closed(diff: &Diff) -> Vec<String> {
    let inside = diff.closed.iter().map(|change| {
        format!("{} to {} on {}", names(diff, change.from), names(diff, change.to), change.ports)
    });
    told(inside.chain(diff.outside_closed.iter().map(|change| outside_words(diff, change))))
}

fn told(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = all.collect();
    let more = all.len().saturating_sub(TOLD_MAX);
    all.truncate(TOLD_MAX);
    all.extend((more > 0).then(|| format!("{more} more")));
    all
}

fn outside_words(diff: &Diff, change: &OutsideChange) -> String {
    let networks: Vec<String> =
        change.networks.iter().take(TOLD_MAX).map(ToString::to_string).collect();
    let (networks, group) = (networks.join(", "), names(diff, change.group));
    match change.direction {
        Direction::Egress => format!("{group} to {networks} on {}", change.ports),
        Direction::Ingress => format!("{networks} to {group} on {}", change.ports),
    }
}

/// Whether nobody but these is in a group.
fn is_only(diff: &Diff, group: usize, these: &[Name]) -> bool {
    let members = diff.groups.get(group).map(|group| &group.names);
    members.is_some_and(|members| match members {
        Members::Names(names) => names.iter().all(|name| these.contains(name)),
        Members::AllExcept(_) => false,
    })
}

fn names(diff: &Diff, group: usize) -> String {
    match diff.groups.get(group).map(|group| &group.names) {
        Some(Members::Names(names)) if names.len() <= TOLD_MAX => {
            names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        Some(Members::Names(names)) => format!("{} workloads", names.len()),
        Some(Members::AllExcept(_)) | None => "most workloads".to_owned(),
    }
}
