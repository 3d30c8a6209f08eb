//! The agent of a cluster's node: what the API server says becomes what the node's kernel enforces.
//!
//! It watches, reads, and leads the node's enforcement there; it answers the CNI plugin, so that no
//! container starts before its pod's policies are in force.
//!
//! **Invariant:** nothing is programmed and nothing removed before every kind was listed once.
//! **Invariant:** when it ends, however that is, what is enforced stays enforced.

mod account;
mod adopt;
mod attachment;
mod beside;
mod chain_file;
mod client;
mod daemon_set;
mod error;
mod flow_page;
mod flow_record;
mod health;
mod host_end;
mod http;
mod in_force;
mod kubepods;
mod label;
mod look_after;
mod metrics;
mod node_agent;
mod path;
mod path_page;
mod plugin;
mod publish;
mod reconcile;
mod report;
mod run;
mod settings;
mod socket;
mod switch;
mod uninstall;
mod view;
mod worker;

pub use attachment::{Attached, Attachments, AttachmentsError};
pub use chain_file::{InstallError, Installed, install, uninstall as uninstall_plugin};
pub use client::{ClientError, client};
pub use cluster::NAMESPACE;
pub use daemon_set::{AwaitError, await_daemon_set};
pub use enforce::{HostSettings, chain};
pub use error::AgentError;
pub use health::Health;
pub use host_end::{HostEnd, HostEndError};
pub use metrics::Metrics;
pub use model::Enforcement;
pub use run::{run, stay};
pub use settings::{InstallSettings, Settings, SwitchSettings};
pub use switch::{MemoryError, Moment, Switch};
pub use uninstall::{UninstallError, uninstall};
pub use view::{Known, Local, View};
