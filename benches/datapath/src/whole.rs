//! Compiling one node's table in a cluster of full size, in a process of its own.
//!
//! A process by itself has a peak of memory that nothing before it could have raised.

use std::process::Command;
use std::time::{Duration, Instant};

use compile::{CompileError, Scope, Slots, compile};
use model::WorldError;
use ringfence_benches::{Cluster, node_name};

/// The argument that asks for one compilation instead of the whole benchmark.
pub(crate) const ONCE: &str = "compile-once";

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WholeError {
    #[error("the cluster of full size is no world")]
    World(#[from] WorldError),
    #[error("the cluster of full size does not compile")]
    Compile(#[from] CompileError),
    #[error("cannot run this program again")]
    Start(#[from] std::io::Error),
    #[error("this program, run again, said `{said}`")]
    Answer { said: String },
}

/// What one compilation took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Whole {
    pub(crate) time: Duration,
    /// At the peak, everything included.
    pub(crate) memory_kib: u64,
}

/// Compiles in a new process.
pub(crate) fn measure() -> Result<Whole, WholeError> {
    let output = Command::new(std::env::current_exe()?).arg(ONCE).output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<u64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers.as_slice() {
        [microseconds, memory_kib] => {
            Ok(Whole { time: Duration::from_micros(*microseconds), memory_kib: *memory_kib })
        }
        _ => Err(WholeError::Answer { said }),
    }
}

/// Compiles here and says how long it took and how much memory there was at most.
pub(crate) fn once() -> Result<(), WholeError> {
    let (world, rules) = (Cluster::FULL.world()?, Cluster::FULL.rules());
    let node = node_name(0);
    let start = Instant::now();
    let compiled = compile(&world, &rules, &Slots::of(&world, Scope::Node(&node)))?;
    let took = start.elapsed();
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let memory = line.split_whitespace().next().unwrap_or_default();
    println!("{} {memory}", took.as_micros());
    drop(compiled);
    Ok(())
}
