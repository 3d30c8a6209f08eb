//! The record of flows: what the kernel said, with the names that its numbers had at that moment.
//!
//! An address is another pod's tomorrow, and a rule's number another rule's after the next change.
//! So names are found when an event is heard, not when somebody asks.

mod filter;
mod log;
mod naming;
mod record;

pub use filter::FlowFilter;
pub(crate) use log::FlowLog;
pub use log::Flows;
pub(crate) use naming::Naming;
pub use record::{FlowEnd, FlowEvent, FlowRecord, Staged};
