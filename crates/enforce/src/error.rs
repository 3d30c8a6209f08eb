//! Why a node's policies cannot be enforced, by the step that failed.
//!
//! What was enforced before stays enforced: an error here never opens anything.

use datapath::Instance;

/// Why a node's policies cannot be enforced.
#[derive(Debug, thiserror::Error)]
pub enum EnforceError {
    /// A network namespace cannot be entered.
    #[error("the network namespace cannot be entered")]
    Enter(#[from] std::io::Error),
    /// There is no BPF file system.
    #[error(transparent)]
    Bpffs(#[from] datapath::BpffsError),
    /// The programs cannot be loaded.
    #[error("the programs cannot be loaded")]
    Open(#[from] datapath::OpenError),
    /// A pod's veth cannot be attached or detached.
    #[error("a veth cannot be attached or detached")]
    Attach(#[from] datapath::AttachError),
    /// A map cannot be read or written.
    #[error("a map cannot be read or written")]
    Table(#[from] datapath::TableError),
    /// The maps cannot be read back.
    #[error("the maps cannot be read back")]
    Read(#[from] datapath::ReadError),
    /// The policies cannot be programmed; what was enforced is.
    #[error("the policies cannot be programmed")]
    Program(#[from] node::ProgramError<Instance>),
    /// Sockets cannot be ended.
    #[error("sockets whose connections are cut cannot be ended")]
    Sockets(#[from] datapath::SocketsError),
    /// Events cannot be read.
    #[error("events cannot be read")]
    Events(#[from] datapath::EventsError),
    /// The pins cannot be removed.
    #[error("the pins cannot be removed")]
    Remove(#[from] datapath::RemoveError),
}

/// An error and all its causes in one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
