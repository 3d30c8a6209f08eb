//! What there is to say of a node's datapath.
//!
//! The process that holds the maps gathers it; it travels as JSON and is printed for people or for
//! programs by whoever asked.

use compile::CompileError;
use serde::{Deserialize, Serialize};

pub use crate::left_out::{LeftOut, left_out};

/// Entries and the most of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// As many as there are.
    pub used: u64,
    /// As many as there can be.
    pub capacity: u64,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Its name.
    pub node: String,
    /// Two for each pod.
    pub hooks: Vec<HookStatus>,
    /// What was put right since the agent started.
    pub repairs: Vec<RepairCount>,
    /// Each map.
    pub maps: Vec<MapStatus>,
    /// All maps, octets.
    pub memory: u64,
    /// Connections that are never forgotten early.
    pub established: Fill,
    /// Connections that are still to prove themselves.
    pub half: Fill,
    /// Events that found no room in the ring.
    pub events_lost: u64,
    /// Connections that found `est` full.
    pub established_full: u64,
    /// Connections that found their pod's share of `est` used up.
    pub share_full: u64,
    /// Connections that could not be remembered.
    pub half_failed: u64,
    /// Connections that a change of policy cut.
    pub cut: u64,
    /// How many endpoints, Services and addresses are not as the policies want them.
    pub not_programmed: u64,
    /// Each of them.
    pub left_out: Vec<LeftOut>,
    /// What somebody should look at.
    pub alarms: Vec<AlarmStatus>,
    /// The node's own policy.
    pub host: HostStatus,
    /// What each rule has decided, the most first.
    pub rules: Vec<RuleUse>,
    /// Whether policies count, where there is a switch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforcement: Option<EnforcementStatus>,
}

/// Whether policies count (ruling N40).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnforcementStatus {
    /// `enforce`, `audit` or `disabled`.
    pub mode: String,
    /// Until when it is `disabled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Who said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What of the switch cannot be followed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// The policy of a node itself (ruling N39).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostStatus {
    /// `none`, `on-trial`, `in-force`, `refused` or `unsupported`.
    pub state: String,
    /// How many rules are in force.
    pub rules: u64,
    /// Why those that are wanted are not.
    pub refused: Vec<String>,
}

/// What one rule has decided since its table first had it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleUse {
    /// The rule, or the policies that isolate.
    pub rule: String,
    /// Packets, as many as they are on a wire.
    pub packets: u64,
    /// Octets with their headers.
    pub bytes: u64,
}

/// One hook of one pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookStatus {
    /// Namespace and name.
    pub pod: String,
    /// The host side's index.
    pub interface: u32,
    /// `egress` is what the pod sends.
    pub direction: String,
    /// Whether nobody runs before ours.
    pub is_ours_first: bool,
    /// Who else is attached, in the order in which they run.
    pub others: Vec<Program>,
}

/// Somebody else's program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// The kernel's number for it.
    pub id: u32,
    /// Its name in the kernel.
    pub name: String,
    /// Whether it runs before ours.
    pub is_before_ours: bool,
}

/// How often something was put right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairCount {
    /// What had happened.
    pub drift: String,
    /// What was done.
    pub repair: String,
    /// How often.
    pub count: u64,
}

/// One map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapStatus {
    /// Its name.
    pub map: String,
    /// The most entries that it takes; octets for a ring.
    pub entries_max: u32,
    /// Octets of the kernel's memory.
    pub memory: u64,
}

/// Something that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmStatus {
    /// One word.
    pub alarm: String,
    /// One line.
    pub message: String,
}

impl AlarmStatus {
    /// Nothing is staged because there is no room for it.
    pub(crate) fn unstaged(error: &CompileError) -> Self {
        let alarm = "staged-left-out".to_owned();
        Self {
            alarm,
            message: format!("nothing is staged, what is enforced is not touched: {error}"),
        }
    }
}
