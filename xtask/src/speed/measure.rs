//! Measures one process: its seconds, and the most memory that it held.
//!
//! The kernel tells only the most of all children, so each measurement is a process of its own.

use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

use crate::process::{self, ProcessError};

/// A process that takes longer is ended.
const SECONDS_MAX: u32 = 180;
/// What `timeout` ends with where it had to end a process.
const TIMED_OUT: i32 = 124;

/// Why a process was not measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MeasureError {
    #[error("cannot run this program again")]
    Own(#[source] std::io::Error),
    #[error("cannot start what is measured")]
    Start(#[source] std::io::Error),
    #[error("cannot ask for the memory of a process")]
    Usage(#[source] nix::Error),
    #[error("cannot read a measurement")]
    Read(#[from] serde_json::Error),
    #[error("a measurement failed")]
    Process(#[from] ProcessError),
}

/// One process.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) seconds: f64,
    pub(crate) mebibytes: f64,
    pub(crate) code: Option<i32>,
}

impl Measured {
    /// Whether it was ended because it took too long.
    pub(crate) fn timed_out(self) -> bool {
        self.code == Some(TIMED_OUT)
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.timed_out() {
            true => write!(f, "not finished in {SECONDS_MAX} s"),
            false => write!(f, "{:.2} s, {:.0} MiB", self.seconds, self.mebibytes),
        }
    }
}

/// Runs `words` once and prints what was measured.
pub(crate) fn measure(words: &[String]) -> Result<(), MeasureError> {
    let start = Instant::now();
    let mut command = Command::new("timeout");
    command.arg(SECONDS_MAX.to_string()).args(words);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().map_err(MeasureError::Start)?;
    let seconds = start.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(MeasureError::Usage)?;
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let mebibytes = usage.max_rss() as f64 / 1024.0;
    let measured = Measured { seconds, mebibytes, code: status.code() };
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

/// The fastest of `runs` runs: what a machine that does nothing else would need.
pub(crate) fn best(words: &[String], runs: u32, folder: &Path) -> Result<Measured, MeasureError> {
    let mut best: Option<Measured> = None;
    for _ in 0..runs.max(1) {
        let next = once(words, folder)?;
        best = Some(match best {
            Some(best) if best.seconds <= next.seconds => best,
            Some(_) | None => next,
        });
        if next.timed_out() {
            break;
        }
    }
    best.map_or_else(|| once(words, folder), Ok)
}

fn once(words: &[String], folder: &Path) -> Result<Measured, MeasureError> {
    let own = std::env::current_exe().map_err(MeasureError::Own)?;
    let said = process::output(process::command(own, folder).arg("measure").arg("--").args(words))?;
    Ok(serde_json::from_str(&said)?)
}

#[cfg(test)]
mod tests {
    use super::Measured;

    #[test]
    fn what_took_too_long_says_so() {
        let measured = Measured { seconds: 180.0, mebibytes: 10.0, code: Some(124) };
        assert_eq!(measured.to_string(), "not finished in 180 s");
        let measured = Measured { seconds: 1.234, code: Some(1), ..measured };
        assert_eq!(measured.to_string(), "1.23 s, 10 MiB");
    }
}
