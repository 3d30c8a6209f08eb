//! Tries on a cluster whether its network does what the oracle says.
//!
//! Pods of its own on every node are probed under one set of policies after another. What each probe
//! must find is never written down here: it is what `policy` says of the cluster's objects at that
//! moment, so a difference is always between what is proved and what the kernels do.
//!
//! **Invariant:** it removes what it made and nothing else; whose it is says a label.
//! **Invariant:** a test in which nothing was allowed, or nothing denied, has failed.

mod answer;
mod error;
mod exec;
mod leftover;
mod objects;
mod probe;
mod ready;
mod report;
mod round;
mod run;
mod stage;
mod step;
mod switch;

pub use answer::Outcome;
pub use error::ConnectivityError;
pub use leftover::clean_up;
pub use probe::{PlanError, Probe};
pub use report::{Counts, Failure, TestReport};
pub use run::{Settings, run};
pub use stage::{CLIENTS, LABEL, SERVERS};
