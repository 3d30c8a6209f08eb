//! What became of a NetworkPolicy, which has no status of its own.
//!
//! Cluster-wide policies have conditions in their own status; these are the same two.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::condition::Condition;
use crate::version::ResourceVersion;

/// As many nodes as are named at most.
pub const NODES_MAX: usize = 10;

/// The status of a `PolicyStatus`, which is named like its NetworkPolicy and owned by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyStatus {
    /// Accepted: it can be read. Programmed: it is in force on every node.
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// The version of the policy that this is about.
    pub policy_resource_version: ResourceVersion,
    /// On how many nodes it is in force, of how many that should have it: `2/3`.
    pub nodes: String,
    /// On how many nodes it is in force.
    pub programmed_nodes: u32,
    /// How many nodes should have it.
    pub wanted_nodes: u32,
    /// Nodes on which it is not in force, the first ten by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacking: Vec<LackingNode>,
    /// Its way to the nodes' kernels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_kernel: Option<InKernel>,
}

/// A node on which a policy is not in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LackingNode {
    /// The node.
    pub node: String,
    /// Why, for people.
    pub reason: String,
}

/// How a policy's last change came to the kernels of the nodes that have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InKernel {
    /// When the last of them had it, by its own clock.
    pub since: Timestamp,
    /// On none did it take longer, from the news of it to the last write.
    pub milliseconds_max: u32,
}
