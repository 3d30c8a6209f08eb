//! Subjects that come and go: processes that rules begin or cease to tell apart.
//!
//! A subject begins as what its pod is and ends as that, so in between only its sets change, as any
//! endpoint's do. Nobody is led to a slot whose words are not there.

use std::collections::BTreeMap;

use abi::{Endpoint, SubjectKey};
use compile::{Capacities, Counts, Image};

use crate::phase::cross;
use crate::{Op, PlanError};

/// The writes that lead from `observed` to an image that behaves as `wanted`, in tables of the usual
/// capacities; none if it does.
///
/// # Errors
/// Where a map would overflow on the way, or a slot changes its subject; see
/// [`compile::Slots::keep_subjects`].
pub fn plan(observed: &Image, wanted: &Image) -> Result<Vec<Op>, PlanError> {
    plan_within(observed, wanted, &Capacities::default())
}

/// As [`plan`], in tables of these capacities. A table that does not grow may be larger already.
///
/// # Errors
/// As [`plan`].
pub fn plan_within(
    observed: &Image,
    wanted: &Image,
    capacities: &Capacities,
) -> Result<Vec<Op>, PlanError> {
    let (ops, needed) = planned(observed, wanted)?;
    needed.fit(&capacities.at_least(Counts::of(observed)))?;
    Ok(ops)
}

/// How many entries of each table the plan from `observed` to `wanted` needs at its widest.
///
/// # Errors
/// Where a slot changes its subject.
pub fn needed(observed: &Image, wanted: &Image) -> Result<Counts, PlanError> {
    Ok(planned(observed, wanted)?.1)
}

fn planned(observed: &Image, wanted: &Image) -> Result<(Vec<Op>, Counts), PlanError> {
    let ending = missing(observed, wanted);
    let begins_in = |slot: &&u32| missing(wanted, observed).values().any(|taken| taken == *slot);
    if let Some(slot) = ending.values().find(begins_in) {
        return Err(PlanError::SlotTaken { slot: *slot });
    }
    let mut ops = begin(observed, wanted);
    let mut now = observed.clone();
    ops.iter().for_each(|op| op.apply(&mut now));
    let (crossing, needed) = cross(&now, &with_ending(wanted, &ending));
    ops.extend(crossing);
    ops.extend(end(&ending));
    Ok((ops, needed))
}

/// The subjects of `one` that `other` does not have, or has in another slot.
fn missing(one: &Image, other: &Image) -> BTreeMap<SubjectKey, u32> {
    let subjects = one.subjects.iter().filter(|(key, slot)| other.subjects.get(key) != Some(*slot));
    subjects.map(|(key, slot)| (*key, *slot)).collect()
}

/// New ones get their pods' words, and are led to after that.
fn begin(observed: &Image, wanted: &Image) -> Vec<Op> {
    let of = |(key, slot): (SubjectKey, u32)| match as_pod(observed, &key) {
        Some(words) => begin_subject(key, slot, words).to_vec(),
        None => vec![Op::Subject { key, slot }],
    };
    missing(wanted, observed).into_iter().flat_map(of).collect()
}

/// What `key` is where nobody names it.
fn as_pod(image: &Image, key: &SubjectKey) -> Option<Endpoint> {
    image.endpoints.get(&key.endpoint).map(|pod| pod.as_subject())
}

fn with_ending(wanted: &Image, ending: &BTreeMap<SubjectKey, u32>) -> Image {
    let mut image = wanted.clone();
    for (key, slot) in ending {
        image.subjects.insert(*key, *slot);
        if let Some(record) = as_pod(wanted, key) {
            image.endpoints.insert(*slot, record);
        }
    }
    image
}

fn end(ending: &BTreeMap<SubjectKey, u32>) -> Vec<Op> {
    ending.iter().flat_map(|(key, slot)| end_subject(*key, *slot)).collect()
}

/// The writes that make a subject begin with `words`. Nobody is led to it before they are there.
#[must_use]
pub fn begin_subject(key: SubjectKey, slot: u32, words: Endpoint) -> [Op; 2] {
    let record = words.as_subject();
    [Op::Endpoint { endpoint: slot, record }, Op::Subject { key, slot }]
}

/// The writes that end one: its words go when nobody is led to them any more.
#[must_use]
pub fn end_subject(key: SubjectKey, slot: u32) -> [Op; 2] {
    [Op::NoSubject { key }, Op::Endpoint { endpoint: slot, record: Endpoint::default() }]
}
