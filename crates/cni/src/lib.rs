//! What a container runtime and a CNI plugin say to each other, and the plugin to the agent.
//!
//! The plugin is a messenger: it reads a call, asks the agent, and answers in the runtime's words.
//! Everything that can be wrong in those words is decided here, so that the plugin itself has
//! nothing left but a socket. Source: the Container Network Interface specification, 1.1.0.
//!
//! **Invariant:** no IO, no clock; the environment and the input are arguments.
//! **Invariant:** what other plugins of the chain said is handed on as it was written.

mod agent;
mod arguments;
mod call;
mod chain;
mod config;
mod refusal;
mod result;
mod version;

pub use agent::{Answer, Attached, Attachment, AttachmentKey, Denied, Request, VERSION, WireError};
pub use arguments::PodArguments;
pub use call::{Call, Outcome, Question};
pub use chain::{Chain, ChainError};
pub use config::{DEFAULT_SOCKET, DEFAULT_TIMEOUT_SECONDS, NetworkConfig, PLUGIN};
pub use refusal::Refusal;
pub use result::PreviousResult;
pub use version::{Version, supported};
