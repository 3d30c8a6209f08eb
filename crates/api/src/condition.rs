//! Conditions, as every kind of Kubernetes has them, and the two that policies get.
//!
//! Their shape is the one of `meta/v1`, so `kubectl wait --for=condition=Programmed` works on ours too.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a policy can be read.
pub const ACCEPTED: &str = "Accepted";
/// Whether a policy is in force on every node.
pub const PROGRAMMED: &str = "Programmed";

/// Whether something is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ConditionStatus {
    /// It is.
    True,
    /// It is not.
    False,
    /// Nobody can say.
    Unknown,
}

/// One thing that is so of an object, or is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What is said: Accepted or Programmed.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it is so.
    pub status: ConditionStatus,
    /// The generation of the policy of which it is said.
    #[serde(default)]
    pub observed_generation: i64,
    /// When it last became so.
    pub last_transition_time: Timestamp,
    /// Why, in one word.
    pub reason: String,
    /// Why, for people.
    pub message: String,
}

/// The condition of a kind.
#[must_use]
pub fn find<'a>(conditions: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.kind == kind)
}

impl Condition {
    /// The same since when it has been so: the time of `before` stays where the status does.
    #[must_use]
    pub fn since(self, before: Option<&Self>) -> Self {
        match before.filter(|before| before.status == self.status) {
            Some(before) => Self { last_transition_time: before.last_transition_time, ..self },
            None => self,
        }
    }
}
