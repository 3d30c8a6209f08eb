//! `ringfence lab run --test`: tests judged by the packets that arrived.
//!
//! The flows of the tests are probed and no others, so a large lab answers a small question fast.

use std::collections::BTreeMap;

use intent::report;
use intent::{Judge, PolicyTest};
use lab::agent::rendered;
use lab::{LabError, Outcome, ProbeResult};

use lab::progress::for_standard_error;
use model::{Decision, Flow, Rules, Verdict, World};

use crate::exit::Exit;
use crate::lab::arguments::Run;
use crate::lab::linux::load::settings;
use crate::lab::linux::run::complain;
use crate::lab::linux::say;
use crate::print::tells_colour;
use crate::test::load::Tests;

pub(crate) fn run(run: &Run, world: &World, rules: &Rules) -> Result<Exit, LabError> {
    let judge = Judge::new(world, rules);
    let named = Tests::named(&run.tests, &run.making.input.reading);
    let Ok(tests) = named.and_then(|tests| tests.resolved(world, &judge)) else {
        return Ok(Exit::Incomplete);
    };
    let flows = flows(&tests, &judge, world, rules);
    let mut progress = for_standard_error();
    let settings = settings(&run.making)?;
    let seen = lab::verify(settings, world.clone(), rules.clone(), &flows, progress.as_mut())?;
    let colour =
        if run.output.colour() { lab::render::Colour::Yes } else { lab::render::Colour::No };
    say(&rendered(&seen, world, rules, run.output.into(), colour)?);
    let arrived: BTreeMap<&Flow, Verdict> =
        seen.results.iter().filter_map(|it| Some((&it.probe.flow, arrived(it)?))).collect();
    let result = report::Report::judged(&tests, |case| {
        judge.judge_seen(case, |flow| arrived.get(flow).copied())
    });
    let text = report::text(&result, tells_colour(None).into());
    match run.output.is_text() {
        true => say(&text),
        false => eprint!("{text}"),
    }
    if seen.left_out > 0 {
        eprintln!("{} flows of the tests can be no packet of a lab", seen.left_out);
    }
    complain(&seen, run.output);
    Ok(if result.failed == 0 && seen.is_good() { Exit::Good } else { Exit::Bad })
}

/// Every flow that some test is about, once, and what the oracle says of it.
fn flows(
    tests: &[PolicyTest],
    judge: &Judge<'_>,
    world: &World,
    rules: &Rules,
) -> Vec<(Flow, Decision)> {
    let cases = tests.iter().flat_map(|test| &test.cases);
    let expected = cases.flat_map(|case| judge.expected(case)).map(|expected| expected.flow);
    let all: BTreeMap<Flow, Decision> = expected
        .map(|flow| {
            let decision = policy::decide(world, rules, &flow);
            (flow, decision)
        })
        .collect();
    all.into_iter().collect()
}

/// What became of a probe; nothing where the attempt itself failed.
fn arrived(result: &ProbeResult) -> Option<Verdict> {
    match result.outcome {
        Outcome::Reached { .. } => Some(Verdict::Allow),
        Outcome::Timeout | Outcome::Forbidden => Some(Verdict::Deny),
        // Somebody answered, if only to say no.
        Outcome::Refused => Some(Verdict::Allow),
        Outcome::Error { .. } => None,
    }
}
