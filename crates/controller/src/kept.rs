//! An object as it is kept, taken apart again: what was written by people, and what was said about it.

use api::{Condition, NodeStatus, PolicyStatus};
use cluster::Object;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::kinds::BESIDE;

/// A policy, as the API server has it.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    /// The policy as it was written, one line for each value, so that a line is a place.
    pub(crate) text: String,
    pub(crate) generation: i64,
    /// In its own status, whoever said it.
    pub(crate) conditions: Vec<Condition>,
}

/// What the API server has cannot be other JSON than it sent.
fn value(object: &Object) -> Value {
    serde_json::from_str(&object.text).unwrap_or_default()
}

fn beside<T: DeserializeOwned>(object: &Object, name: &str) -> Option<T> {
    let found = value(object).get_mut(BESIDE)?.get_mut(name)?.take();
    serde_json::from_value(found).ok()
}

impl Policy {
    pub(crate) fn of(object: &Object) -> Self {
        let mut written = value(object);
        let beside = written.as_object_mut().and_then(|fields| fields.remove(BESIDE));
        let beside = beside.unwrap_or_default();
        let generation = beside.get("generation").and_then(Value::as_i64).unwrap_or_default();
        let conditions = beside.pointer("/status/conditions").and_then(Value::as_array);
        // One of somebody else that has another shape is not ours to read.
        let read = |one: &Value| serde_json::from_value(one.clone()).ok();
        let conditions = conditions.into_iter().flatten().filter_map(read).collect();
        Self { text: format!("{written:#}"), generation, conditions }
    }
}

/// What an agent said; nothing where it was said in words that are not known here.
pub(crate) fn node_status(object: &Object) -> Option<NodeStatus> {
    beside(object, "status")
}

/// What a controller said; nothing where it was not said yet.
pub(crate) fn policy_status(object: &Object) -> Option<PolicyStatus> {
    beside(object, "status")
}

/// The uids of an object's owners.
pub(crate) fn owners(object: &Object) -> Vec<String> {
    let value = value(object);
    let owners = value.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let uid = |owner: &Value| Some(owner.get("uid")?.as_str()?.to_owned());
    owners.into_iter().flatten().filter_map(uid).collect()
}

/// The labels of an object.
pub(crate) fn has_labels(object: &Object, wanted: &[(String, String)]) -> bool {
    let value = value(object);
    let has = |(name, wanted): &(String, String)| {
        let labels = value.pointer("/metadata/labels");
        labels.and_then(|labels| labels.get(name)?.as_str()) == Some(wanted)
    };
    wanted.iter().all(has)
}
