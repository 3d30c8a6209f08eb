//! The path of one flow through the nodes of both its ends.
//!
//! Every agent is asked: the one of an end's node says what its tables hold, the others what they would
//! expect.

use futures::future::join_all;
use serde::{Deserialize, Serialize};

use crate::ask::query;
use crate::{Agent, FleetError};

/// What one node says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodePath {
    /// The node.
    pub node: String,
    /// Who sends, by the names that the node knows.
    pub from: String,
    /// To whom.
    pub to: String,
    /// What.
    pub traffic: String,
    /// What the oracle says there.
    pub oracle: Answers,
    /// The ends on that node.
    pub ends: Vec<PathEnd>,
}

/// Both ends' answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// Of both.
    pub verdict: String,
    /// Of the source.
    pub egress: Answer,
    /// Of the destination.
    pub ingress: Answer,
}

/// One end's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// `allow` or `deny`.
    pub verdict: String,
    /// Why.
    pub reason: String,
}

/// One end on a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathEnd {
    /// The pod.
    pub pod: String,
    /// `egress` or `ingress`.
    pub direction: String,
    /// Its interfaces, each with what is in force on it.
    pub interfaces: Vec<String>,
    /// What should be.
    pub oracle: Answer,
    /// What the agent's table says.
    pub table: Steps,
    /// What the kernel's maps say.
    pub kernel: Steps,
    /// Whether all three are one.
    pub agrees: bool,
}

/// Look-ups in the order of the programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steps {
    /// The endpoint's slot.
    pub endpoint: Option<u32>,
    /// Its set; none in quarantine.
    pub set: Option<u32>,
    /// The class of the other end.
    pub class: Option<u32>,
    /// `peer` or `prefix`.
    pub class_by: Option<String>,
    /// The column of the traffic.
    pub column: u32,
    /// Where the row begins among the cells.
    pub row: Option<u32>,
    /// The rule's number, or 0.
    pub rule: u32,
    /// `allow` or `deny`.
    pub verdict: String,
    /// Why.
    pub reason: String,
}

/// What all agents say of a flow, in words of the command line; `family` is 4 or 6 where it is said.
pub async fn paths(
    agents: &[Agent],
    from: &str,
    to: &str,
    port: &str,
    family: Option<u8>,
) -> Vec<Result<NodePath, FleetError>> {
    let mut words =
        vec![("from", from.to_owned()), ("to", to.to_owned()), ("port", port.to_owned())];
    words.extend(family.map(|family| ("family", family.to_string())));
    let path = query("/path", &words);
    join_all(agents.iter().map(|agent| agent.json(&path))).await
}
