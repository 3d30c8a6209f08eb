//! `ringfence lab run`: the whole way in one process.

use lab::LabError;
use lab::agent::rendered;
use lab::progress::for_standard_error;
use lab::render::Colour;

use crate::exit::Exit;
use crate::lab::arguments::{Output, Run};
use crate::lab::linux::load::{load, settings};
use crate::lab::linux::{refuse, say, tested};

pub(crate) fn run(run: &Run) -> Exit {
    if let Err(error) = lab::preflight() {
        return refuse(&error);
    }
    let Some((world, rules)) = load(&run.making) else { return Exit::Incomplete };
    if !run.tests.is_empty() {
        return tested::run(run, &world, &rules).unwrap_or_else(|error| refuse(&error));
    }
    let report = || -> Result<Exit, LabError> {
        let settings = settings(&run.making)?;
        let mut progress = for_standard_error();
        let report = lab::run(settings, world.clone(), rules.clone(), progress.as_mut())?;
        let colour = if run.output.colour() { Colour::Yes } else { Colour::No };
        say(&rendered(&report, &world, &rules, run.output.into(), colour)?);
        complain(&report, run.output);
        Ok(if report.is_good() { Exit::Good } else { Exit::Bad })
    };
    report().unwrap_or_else(|error| refuse(&error))
}

/// How many differences are spelled out; `-o table` has them all.
const SPELLED_OUT: usize = 20;

/// What went wrong, and the counts as the very last line.
pub(super) fn complain(report: &lab::RunReport, output: Output) {
    if !output.is_text() {
        return;
    }
    say("");
    for (probe, outcome) in report.control_failed.iter().take(SPELLED_OUT) {
        let traffic = probe.flow.traffic();
        say(&format!("control run: {} -> {} {traffic}: {outcome}", probe.from, probe.to));
    }
    let differing = report.results.iter().filter(|result| !result.differences.is_empty());
    for result in differing.take(SPELLED_OUT) {
        let probe = &result.probe;
        let (from, to, traffic) = (&probe.from, &probe.to, probe.flow.traffic());
        for difference in &result.differences {
            say(&format!(
                "difference: {from} -> {to} {} {traffic}: {difference}",
                probe.destination
            ));
        }
    }
    say(&report.counts().to_string());
}
