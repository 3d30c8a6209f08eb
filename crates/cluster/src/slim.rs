//! What of an object matters: the rest is dropped before it is kept.
//!
//! A cluster of 100,000 pods says gigabytes, of which verdicts need a hundredth. Policies are never
//! made smaller: whatever their spec says is kept, known here or not.

use serde_json::{Map, Value, json};

use crate::kind::Kind;
use crate::news::MIRROR;

/// Labels, owners and annotations of ours; versions and times would make each heartbeat a change.
const METADATA: [&str; 5] = ["name", "namespace", "uid", "labels", "ownerReferences"];

/// Annotations of ours begin so.
const OURS: &str = "ringfence.io/";

const POD_SPEC: [&str; 2] = ["nodeName", "hostNetwork"];
const POD_STATUS: [&str; 5] = ["phase", "podIP", "podIPs", "hostIP", "hostIPs"];
const CONTAINER: [&str; 3] = ["name", "ports", "restartPolicy"];
const NODE_SPEC: [&str; 2] = ["podCIDR", "podCIDRs"];

/// The part of an object that matters, with its version and kind.
#[must_use]
pub fn slim(kind: &Kind, object: &Value) -> Value {
    let mut kept = Map::new();
    kept.insert("apiVersion".to_owned(), kind.api_version().into());
    kept.insert("kind".to_owned(), kind.kind.into());
    if let Some(metadata) = object.get("metadata") {
        kept.insert("metadata".to_owned(), of_metadata(metadata));
    }
    match kind.kind {
        "Pod" => kept.extend(of_pod(object)),
        "Node" => kept.extend(of_node(object)),
        "Namespace" => {}
        _ => kept.extend(others(object)),
    }
    Value::Object(kept)
}

fn of_metadata(metadata: &Value) -> Value {
    let mut kept = some(metadata, &METADATA);
    let annotations = metadata.get("annotations").and_then(Value::as_object);
    let is_kept = |key: &str| key.starts_with(OURS) || key == MIRROR;
    let ours = annotations.into_iter().flatten().filter(|(key, _)| is_kept(key));
    let ours: Map<String, Value> = ours.map(|(key, value)| (key.clone(), value.clone())).collect();
    if !ours.is_empty() {
        kept.insert("annotations".to_owned(), Value::Object(ours));
    }
    Value::Object(kept)
}

fn of_pod(pod: &Value) -> Map<String, Value> {
    let mut kept = Map::new();
    if let Some(spec) = pod.get("spec") {
        let mut spec_kept = some(spec, &POD_SPEC);
        for field in ["containers", "initContainers"] {
            if let Some(Value::Array(containers)) = spec.get(field) {
                let containers = containers.iter().map(|one| Value::Object(some(one, &CONTAINER)));
                spec_kept.insert(field.to_owned(), containers.collect());
            }
        }
        kept.insert("spec".to_owned(), Value::Object(spec_kept));
    }
    if let Some(status) = pod.get("status") {
        kept.insert("status".to_owned(), Value::Object(some(status, &POD_STATUS)));
    }
    kept
}

fn of_node(node: &Value) -> Map<String, Value> {
    let spec = node.get("spec").map(|spec| some(spec, &NODE_SPEC)).unwrap_or_default();
    let addresses = node.pointer("/status/addresses").cloned().unwrap_or_else(|| json!([]));
    let mut kept = Map::new();
    kept.insert("spec".to_owned(), Value::Object(spec));
    kept.insert("status".to_owned(), json!({ "addresses": addresses }));
    kept
}

/// Everything but what every object has, and what others say about it.
fn others(object: &Value) -> Map<String, Value> {
    let fields = object.as_object().into_iter().flatten();
    let is_kept = |name: &str| !matches!(name, "apiVersion" | "kind" | "metadata" | "status");
    let kept = fields.filter(|(name, _)| is_kept(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn some(object: &Value, names: &[&str]) -> Map<String, Value> {
    let field = |name: &&str| object.get(*name).map(|value| ((*name).to_owned(), value.clone()));
    names.iter().filter_map(field).collect()
}
