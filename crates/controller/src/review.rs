//! From how a policy stands to what is said of it: two conditions, and for who has no status of its own an
//! object.
//!
//! Words and numbers are chosen here and nowhere else, so that both say the same.

use api::{
    ACCEPTED, Condition, ConditionStatus, LackingNode, NODES_MAX, PROGRAMMED, PolicyStatus,
    Timestamp, find,
};

use crate::accept::Accepted;
use crate::progress::Progress;
use crate::standing::Standing;
use crate::tell::{NOT_PROGRAMMED, PENDING};

/// A version that is on its way for longer is stuck.
const PENDING_SECONDS_MAX: i64 = 30;

/// What there is to know of one policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) generation: i64,
    pub(crate) accepted: &'a Accepted,
    pub(crate) standing: &'a Standing,
    pub(crate) progress: &'a Progress,
}

impl Facts<'_> {
    /// What is said of the policy in its conditions. Where somebody said the same before, it is as old.
    pub(crate) fn conditions(&self, before: &[Condition], now: Timestamp) -> Vec<Condition> {
        let accepted = match self.accepted {
            Accepted::Enforced => (ConditionStatus::True, ACCEPTED, "it can be read".to_owned()),
            Accepted::Staged => (
                ConditionStatus::True,
                ACCEPTED,
                "it can be read, and decides nothing while it is staged".to_owned(),
            ),
            Accepted::Not { why } => (ConditionStatus::False, INVALID, why.clone()),
        };
        let accepted = self.condition(ACCEPTED, accepted, before, now);
        let programmed = self.condition(PROGRAMMED, self.programmed(), before, now);
        let since = now.as_second() - programmed.last_transition_time.as_second();
        let is_stuck = programmed.reason == PENDING && since >= PENDING_SECONDS_MAX;
        let reason = if is_stuck { NOT_PROGRAMMED.to_owned() } else { programmed.reason };
        vec![accepted, Condition { reason, ..programmed }]
    }

    fn condition(
        &self,
        kind: &str,
        (status, reason, message): (ConditionStatus, &str, String),
        before: &[Condition],
        now: Timestamp,
    ) -> Condition {
        let condition = Condition {
            kind: kind.to_owned(),
            status,
            observed_generation: self.generation,
            last_transition_time: now,
            reason: reason.to_owned(),
            message,
        };
        condition.since(find(before, kind))
    }

    fn programmed(&self) -> (ConditionStatus, &'static str, String) {
        let Standing { wanted, .. } = self.standing;
        match self.accepted {
            Accepted::Not { .. } => {
                let kept = "it cannot be read: what it said when it last could be is in force, and where it \
                            never could, it denies";
                (ConditionStatus::False, INVALID, kept.to_owned())
            }
            Accepted::Staged => (
                ConditionStatus::False,
                "Staged",
                "it decides nothing while it is staged".to_owned(),
            ),
            Accepted::Enforced if *wanted == 0 => {
                (ConditionStatus::Unknown, "NoNodes", "no node should have an agent".to_owned())
            }
            Accepted::Enforced if self.standing.is_everywhere() && self.standing.unenforced > 0 => {
                let count = self.standing.unenforced;
                let audit = format!(
                    "it is in the kernels of all nodes, which are {wanted}, and denies nothing on {count} \
                     of them, by the switch"
                );
                (ConditionStatus::False, "Audit", audit)
            }
            Accepted::Enforced if self.standing.is_everywhere() => {
                let everywhere = format!("it is in force on all nodes, which are {wanted}");
                (ConditionStatus::True, PROGRAMMED, everywhere)
            }
            Accepted::Enforced if self.standing.is_refused() => {
                (ConditionStatus::False, NOT_PROGRAMMED, self.where_not())
            }
            Accepted::Enforced => (ConditionStatus::False, PENDING, self.where_not()),
        }
    }

    fn where_not(&self) -> String {
        let standing = self.standing;
        let worst = standing.worst_first();
        let named = worst.iter().take(NODES_NAMED);
        let named: Vec<String> =
            named.map(|(node, lack)| format!("{node}: {}", lack.words())).collect();
        let more = worst.len().saturating_sub(NODES_NAMED);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let (programmed, wanted) = (standing.programmed(), standing.wanted);
        format!("it is in force on {programmed} of {wanted} nodes; {}{more}", named.join("; "))
    }

    /// What is said of a policy that has no status of its own.
    pub(crate) fn status(&self, conditions: Vec<Condition>) -> PolicyStatus {
        let (programmed, wanted) = (self.standing.programmed(), self.standing.wanted);
        let worst = self.standing.worst_first();
        let lacking = worst.iter().take(NODES_MAX).map(|(node, lack)| LackingNode {
            node: (*node).to_owned(),
            reason: lack.words().to_owned(),
        });
        PolicyStatus {
            conditions,
            policy_resource_version: self.progress.version,
            nodes: format!("{programmed}/{wanted}"),
            programmed_nodes: number(programmed),
            wanted_nodes: number(wanted),
            lacking: lacking.collect(),
            in_kernel: self.progress.in_kernel,
        }
    }
}

const INVALID: &str = "Invalid";
/// Nodes that a message names; the object has more of them.
const NODES_NAMED: usize = 3;

fn number(count: usize) -> u32 {
    count.try_into().unwrap_or(u32::MAX)
}
