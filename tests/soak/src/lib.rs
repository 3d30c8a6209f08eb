//! A soak: pods start and stop, policies flip, agents are killed and upgraded, and every packet of a
//! traffic that never pauses is judged at both ends.
//!
//! Start at [`run`]. What the oracle asks is in `ledger`, and what may have been in force when, in
//! `timeline`. The agent that is killed is the program in `agent/`.
//!
//! **Invariant:** no packet arrives that no world in force on its way allows.
//! **Invariant:** every packet arrives that every world in force on its way allows.

#[path = "../agent/protocol.rs"]
mod agent;
mod agents;
mod clock;
mod control;
mod fabric;
mod ledger;
mod message;
mod netns;
mod pod;
mod policies;
mod run;
mod scale;
mod shared;
mod spent;
mod tcp;
mod timeline;
mod traffic;
mod udp;
mod verdicts;
mod versions;

use std::io;

use thiserror::Error;

pub use agents::AgentsError;
pub use fabric::FabricError;
pub use ledger::Counts;
pub use run::{Options, Outcome, Sabotage, run};
pub use scale::Scale;
pub use verdicts::VerdictsError;

/// Why a run has no outcome.
#[derive(Debug, Error)]
pub enum SoakError {
    /// The BPF file system.
    #[error(transparent)]
    Bpffs(datapath::BpffsError),
    /// The runtime.
    #[error("the runtime cannot be started")]
    Runtime(#[source] io::Error),
    /// The network.
    #[error(transparent)]
    Fabric(#[from] FabricError),
    /// The agent.
    #[error(transparent)]
    Agents(#[from] AgentsError),
    /// The oracle.
    #[error(transparent)]
    Verdicts(#[from] VerdictsError),
    /// The thread of the traffic ended.
    #[error("the traffic has ended")]
    Traffic,
    /// A pod's sockets.
    #[error("a pod's sockets cannot be opened")]
    Sockets(#[source] io::Error),
    /// The network loses packets by itself, so nothing can be said.
    #[error("the network lost {lost} packets without any program")]
    NetworkLoses {
        /// How many.
        lost: u64,
    },
    /// The newer version's pins.
    #[error("the newer version's pins cannot be removed")]
    Newer(#[source] io::Error),
    /// A signal came.
    #[error("interrupted")]
    Interrupted,
    /// What was pinned cannot be removed.
    #[error(transparent)]
    Remove(datapath::RemoveError),
}
