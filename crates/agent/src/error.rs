//! Why an agent cannot do its work, by the step that failed.
//!
//! What was enforced before stays enforced.

use std::io;
use std::path::PathBuf;

use enforce::EnforceError;

use crate::MemoryError;
use crate::attachment::AttachmentsError;
use crate::host_end::HostEndError;

/// Why an agent cannot do its work.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The node's enforcement.
    #[error("the node's policies cannot be enforced")]
    Enforce(#[from] EnforceError),
    /// What is attached.
    #[error("what is attached cannot be remembered")]
    Attachments(#[from] AttachmentsError),
    /// What the agent cannot do without.
    #[error("this node cannot be enforced: {}", .0.join("; "))]
    Preflight(Vec<String>),
    /// The switch.
    #[error("what is known of the switch cannot be remembered")]
    Switch(#[from] MemoryError),
    /// The node's own network.
    #[error("the node's addresses cannot be read")]
    Addresses(#[from] HostEndError),
    /// The world that was read.
    #[error("the objects contradict each other")]
    World(#[from] model::WorldError),
    /// The socket.
    #[error("the socket {} cannot be made", path.display())]
    Socket {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Health and metrics.
    #[error("health and metrics cannot be served")]
    Listen(#[source] io::Error),
    /// The thread that works.
    #[error("the thread that keeps the node's policies in force has stopped")]
    Stopped,
    /// A thread or a signal.
    #[error("the process cannot be set up")]
    Process(#[source] io::Error),
}
