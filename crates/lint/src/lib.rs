//! Lints: what manifests say that is legal and probably not meant.
//!
//! Everything about a lint stands in one row of a table ([`lints`]); a check runs the rows over what
//! was read and gives a [`Report`], from which every output is made.
//!
//! **Invariant:** `lint` does no IO and decides no flow: it asks `policy` with a pod's own rules.
//! **Invariant:** what an API server refuses is an error of `manifest` and never a lint.
//! **Invariant:** equal inputs give equal reports, byte for byte, in every format.

mod baseline;
mod check;
mod checks;
mod config;
mod cover;
pub mod docs;
mod effective;
mod facts;
mod finding;
mod found;
mod index;
mod lines;
mod lint;
pub mod lints;
mod near;
mod render;
mod repair;
mod report;
mod suppress;
mod tree;
mod written;

pub use crate::report::{Counts, Report, Unchecked};
pub use baseline::{Baseline, BaselineError};
pub use check::{Checked, Input, check};
pub use config::{Config, ConfigError};
pub use finding::{Cause, Finding, Spot, State};
pub use lint::{Lint, List, Need, Severity};
pub use render::{Format, Style, render};
pub use repair::Repaired;
