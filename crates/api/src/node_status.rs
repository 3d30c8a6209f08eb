//! What a node's agent says of its node: whether it enforces, since when, and how much of the policies.
//!
//! It is one small object however many policies there are: of each kind the highest resource version that is
//! in force, and by name only what is not.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::version::ResourceVersion;

/// As many names as a list in a status has at most.
pub const LISTED_MAX: usize = 200;

/// The status of a `NodeStatus`, which is named like its node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeStatus {
    /// Whether everything on the node is as it should be.
    pub ready: bool,
    /// Since when the agent has said so.
    pub since: Timestamp,
    /// What is not as it should be, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
    /// What becomes of packets that policies deny.
    pub enforcement: Enforcement,
    /// The version of the agent.
    pub agent_version: String,
    /// The pods that run on the node's network.
    pub endpoints: Endpoints,
    /// How much of each kind of policy is in force in the kernel. A policy is, where its resourceVersion is not
    /// higher than that of its kind here and neither notProgrammed nor unreadable has it.
    pub in_force: Vec<PolicyKindInForce>,
    /// What is not in force though it is known, for lack of room or because it was refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_programmed: Vec<Lacking>,
    /// How many there are of these; the list has 200 at most. A list that is cut says nothing of policies
    /// that it does not have.
    pub not_programmed_count: u32,
    /// Objects that cannot be read. Their last good version stays in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Lacking>,
    /// How many there are of these; the list has 200 at most.
    pub unreadable_count: u32,
    /// The last change that reached the kernel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_change: Option<Change>,
}

impl NodeStatus {
    /// The lists say everything that there is to say.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let has_all = |list: &[Lacking], count: u32| list.len() as u64 == u64::from(count);
        has_all(&self.not_programmed, self.not_programmed_count)
            && has_all(&self.unreadable, self.unreadable_count)
    }

    /// How much of a kind is in force.
    #[must_use]
    pub fn of_kind(&self, kind: &str) -> Option<&PolicyKindInForce> {
        self.in_force.iter().find(|one| one.kind == kind)
    }
}

/// What becomes of packets that policies deny.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Enforcement {
    /// They are dropped.
    #[default]
    Enforce,
    /// They pass, and are counted and told of.
    Audit,
    /// They pass: somebody broke the glass, see docs/rollout.md.
    Disabled,
}

/// The pods of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Endpoints {
    /// Interfaces of pods that the programs are attached to.
    pub attached: u32,
    /// Those of them whose policies are in force; the others are in quarantine or have older ones.
    pub enforced: u32,
}

/// How much of one kind of policy is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyKindInForce {
    /// The kind.
    pub kind: String,
    /// Everything that the API server said of the kind up to this resource version is in force.
    pub resource_version: ResourceVersion,
    /// The last change of the kind that reached the kernel. Its milliseconds are those of the slowest of the
    /// changes of which the status before this one did not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
}

/// A change that reached the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// When its last write was done.
    pub at: Timestamp,
    /// How long it took, from the first news of it to that write.
    pub milliseconds: u32,
}

/// An object of which something is not as it should be on a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lacking {
    /// Its kind.
    pub kind: String,
    /// Its namespace; absent where the kind has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Why, for people.
    pub reason: String,
}

impl Lacking {
    /// Whether it is about this object.
    #[must_use]
    pub fn is(&self, kind: &str, namespace: &str, name: &str) -> bool {
        (self.kind.as_str(), self.namespace.as_str(), self.name.as_str()) == (kind, namespace, name)
    }
}
