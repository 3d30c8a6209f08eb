//! Decides which map writes lead from one image to the next.
//!
//! [`plan`] never edits a meaning in use. It moves every address and port over a transitional class
//! or column, and every endpoint over a transitional set that allows only what both the old and the
//! new table allow: all closing happens before any opening.
//!
//! **Invariant:** after every single [`Op`] of a plan, the verdict of every flow between addresses is
//! the old one or the new one, and never "allow" where both deny. A flow to a Service's address, which
//! is judged by the Service's backends, is never allowed where both deny either; while its backends
//! change together with the endpoint's set it may be denied where both allow.
//! **Invariant:** `plan` is pure; `datapath` performs and decides nothing.

mod block;
mod class;
mod column;
mod count;
mod cut;
mod generation;
mod kernel;
mod op;
mod phase;
mod row;
mod service;
mod set;
mod subject;

pub use count::{Numbered, counters, number};
pub use cut::{is_cut, is_orphan};
pub use generation::settled_after;
pub use kernel::Kernel;
pub use op::Op;
pub use phase::PlanError;
pub use subject::{begin_subject, end_subject, needed, plan, plan_within};
