//! Makes manifests real on one machine: namespaces, processes, packets.
//!
//! Every pod becomes a network namespace and every container a process; policies are compiled and
//! enforced as on a cluster's node, every answer of a probe is compared with the oracle and with
//! the kernel's own events, and everything is removed again.
//!
//! **Invariant:** the machine's own network is never touched: a lab's nodes are namespaces too.

pub mod agent;
mod cgroup;
mod change;
mod compare;
mod container;
mod control;
pub mod down;
mod enforcement;
mod error;
mod exec;
mod fabric;
pub mod helper;
mod interrupt;
mod lab;
mod link;
mod message;
mod name;
mod of_flow;
pub mod outside;
mod port;
mod preflight;
mod probe;
mod process;
pub mod progress;
pub mod render;
mod report;
mod run;
mod scene;
mod sctp;
mod settings;
mod source_port;
pub mod state;
pub mod status;
mod trial;
mod wanted;
pub mod watch;
mod witness;

pub use ::enforce::{EnforceError, HostSettings, chain};
pub use change::{Change, changes};
pub use compare::Difference;
pub use error::LabError;
pub use exec::exec;
pub use flows::{FlowEnd, FlowEvent, FlowFilter, FlowRecord, Flows, Staged};
pub use lab::Lab;
pub use link::LinkError;
pub use message::{Carrier, Outcome};
pub use name::{LabName, LabNameError};
pub use preflight::check as preflight;
pub use probe::Probe;
pub use process::HelperProgram;
pub use report::{Counts, ProbeResult, RunReport};
pub use run::{run, verify};
pub use settings::Settings;
