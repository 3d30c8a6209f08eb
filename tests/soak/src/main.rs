//! `soak`: runs for as long as it is told to, and ends with one line.
//!
//! It needs root. 0 when every packet fared as it had to and the numbers were reached, 1 when not. A
//! scaled run says what it did not reach, and fails only far below it: how fast a machine is today is no
//! fault of a change.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Parser, ValueEnum};
use soak::{Options, Outcome, Sabotage, Scale, SoakError};

/// Pods start and stop, policies flip, agents are killed and upgraded, and every packet is judged
#[derive(Parser)]
#[command(name = "soak", version)]
struct Cli {
    /// How long: a full run is 10m, a shorter one does its share
    #[arg(long, default_value = "10m", value_parser = humantime::parse_duration)]
    duration: Duration,
    /// What everything random is drawn from; drawn itself where it is not given
    #[arg(long)]
    seed: Option<u64>,
    /// The agent's program; the one beside this program where it is not given
    #[arg(long, value_name = "PROGRAM")]
    agent: Option<PathBuf>,
    /// The agent of another version: it begins, ours takes over, and it takes over again
    #[arg(long, value_name = "PROGRAM", conflicts_with = "sabotage")]
    previous: Option<PathBuf>,
    /// Makes something go wrong, to see that it is noticed
    #[arg(long, value_enum)]
    sabotage: Option<Wrong>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Wrong {
    /// An agent that starts clears its endpoints
    Clear,
    /// Pods run before their hooks are attached
    Late,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match start(&cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {}", chain(&error));
            ExitCode::from(2)
        }
    }
}

fn start(cli: &Cli) -> Result<bool, SoakError> {
    let seed = cli.seed.unwrap_or_else(drawn);
    let scale = match cli.previous {
        None => Scale::of(cli.duration),
        Some(_) => Scale::of(cli.duration).of_versions(),
    };
    let beside = || {
        let own = std::env::current_exe().unwrap_or_default();
        own.with_file_name("soak-agent")
    };
    let sabotage = cli.sabotage.map(|wrong| match wrong {
        Wrong::Clear => Sabotage::Clear,
        Wrong::Late => Sabotage::Late,
    });
    let agent = cli.agent.clone().unwrap_or_else(beside);
    println!("seed={seed} duration={}", humantime::format_duration(cli.duration));
    if scale.is_scaled {
        let Scale { starts, flips, .. } = scale;
        println!("scaled to the duration: {starts} starts and {flips} flips are to be reached");
    }
    let outcome =
        soak::run(&Options { scale, seed, agent, previous: cli.previous.clone(), sabotage })?;
    Ok(told(&outcome, &scale))
}

/// Prints what came of a run. Returns whether it is good.
fn told(outcome: &Outcome, scale: &Scale) -> bool {
    let counts = &outcome.counts;
    println!(
        "delivered={} denied={} undecided={} ended={} late={} slow={}",
        counts.delivered, counts.denied, counts.undecided, counts.ended, counts.late, counts.slow
    );
    println!(
        "stops={} killed_at_work={} upgrades={} idle_starts={} idle_writes={}",
        outcome.stops,
        outcome.killed_at_work,
        outcome.upgrades,
        outcome.idle_starts,
        outcome.idle_writes
    );
    println!("time spent: {}", outcome.spent);
    let wanting = outcome.wanting(scale);
    wanting.iter().for_each(|line| println!("not reached: {line}"));
    println!(
        "starts={} flips={} kills={} packets={} forbidden={} wrongly_dropped={}",
        outcome.starts,
        outcome.flips,
        outcome.kills,
        counts.packets,
        counts.forbidden,
        counts.wrongly_dropped
    );
    let least = if scale.is_scaled { scale.quarter() } else { *scale };
    let is_enough = outcome.wanting(&least).is_empty();
    is_enough && outcome.idle_writes == 0 && counts.forbidden == 0 && counts.wrongly_dropped == 0
}

fn drawn() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs() ^ u64::from(since.subsec_nanos()) << 20
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
