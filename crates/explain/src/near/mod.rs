//! Near misses: rules that would allow the flow if one single condition were otherwise.
//!
//! Most denials are one label, one port or one namespace beside what was meant; the list is short and
//! begins with what differs least.

mod condition;
mod sentence;

use model::{Action, Direction, Flow, PodId, Rule, Tier, Verdict};
use policy::{EndTrace, Outcome, Trace};

use crate::excerpt;
use crate::explanation::{By, Near};
use crate::name;
use crate::question::Input;
use condition::Miss;

/// So many are told.
const TOLD_MAX: usize = 5;

/// One end that denies.
pub(crate) struct Denying<'a> {
    pub(crate) input: &'a Input<'a>,
    pub(crate) flow: &'a Flow,
    pub(crate) pod: PodId,
    pub(crate) direction: Direction,
    /// An address that is not known could have changed it.
    pub(crate) undetermined: bool,
}

/// A near miss with what it is sorted by.
struct Found<'a> {
    rule: &'a Rule,
    miss: Miss,
    sentence: String,
    direction: Direction,
    at: Vec<manifest::Span>,
}

/// The nearest of all denying ends, and how many more there are.
pub(crate) fn near(input: &Input<'_>, denied: &[&(&Flow, Trace)]) -> (Vec<Near>, usize) {
    let mut found: Vec<Found<'_>> = Vec::new();
    for (flow, trace) in denied {
        for (direction, end) in
            [(Direction::Egress, &trace.egress), (Direction::Ingress, &trace.ingress)]
        {
            found.extend(of_end(input, flow, direction, end));
        }
    }
    found.sort_by(|one, other| key(one).cmp(&key(other)));
    found.dedup_by(|one, other| one.rule.origin == other.rule.origin);
    let left_out = found.len().saturating_sub(TOLD_MAX);
    let told = found.into_iter().take(TOLD_MAX).map(|found| told(input, found));
    (told.collect(), left_out)
}

fn told(input: &Input<'_>, found: Found<'_>) -> Near {
    let origin = &found.rule.origin;
    let rule = match &found.miss {
        Miss::Subject { .. } => {
            let policy = excerpt::of_policy(input, &origin.policy, "this misses");
            By { name: origin.to_string(), ..policy }
        }
        Miss::Direction | Miss::SubjectNamespace { .. } => {
            excerpt::by(input, origin, &[], "this would match")
        }
        Miss::Port { .. }
        | Miss::Protocol
        | Miss::PortName { .. }
        | Miss::Portless
        | Miss::Namespace { .. }
        | Miss::Label { .. }
        | Miss::Outside { .. }
        | Miss::Excepted { .. }
        | Miss::Unknown { .. } => excerpt::by(input, origin, &found.at, "this misses"),
    };
    Near { direction: found.direction.to_string(), sentence: found.sentence, rule }
}

fn key<'f>(found: &'f Found<'_>) -> (u8, usize, &'f model::RuleRef, &'f str) {
    let (kind, distance) = found.miss.nearness();
    (kind, distance, &found.rule.origin, &found.sentence)
}

fn of_end<'a>(
    input: &'a Input<'a>,
    flow: &Flow,
    direction: Direction,
    end: &EndTrace,
) -> Vec<Found<'a>> {
    // What a Service's address leads to is another question, which the remedy names.
    if end.judgement.verdict == Verdict::Allow || end.backend.is_some() {
        return Vec::new();
    }
    let Some(pod) = name::own(flow, direction).pod() else { return Vec::new() };
    let undetermined = end.judgement.undetermined;
    let denying = Denying { input, flow, pod, direction, undetermined };
    let last = end.stages.iter().rfind(|stage| stage.outcome == Outcome::Decided);
    let last = last.map_or(Tier::Baseline, |stage| stage.tier);
    // A rule of a later stage would not have been asked.
    let rules = input.rules.iter().filter(|rule| rule.action == Action::Allow && rule.tier <= last);
    rules.filter_map(|rule| one(&denying, rule)).collect()
}

fn one<'a>(denying: &Denying<'_>, rule: &'a Rule) -> Option<Found<'a>> {
    let (miss, at) = condition::miss(denying, rule)?;
    let sentence = sentence::sentence(denying, rule, &miss);
    Some(Found { rule, miss, sentence, direction: denying.direction, at })
}
