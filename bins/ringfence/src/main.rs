//! The command line: one file a command, and this table of contents.

mod about;
mod agents;
mod at;
mod check;
mod cli;
mod compare;
mod connectivity_test;
mod diff;
mod exit;
mod explain;
mod exposure;
mod flow_line;
mod flow_words;
mod flows;
mod graph;
mod input;
mod install;
mod interrupt;
mod lab;
mod live;
mod outage;
mod output;
mod path;
mod preflight;
mod print;
mod progress;
mod prune;
mod reach;
mod status;
mod sysdump;
mod test;
mod unknown;
mod word;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::cli::{Cli, Command};
use crate::exit::Exit;

/// A large cluster is a million small pieces; the system's allocator takes a quarter of the time.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let parsed = about::named(Cli::command()).try_get_matches();
    match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => run(cli).into(),
        Err(error) => exit::usage(&error),
    }
}

fn run(cli: Cli) -> Exit {
    match cli.command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Exposure(arguments) => exposure::run(&arguments),
        Command::Prune(arguments) => prune::run(&arguments),
        Command::Graph(arguments) => graph::run(&arguments),
        Command::Reach(arguments) => reach::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::ConnectivityTest(arguments) => connectivity_test::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Flows(arguments) => flows::run(&arguments),
        Command::Path(arguments) => path::run(&arguments),
        Command::Sysdump(arguments) => sysdump::run(&arguments),
        Command::Install(arguments) => install::install(&arguments),
        Command::Upgrade(arguments) => install::upgrade(&arguments),
        Command::Uninstall(arguments) => install::uninstall(&arguments),
        Command::Lab(arguments) => lab::run(&arguments),
        Command::Preflight(arguments) => preflight::run(&arguments),
        Command::Disable(arguments) => outage::disable(&arguments),
        Command::Enable(arguments) => outage::enable(&arguments),
        Command::Version(arguments) => about::version(&arguments),
        Command::Completion(arguments) => about::completion(&arguments),
        Command::Man(arguments) => about::man(&arguments),
        Command::LabAgent(making) => lab::agent(&making),
        Command::PodHelper => lab::helper(),
    }
}
