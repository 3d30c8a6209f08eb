//! One node under faults, in one thread: the real compiler, planner and loop over a fake kernel.
//!
//! Everything that happens is drawn from one seed, so a failure is replayed by it. While faults rage
//! only safety is asked for, after every single write; when they stop, the kernel must soon say what
//! the oracle says.
//!
//! **Invariant:** no thread, no clock but the fake one, no chance but the seed's.
//! **Invariant:** the fake does only what a kernel does; each such thing names the test of the real
//! one.

mod agent;
mod arrival;
mod ask;
mod chance;
mod clock;
mod cluster;
mod connection;
mod draw;
mod expect;
mod judge;
mod kernel;
mod simulation;
mod state;
mod tally;
mod watch;

pub use simulation::{Violation, run};
pub use tally::Tally;
