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
mod clock;
mod compare;
mod container;
mod control;
mod dead_man;
pub mod down;
mod enforce;
mod error;
mod exec;
mod executable;
mod fabric;
mod file;
mod flow;
mod growth;
mod guard;
pub mod helper;
mod host;
mod interrupt;
mod lab;
mod left_out;
mod link;
mod listen;
mod lock_out;
mod message;
mod name;
mod netns;
mod of_flow;
pub mod outside;
mod port;
mod preflight;
mod probe;
mod process;
pub mod progress;
pub mod render;
mod report;
mod rule_use;
mod run;
mod scene;
mod sctp;
mod settings;
mod silent;
mod source_port;
pub mod state;
pub mod status;
mod subject;
mod trial;
mod wanted;
pub mod watch;
mod witness;

pub use change::{Change, changes};
pub use compare::Difference;
pub use enforce::EnforceError;
pub use error::{LabError, chain};
pub use exec::exec;
pub use flow::{FlowEnd, FlowEvent, FlowFilter, FlowRecord, Flows, Staged};
pub use host::HostSettings;
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
