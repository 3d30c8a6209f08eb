//! What an agent says of itself beside its datapath: since when, of whom, and what is missing.
//!
//! It is a part of `/status`, in one object with what there is to say of the datapath.

use std::collections::BTreeMap;
use std::time::SystemTime;

use enforce::status::NodeStatus;
use serde::Serialize;

use crate::Switch;
use crate::node_agent::NodeAgent;
use crate::path::state;

/// Since when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    started: SystemTime,
    /// Since when nothing is missing; nothing where something is.
    ready_since: Option<SystemTime>,
}

impl Default for Account {
    fn default() -> Self {
        Self { started: SystemTime::now(), ready_since: None }
    }
}

impl Account {
    /// Notes whether something is missing now.
    pub(crate) fn note(&mut self, is_ready: bool) {
        let since = self.ready_since.unwrap_or_else(SystemTime::now);
        self.ready_since = is_ready.then_some(since);
    }
}

/// Everything that there is to say.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AgentStatus {
    #[serde(flatten)]
    node: NodeStatus,
    agent: AgentPart,
}

/// The agent's part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct AgentPart {
    version: &'static str,
    /// In RFC 3339.
    started: String,
    /// The same; nothing where something is missing.
    ready_since: Option<String>,
    /// What is not as it should be.
    lacks: Vec<String>,
    /// Every attached pod, with what is in force on it.
    pods: BTreeMap<String, String>,
    /// Pods that run here and are not attached.
    unattached: Vec<String>,
    /// How many pods a setting lets run without any policy.
    unprotected: usize,
    /// Objects that cannot be read, each with what is wrong with it.
    unreadable: BTreeMap<String, String>,
}

impl NodeAgent {
    /// Everything that there is to say of this node.
    pub(crate) fn status_of_node(&self) -> Result<AgentStatus, enforce::EnforceError> {
        let time = |at| humantime::format_rfc3339_seconds(at).to_string();
        let pod = |(id, one): (&String, &crate::Attached)| {
            (format!("{}/{}", one.namespace, one.name), state(self.enforcer.state(id)))
        };
        let agent = AgentPart {
            version: env!("CARGO_PKG_VERSION"),
            started: time(self.account.started),
            ready_since: self.account.ready_since.map(time),
            lacks: self.lacks(),
            pods: self.attachments.iter().map(pod).collect(),
            unattached: self.unattached.clone(),
            unprotected: self.unprotected.len(),
            unreadable: self.unreadable.clone(),
        };
        let enforcement = self.view.switch().map(Switch::status);
        let node = NodeStatus { enforcement, ..self.enforcer.status()? };
        Ok(AgentStatus { node, agent })
    }
}
