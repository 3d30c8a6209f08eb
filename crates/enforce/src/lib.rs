//! Keeps one node's policies in force: attaches pods in quarantine, compiles, programs, looks after.
//!
//! A node of a lab and a node of a cluster do the same, so it is here once. Whoever makes pods says
//! where their interfaces are; whoever knows the cluster says what is wanted.
//!
//! **Invariant:** a pod is in quarantine from the moment it is attached until its policies are in
//! force, and again as soon as nobody owns its interface.
//! **Invariant:** it makes no pod, sends no probe and asks no API server.

mod attach;
pub mod clock;
mod container;
mod dead_man;
mod desired;
mod enforcer;
mod error;
mod executable;
mod file;
mod growth;
mod guard;
mod host;
mod left_out;
mod listen;
mod lock_out;
mod naming;
pub mod netns;
mod pod;
mod program;
mod rule_use;
mod silent;
pub mod status;
mod subject;

pub use container::{Container, Containers, FindContainers};
pub use desired::Desired;
pub use enforcer::{Enforcer, EnforcerSettings};
pub use error::{EnforceError, chain};
pub use host::{Guarded, HostSettings};
pub use lock_out::Protected;
pub use naming::reason;
pub use node::NotProgrammed;
pub use pod::{PodInterface, PodState};
