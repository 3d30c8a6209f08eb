//! All agents of a cluster: found, asked, and what they say put together.
//!
//! Agents listen on their nodes' loopback alone, so they are reached through the API server, by the
//! permission to forward ports to their pods; or directly, where somebody is on the node.
//!
//! **Invariant:** a node whose agent does not answer, or that has none, is named and never left out.
//! **Invariant:** nothing here changes anything by asking.

mod agent;
mod ask;
mod coverage;
mod error;
mod flow_stream;
mod path;
mod status;

pub use agent::{Agent, Fleet, SYSTEM_NAMESPACE, Way, find};
pub use coverage::{Coverage, coverage};
pub use error::FleetError;
pub use flow_stream::{Heard, flows};
pub use path::{Answer, Answers, NodePath, PathEnd, Steps, paths};
pub use status::{
    AgentPart, Alarm, Enforcement, LeftOut, NodeState, NodeStatus, Said, node_state, states,
};
