//! The long-running process that enforces: an agent without a cluster, fed by lines.
//!
//! It is a program of its own so that it can be killed, and so that the same lines can be given to
//! the agent of another version. Nothing it does outlives it but what is in the kernel.

mod heritage;
mod node;
mod protocol;
mod seats;

use std::{
    fs::File,
    io::{BufRead, Write},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use nix::sched::{CloneFlags, setns};
use plan::Op;

use crate::node::{AgentError, Node};
use crate::protocol::{Reply, Request};

/// How many writes are told in words.
const TOLD_MAX: usize = 8;

/// What a self-test makes an agent do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sabotage {
    /// It does what it should.
    None,
    /// It clears its endpoints when it starts.
    Clear,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("soak-agent: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `soak-agent PINS NETNS REPORT_INTERVAL_MS [clear]`
fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let pins = PathBuf::from(words.next().ok_or("no folder for pins")?);
    let netns = File::open(words.next().ok_or("no network namespace")?)?;
    let interval = Duration::from_millis(words.next().ok_or("no interval")?.parse()?);
    let sabotage = match words.next().as_deref() {
        Some("clear") => Sabotage::Clear,
        Some(_) | None => Sabotage::None,
    };
    setns(netns, CloneFlags::CLONE_NEWNET)?;
    let mut node = Node::open(pins, interval, sabotage)?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        let reply = match node.handle(&request) {
            Ok(writes) => done(&writes),
            Err(error) => Reply::Failed { message: chain(&error) },
        };
        writeln!(out, "{}", serde_json::to_string(&reply)?)?;
        out.flush()?;
    }
    Ok(())
}

/// More than a few writes are not told in words.
fn done(writes: &[Op]) -> Reply {
    let first = writes.iter().take(TOLD_MAX).map(|op| format!("{op:?}")).collect();
    Reply::Done { writes: writes.len(), first }
}

fn chain(error: &AgentError) -> String {
    let causes =
        std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
