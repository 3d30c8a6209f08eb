//! Intentions as code: what should hold, written as tests, judged with counterexamples.
//!
//! A person writes who may talk to whom; every policy is one way to get there, and changes. Start at
//! [`read()`] for what a file says and [`Judge`] for whether it holds.
//!
//! **Invariant:** no IO, no clock, no randomness; equal inputs give equal answers, in equal order.
//! **Invariant:** nothing here decides a flow. Verdicts are read from tables, and every
//! counterexample is what the oracle says of one flow.
//! **Invariant:** a test that speaks of nobody, or of less than its words say, is an error.

mod counterexample;
mod edges;
mod judge;
mod party;
mod ports;
mod ranges;
mod read;
mod record;
pub mod report;
mod test;

pub use counterexample::{Counterexample, EndSaid, EndShown};
pub use judge::{Expected, Judge, Outcome};
pub use party::Party;
pub use ports::Ports;
pub use read::{API_VERSION, KIND, Problem, read};
pub use record::record;
pub use test::{Case, Kind, PolicyTest};
