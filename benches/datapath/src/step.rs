//! One change, from policies to the kernel: what compiling, planning and writing take of it.
//!
//! Only reading YAML is left out. Numbers of rules are given as an agent gives them, so that the
//! programs count what each decides.

use std::time::{Duration, Instant};

use compile::{Draft, Image, Slots};
use model::{Rules, World};
use plan::Kernel;
use ringfence_kernel::Bench;

use crate::table::TableError;

/// How long each part took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) compile: Duration,
    pub(crate) plan: Duration,
    pub(crate) write: Duration,
    /// Writes into maps.
    pub(crate) writes: usize,
}

impl Step {
    /// From the changed policy to the kernel.
    pub(crate) fn total(&self) -> Duration {
        self.compile + self.plan + self.write
    }
}

/// Compiles all of it anew, for tables as large as the kernel's are, and writes what differs from
/// `now`, which is brought up to date.
pub(crate) fn step(
    bench: &Bench,
    (world, rules, slots): (&World, &Rules, &Slots),
    now: &mut Image,
) -> Result<Step, TableError> {
    let capacities = bench.instance().capacities()?;
    let start = Instant::now();
    let mut wanted = Draft::new(world, rules, slots).compile(&capacities)?.image;
    plan::number(now, &mut wanted);
    let compiled = start.elapsed();
    let ops = plan::plan_within(now, &wanted, &capacities)?;
    let planned = start.elapsed();
    bench.perform(&ops)?;
    let written = start.elapsed();
    ops.iter().for_each(|op| op.apply(now));
    Ok(Step {
        compile: compiled,
        plan: planned.saturating_sub(compiled),
        write: written.saturating_sub(planned),
        writes: ops.len(),
    })
}
