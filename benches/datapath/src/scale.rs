//! Very many rules on one endpoint: from policies to the kernel, and one rule more.
//!
//! Nothing is refused in advance: what a map has no room for is said in the compiler's own words. The
//! maps are as large as those of a node grow.

use compile::{CompileError, Image, Scope, Slots};
use datapath::Capacities;
use model::Rules;
use plan::PlanError;
use ringfence_benches::endpoint;
use ringfence_kernel::Bench;

use crate::step::{Step, step};
use crate::table::TableError;

/// So many rules, about so many peers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Case {
    pub(crate) rules: u32,
    pub(crate) peers: u32,
    /// How long it may take from policies to the kernel, where more is asked than that it can be.
    pub(crate) seconds_max: Option<f64>,
}

/// What is tried. Rules fill the maps by the peers and ports that they tell apart, so 100,000 of them
/// are tried with few peers and many ports, and the other way round.
const CASES: [Case; 4] = [
    Case { rules: 12_500, peers: 12_500, seconds_max: Some(1.0) },
    Case { rules: 100_000, peers: 1_000, seconds_max: None },
    Case { rules: 100_000, peers: 10_000, seconds_max: None },
    Case { rules: 100_000, peers: 100_000, seconds_max: None },
];

/// A change that was made, or the words in which it was refused.
pub(crate) type Outcome = Result<Step, String>;

/// What became of a case: the middle one of the runs.
#[derive(Clone, Debug)]
pub(crate) struct Scaled {
    pub(crate) case: Case,
    /// From policies and an empty table to the kernel.
    pub(crate) first: Outcome,
    /// One rule more, on top.
    pub(crate) more: Outcome,
}

/// Tries every case so many times.
pub(crate) fn run(times: usize) -> Result<Vec<Scaled>, TableError> {
    CASES.into_iter().map(|case| scaled(case, times)).collect()
}

fn scaled(case: Case, times: usize) -> Result<Scaled, TableError> {
    let runs = (0..times).map(|_| converge(case)).collect::<Result<Vec<_>, _>>()?;
    let (first, more) = runs.into_iter().unzip();
    Ok(Scaled { case, first: middle(first), more: middle(more) })
}

/// A refusal is the same in every run.
fn middle(outcomes: Vec<Outcome>) -> Outcome {
    let mut steps = outcomes.into_iter().collect::<Result<Vec<_>, _>>()?;
    steps.sort_by_key(Step::total);
    Ok(steps.get(steps.len() / 2).copied().unwrap_or_default())
}

fn converge(Case { rules, peers, .. }: Case) -> Result<(Outcome, Outcome), TableError> {
    let (world, all) = endpoint(peers, rules)?;
    let slots = Slots::of(&world, Scope::Node("here"));
    let fewer = Rules::new(all.iter().skip(1).cloned().collect());
    let bench = Bench::with(|config| config.capacities = Capacities::BUDGET)?;
    let mut now = Image::default();
    let first = outcome(step(&bench, (&world, &fewer, &slots), &mut now))?;
    let more = match &first {
        Ok(_) => outcome(step(&bench, (&world, &all, &slots), &mut now))?,
        Err(words) => Err(words.clone()),
    };
    Ok((first, more))
}

/// A table that does not fit is an answer; anything else is a fault.
fn outcome(step: Result<Step, TableError>) -> Result<Outcome, TableError> {
    match step {
        Ok(step) => Ok(Ok(step)),
        Err(TableError::Compile(error @ CompileError::Capacity { .. })) => {
            Ok(Err(error.to_string()))
        }
        Err(TableError::Plan(error @ PlanError::Capacity { .. })) => Ok(Err(error.to_string())),
        Err(error) => Err(error),
    }
}
