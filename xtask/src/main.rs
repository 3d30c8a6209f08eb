//! The logic behind the make targets: tests over all tiers, tidiness, mutants and fuzzing.
//!
//! It is Rust and not shell so that it has tests of its own; only what must run before Rust is
//! installed is in `scripts/setup.sh`.

#![cfg_attr(
    test,
    allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails loudly")
)]

mod bench_datapath;
mod cli;
mod coverage;
mod files;
mod fuzz;
mod fuzz_parser;
mod guest;
mod kernels;
mod mutants;
mod previous;
mod process;
mod sbom;
mod soak;
mod speed;
mod suite;
mod test;
mod tidy;
mod upstream;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Task};

/// How a task ended, in the exit codes of every command of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// 0
    Well,
    /// 1: the answer is bad.
    Badly,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match run(cli.task) {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Badly) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {}", chain(error.as_ref()));
            ExitCode::from(2)
        }
    }
}

fn run(task: Task) -> Result<Ended, Box<dyn std::error::Error>> {
    let root = workspace::root();
    Ok(match task {
        Task::Test => test::run(&root)?,
        Task::Tidy => tidy::run(&root)?,
        Task::Mutants(options) => mutants::run(&root, &options)?,
        Task::Fuzz(options) => fuzz::run(&root, &options)?,
        Task::FuzzParser(options) => fuzz_parser::run(&root, &options)?,
        Task::Coverage => coverage::run(&root)?,
        Task::Kernels(options) => kernels::run(&root, &options)?,
        Task::Guest => {
            guest::run()?;
            Ended::Well
        }
        Task::BenchDatapath(options) => bench_datapath::run(&root, options.quick)?,
        Task::Soak(options) => soak::run(&root, &options)?,
        Task::Suite(options) => upstream::run(&root, &options)?,
        Task::Speed => speed::run(&root)?,
        Task::Sbom(options) => {
            sbom::run(&root, &options)?;
            Ended::Well
        }
        Task::Measure(measure) => {
            speed::measure(&measure.words)?;
            Ended::Well
        }
    })
}

/// Help and version are answers, everything else is a usage error.
fn usage(error: &clap::Error) -> ExitCode {
    // Nothing is left to do where the terminal itself is gone.
    drop(error.print());
    if error.use_stderr() { ExitCode::from(64) } else { ExitCode::SUCCESS }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
