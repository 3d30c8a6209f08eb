//! The kinds of the group `ringfence.io`: what a cluster is told of the state of its policies.
//!
//! Agents write a `NodeStatus`, the controller a `PolicyStatus`. The definitions that a cluster installs are
//! made from the same types, so that what is written and what is accepted cannot differ.
//!
//! **Invariant:** data only; who writes what and when is the agent's and the controller's.

mod condition;
mod definition;
mod node_status;
mod policy_status;
mod version;

pub use condition::{ACCEPTED, Condition, ConditionStatus, PROGRAMMED, find};
pub use definition::{DEFINITIONS, Definition};
pub use jiff::Timestamp;
pub use node_status::{
    Change, Endpoints, Enforcement, LISTED_MAX, Lacking, NodeStatus, PolicyKindInForce,
};
pub use policy_status::{InKernel, LackingNode, NODES_MAX, PolicyStatus};
pub use version::{ResourceVersion, parse_version};

/// The group of all kinds here.
pub const GROUP: &str = "ringfence.io";
/// Their version.
pub const VERSION: &str = "v1alpha1";
