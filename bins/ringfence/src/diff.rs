//! `ringfence diff`: what newly can talk, what no longer can, and the rules that did it.

mod protect;

use std::path::PathBuf;

use analysis::reach::Options;
use analysis::{By, Diff};
use clap::{Args, ValueEnum};
use report::{Crowds, Header, Report};

use crate::cli::Reading;
use crate::exit::Exit;
use crate::input::{self, Manifests, Unreadable};
use crate::output::Output;
use crate::progress;
use crate::word::SelectorWord;

/// What makes the command end with 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Somebody newly can talk
    Opened,
    /// Somebody no longer can
    Closed,
    /// Either
    Any,
}

#[derive(Args, Debug)]
#[command(after_help = "\
With --git, OLD is read as it is at that revision, and NEW (OLD again if not given) as it is now.
With --staged and one PATH alone, what is enforced is compared with what would be if staged policies
were enforced; between two, both sides are judged as if they were.

Examples:
  ringfence diff main/ branch/
  ringfence diff --git origin/main manifests/
  ringfence diff --git origin/main manifests/ --fail-on opened --protect app=db
  ringfence diff before/ after/ --explain -o md
  ringfence diff --staged manifests/")]
pub(crate) struct Arguments {
    /// Manifests before the change
    old: PathBuf,
    /// Manifests after it
    #[arg(required_unless_present_any = ["git", "staged"])]
    new: Option<PathBuf>,
    /// Manifests that are the same before and after, such as the cluster around
    #[arg(short = 'f', long = "filename", value_name = "PATH")]
    both: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    output: Output,
    /// Add the rules that allow on one side and deny on the other
    #[arg(long)]
    explain: bool,
    /// End with 1 if this happened
    #[arg(long, value_enum, value_name = "WHAT")]
    fail_on: Option<FailOn>,
    /// Pods by their labels: with --fail-on opened (the default then), only new ways to these count
    #[arg(long, value_name = "SELECTOR")]
    protect: Option<SelectorWord>,
}

/// Compares two sets of manifests.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    let Ok([old, new]) = sides(arguments) else { return Exit::Incomplete };
    let worlds = [&old, &new].map(|side| (&side.world, &side.rules));
    let [before, after] = worlds;
    let diff = || analysis::diff(before, after, &Options::default(), arguments.explain);
    let diff = progress::during("comparing who reaches whom", diff);
    let header = joined(arguments, &old, &new);
    let said = arguments.output.say(&Report {
        header: &header,
        body: &diff,
        lines: &report::diff::each(&diff),
        table: &report::diff::table(&diff, &Crowds::new(&new.world, By::Workload)),
        closing: &report::diff::closing(&diff),
    });
    match said == Exit::Good && fails(arguments, &diff, &new) {
        true => Exit::Bad,
        false => said,
    }
}

fn sides(arguments: &Arguments) -> Result<[Manifests; 2], Unreadable> {
    let now = Reading { git: None, ..arguments.reading.clone() };
    let enforced = Reading { staged: false, ..now.clone() };
    let is_one = arguments.new.is_none() && arguments.reading.git.is_none();
    let before = if is_one { &enforced } else { &arguments.reading };
    let new = arguments.new.as_ref().unwrap_or(&arguments.old);
    let read = |path: &PathBuf, how: &Reading| {
        let paths = std::iter::once(path).chain(&arguments.both).cloned().collect();
        input::told(input::load_paths(paths, how)?)
    };
    Ok([read(&arguments.old, before)?, read(new, &now)?])
}

fn joined(arguments: &Arguments, old: &Manifests, new: &Manifests) -> Header {
    let header = new.header("diff", arguments.reading.words());
    let inputs = format!("{}..{}", old.digest, new.digest);
    Header { inputs, complete: old.is_complete && new.is_complete, ..header }
}

fn fails(arguments: &Arguments, diff: &Diff, new: &Manifests) -> bool {
    let Arguments { fail_on, protect, .. } = arguments;
    let default = protect.as_ref().map(|_| FailOn::Opened);
    let opened = || match protect {
        Some(selector) => protect::reached(diff, &new.world, selector),
        None => diff.has_opened(),
    };
    match fail_on.or(default) {
        None => false,
        Some(FailOn::Opened) => opened(),
        Some(FailOn::Closed) => diff.has_closed(),
        Some(FailOn::Any) => opened() || diff.has_closed(),
    }
}
