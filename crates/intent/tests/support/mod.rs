//! Generated worlds with what a test file needs: places, and a way to read YAML against them.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::panic, reason = "a failing seed panics with what replays it")]

pub(crate) mod shop;

use manifest::{Document, Options};
use model::{Rules, World};
use ringfence_intent::{Judge, PolicyTest, Problem, read, report::Report};
use testkit::generate::Generated;

/// A world and its rules.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) world: World,
    pub(crate) rules: Rules,
}

/// The case of a seed; every third world forgets its pods' addresses, and where they may be.
pub(crate) fn case(seed: u64) -> Case {
    let drawn = Generated::of_pods(seed);
    let mut parts = drawn.world.into_parts();
    if seed % 3 == 2 {
        parts.pods.iter_mut().for_each(|pod| pod.addresses.clear());
        parts.pod_networks.clear();
    }
    let world = World::new(parts).unwrap_or_else(|error| panic!("{error}"));
    Case { name: format!("seed {seed}"), world, rules: drawn.rules }
}

/// The tests in `text`, read against `judge`'s world.
pub(crate) fn tests(
    text: &str,
    world: &World,
    judge: &Judge<'_>,
) -> (Vec<PolicyTest>, Vec<Problem>) {
    let documents = [Document { name: "a.policytest.yaml".into(), text: text.into() }];
    let reading = manifest::read(&documents, &Options::default());
    assert!(reading.is_complete(), "{:?}\n{text}", reading.problems);
    read(&reading.written, &documents, world, judge.roster())
}

/// What becomes of the tests in `text`, all of which can be read.
pub(crate) fn judged(text: &str, world: &World, rules: &Rules) -> Report {
    let judge = Judge::new(world, rules);
    let (tests, problems) = tests(text, world, &judge);
    let said: Vec<String> = problems
        .iter()
        .map(|problem| format!("{}: {problem} {:?}", problem.line(), problem.hint()))
        .collect();
    assert!(said.is_empty(), "{said:#?}\n{text}");
    Report::of(&tests, &judge)
}
