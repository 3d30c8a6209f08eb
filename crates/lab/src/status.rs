//! What `lab status` says of a lab, and of the datapath of its nodes.
//!
//! The lab's agent gathers it, because only the agent holds the maps.

use serde::Serialize;

pub use enforce::status::{
    AlarmStatus, Fill, HookStatus, HostStatus, LeftOut, MapStatus, NodeStatus, Program,
    RepairCount, RuleUse,
};

use crate::state::LabState;

/// A lab of which something is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LabStatus {
    /// Its name.
    pub name: String,
    /// Whether its agent answers; else something was left behind.
    pub is_up: bool,
    /// What it left on disk.
    pub state: Option<LabState>,
    /// Its nodes, where the agent answers.
    pub nodes: Vec<NodeStatus>,
}
