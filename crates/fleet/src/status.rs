//! How each node is: by its agent, or that there is none.
//!
//! Where a node's state comes from is one function, [`node_state`].

use std::collections::BTreeMap;

use futures::future::join_all;
use serde::{Deserialize, Serialize};

use crate::error::line;
use crate::{Agent, Fleet, FleetError};

/// How a node is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeState {
    /// The node.
    pub node: String,
    /// What is known of it.
    #[serde(flatten)]
    pub said: Said,
}

/// What is known of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "agent")]
pub enum Said {
    /// Its agent answers.
    Answers(Box<NodeStatus>),
    /// There is one, and it does not answer.
    Silent {
        /// Why.
        why: String,
    },
    /// There is none, or none that runs.
    None {
        /// What there is instead.
        why: String,
    },
}

/// What an agent says of its node, as far as it is asked here. What is not said is empty, so that an
/// older agent can be asked too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStatus {
    /// The node, as the agent knows it.
    pub node: String,
    /// How many endpoints, Services and addresses are not as the policies want them.
    #[serde(default)]
    pub not_programmed: u64,
    /// Each of them.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
    /// What somebody should look at.
    #[serde(default)]
    pub alarms: Vec<Alarm>,
    /// Whether policies count, where there is a switch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforcement: Option<Enforcement>,
    /// The agent's own part.
    #[serde(default, rename = "agent", skip_serializing_if = "is_unsaid")]
    pub part: AgentPart,
}

/// Whether policies count (ruling N40).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enforcement {
    /// `enforce`, `audit` or `disabled`.
    pub mode: String,
    /// Until when it is `disabled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What of the switch cannot be followed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// Something that is not programmed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// One line.
    pub message: String,
}

/// Something that somebody should look at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// One word.
    pub alarm: String,
    /// One line.
    pub message: String,
}

/// What an agent says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentPart {
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// When it began.
    #[serde(default)]
    pub started: String,
    /// Since when nothing is missing.
    #[serde(default)]
    pub ready_since: Option<String>,
    /// What is missing.
    #[serde(default)]
    pub lacks: Vec<String>,
    /// Every attached pod, with what is in force on it.
    #[serde(default)]
    pub pods: BTreeMap<String, String>,
    /// Pods that run there and are not attached.
    #[serde(default)]
    pub unattached: Vec<String>,
    /// How many pods a setting lets run without any policy.
    #[serde(default)]
    pub unprotected: usize,
    /// Objects that cannot be read.
    #[serde(default)]
    pub unreadable: BTreeMap<String, String>,
}

fn is_unsaid(part: &AgentPart) -> bool {
    *part == AgentPart::default()
}

impl NodeState {
    /// Whether everything there is programmed as it is wanted, and since when.
    #[must_use]
    pub fn ready_since(&self) -> Option<&str> {
        match &self.said {
            Said::Answers(status) => status.part.ready_since.as_deref(),
            Said::Silent { .. } | Said::None { .. } => None,
        }
    }

    /// Why policies do not count there although they are programmed: `audit` or `disabled until ...`.
    #[must_use]
    pub fn is_held_back(&self) -> Option<String> {
        let Said::Answers(status) = &self.said else { return None };
        let enforcement = status.enforcement.as_ref().filter(|it| it.mode != "enforce")?;
        let until = enforcement.until.iter().map(|until| format!(" until {until}"));
        Some(until.fold(enforcement.mode.clone(), |mode, until| mode + &until))
    }

    /// What of the cluster's switch cannot be followed there. That there is none is no fault.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        match &self.said {
            Said::Answers(status) => {
                status.enforcement.as_ref().map_or(&[], |it| it.problems.as_slice())
            }
            Said::Silent { .. } | Said::None { .. } => &[],
        }
    }

    /// Everything that is not as it should be, a line each.
    #[must_use]
    pub fn lacks(&self) -> Vec<String> {
        let status = match &self.said {
            Said::Answers(status) => status,
            Said::Silent { why } | Said::None { why } => return vec![why.clone()],
        };
        let held = status.part.pods.iter().filter(|(_, state)| *state != "enforced");
        let held = held.map(|(pod, state)| format!("{pod}: {state}"));
        let unread = status.part.unreadable.iter();
        let unread = unread.map(|(object, problem)| format!("{object} cannot be read: {problem}"));
        let unprotected = (status.part.unprotected > 0).then(|| {
            format!("{} pods run without any policy, by a setting", status.part.unprotected)
        });
        let lacks = status.part.lacks.iter().cloned();
        lacks
            .chain(held)
            .chain(status.left_out.iter().map(|one| one.message.clone()))
            .chain(unread)
            .chain(unprotected)
            .chain(status.alarms.iter().map(|one| one.message.clone()))
            .collect()
    }
}

/// How the node of an agent is.
///
/// # Errors
/// Where the agent does not answer.
pub async fn node_state(agent: &Agent) -> Result<NodeStatus, FleetError> {
    agent.json("/status").await
}

/// How every node is, by name.
pub async fn states(fleet: &Fleet) -> Vec<NodeState> {
    let asked = fleet.agents.iter().map(|agent| async move {
        match node_state(agent).await {
            Ok(status) => {
                // An agent that is reached by an address says whose it is.
                let node = status.node.clone();
                NodeState { node, said: Said::Answers(Box::new(status)) }
            }
            Err(error) => {
                let said = Said::Silent { why: line(&error) };
                NodeState { node: agent.node.clone(), said }
            }
        }
    });
    let mut states = join_all(asked).await;
    let without = fleet
        .without
        .iter()
        .map(|(node, why)| NodeState { node: node.clone(), said: Said::None { why: why.clone() } });
    states.extend(without);
    states.sort_by(|one, other| one.node.cmp(&other.node));
    states
}
