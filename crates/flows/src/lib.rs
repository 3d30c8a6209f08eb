//! The record of flows: what a kernel said, in words that stay true.
//!
//! An address is another pod's tomorrow, and a rule's number another rule's after the next change. So a
//! line has names, found when it was heard; whoever reads it later needs nothing else.
//!
//! **Invariant:** it is bounded, and what found no room is counted.

mod filter;
mod log;
mod query;
mod record;

pub use filter::FlowFilter;
pub use log::{FlowLog, Flows};
pub use query::{FlowLine, FlowQuery, QueryError};
pub use record::{FlowEnd, FlowEvent, FlowRecord, Staged};
