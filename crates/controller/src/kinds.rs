//! The kinds that are watched, and what is kept of their objects.
//!
//! Pods are not among them: whom a policy selects is the agents' question.

use cluster::{KINDS, Kind, slim};
use serde_json::{Map, Value};

/// What agents write.
pub(crate) const NODE_STATUS: &str = "NodeStatus";
/// What the controller writes.
pub(crate) const POLICY_STATUS: &str = "PolicyStatus";

/// All kinds that are watched, in the order in which news names them.
pub static KEPT: [Kind; 7] = [
    kind("Node"),
    kind("NetworkPolicy"),
    kind("ClusterNetworkPolicy"),
    kind("AdminNetworkPolicy"),
    kind("BaselineAdminNetworkPolicy"),
    own(NODE_STATUS, "nodestatuses"),
    own(POLICY_STATUS, "policystatuses"),
];

#[expect(clippy::panic, clippy::indexing_slicing, reason = "it is evaluated by the compiler")]
const fn kind(name: &str) -> Kind {
    let mut at = 0;
    while at < KINDS.len() {
        let Kind { group, version, kind, plural, is_optional } = KINDS[at];
        if are_same(kind, name) {
            return Kind { group, version, kind, plural, is_optional };
        }
        at += 1;
    }
    panic!("no such kind is watched")
}

#[expect(clippy::indexing_slicing, reason = "it is evaluated by the compiler")]
const fn are_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

const fn own(kind: &'static str, plural: &'static str) -> Kind {
    Kind { group: api::GROUP, version: api::VERSION, kind, plural, is_optional: true }
}

/// The kinds among them that have rules.
pub(crate) fn policies() -> impl Iterator<Item = &'static Kind> {
    KEPT.iter().filter(|kind| kind.is_policy() && kind.group != api::GROUP)
}

/// What verdicts depend on, and what has been said of it: a policy's generation and conditions, and all of a
/// status of ours. Of a Node its labels alone count, so that heartbeats are no news.
#[must_use]
pub fn keep(kind: &Kind, object: &Value) -> Value {
    let mut kept = slim(kind, object);
    if kind.kind == "Node" {
        return kept;
    }
    let more = [("/metadata/generation", "generation"), ("/status", "status")];
    let more = more.iter().filter_map(|(from, to)| Some((*to, object.pointer(from)?.clone())));
    let more: Map<String, Value> = more.map(|(to, value)| (to.to_owned(), value)).collect();
    if let Value::Object(fields) = &mut kept {
        fields.insert(BESIDE.to_owned(), Value::Object(more));
    }
    kept
}

/// Where it is kept what is not of the object as it was written; no kind of Kubernetes has such a field.
pub(crate) const BESIDE: &str = "ringfence.io/kept";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_policy_is_watched() {
        let all = KINDS.iter().filter(|kind| kind.is_policy()).map(|kind| kind.kind);
        assert_eq!(policies().map(|kind| kind.kind).collect::<Vec<_>>(), all.collect::<Vec<_>>());
    }

    #[test]
    fn a_nodes_heartbeat_is_no_news_and_a_policys_status_is() {
        let status = json!({ "status": { "conditions": [{ "type": "Ready" }] } });
        assert_eq!(
            keep(&KEPT[0], &json!({})),
            keep(&KEPT[0], &json!({ "status": { "conditions": [1] } }))
        );
        assert_ne!(keep(&KEPT[2], &json!({})), keep(&KEPT[2], &status));
    }
}
