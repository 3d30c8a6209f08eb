//! `ringfence diff`: what newly can talk, what no longer can, and the rules that did it.

mod certain;
mod protect;

use std::path::PathBuf;

use analysis::{By, Diff};
use clap::{Args, ValueEnum};
use report::{Header, Report};

use crate::cli::Reading;
use crate::exit::Exit;
use crate::input::{self, Manifests, Unreadable};
use crate::live;
use crate::output::Output;
use crate::progress;
use crate::unknown::Body;
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
Over a cluster one PATH is what would be applied to it, and two are what was and what would be.

Examples:
  ringfence diff main/ branch/
  ringfence diff --git origin/main manifests/
  ringfence diff --git origin/main manifests/ --fail-on opened --protect app=db
  ringfence diff before/ after/ --explain -o md
  ringfence diff --staged manifests/
  ringfence diff --live manifests/
  ringfence diff --context production --git HEAD~1 manifests/")]
pub(crate) struct Arguments {
    /// Manifests before the change; alone over a cluster, what is applied to it
    #[arg(required_unless_present_any = ["live", "context", "kubeconfig", "all_namespaces"])]
    old: Option<PathBuf>,
    /// Manifests after it
    #[arg(required_unless_present_any = [
        "git", "staged", "live", "context", "kubeconfig", "all_namespaces",
    ])]
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
    let compare = || certain::compare(&old, &new, arguments.explain);
    let (diff, unknown) = progress::during("comparing who reaches whom", compare);
    let crowds = new.crowds(By::Workload);
    let header = joined(arguments, &old, &new);
    let rest: Vec<String> = new.rest().into_iter().collect();
    let said = arguments.output.say(&Report {
        header: &header,
        body: &Body::new(&diff, &[], &report::diff::each(&unknown)),
        lines: &report::diff::each(&diff),
        table: &report::diff::table(&diff, &crowds),
        closing: &[certain::rows(&unknown, &crowds), report::diff::closing(&diff), rest].concat(),
    });
    match said == Exit::Good && fails(arguments, &diff, &new) {
        true => Exit::Bad,
        false => said,
    }
}

fn sides(arguments: &Arguments) -> Result<[Manifests; 2], Unreadable> {
    let Arguments { old, new, reading, both, .. } = arguments;
    // One moment of a cluster for both sides.
    let cluster = live::snapshot(reading)?;
    let now = Reading { git: None, ..reading.clone() };
    let enforced = Reading { staged: false, ..now.clone() };
    let is_one = new.is_none() && reading.git.is_none();
    let is_applied = cluster.is_some() && is_one;
    let is_staged_alone = if cluster.is_some() { old.is_none() } else { is_one };
    let how = if is_staged_alone { &enforced } else { reading };
    let before = old.as_ref().filter(|_| !is_applied);
    let after = new.as_ref().or(old.as_ref());
    let read = |path: Option<&PathBuf>, how: &Reading| {
        let paths = path.into_iter().chain(both).cloned().collect();
        input::told(input::load_over(paths, how, cluster.as_ref(), input::REPLICAS_MAX)?)
    };
    Ok([read(before, how)?, read(after, &now)?])
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
