//! Objects without what people hide in them.
//!
//! Left out are the values of environments, annotations that hold whole objects or whatever anybody likes,
//! and what managers of fields noted. All texts that stay are scrubbed as logs are.

use serde_json::{Map, Value};

use crate::text;

const LEFT_OUT: &str = "(left out)";
/// Of annotations only those stay whose keys begin so: they are ours, or say what a pod is.
const KEPT_ANNOTATIONS: [&str; 4] =
    ["ringfence.io/", "kubernetes.io/config.", "deprecated.daemonset", "deployment.kubernetes.io/"];

/// An object, or a list of them, that may be shown to strangers.
#[must_use]
pub fn scrubbed(value: Value) -> Value {
    match value {
        Value::Object(fields) if is_secret(&fields) => Value::String(LEFT_OUT.to_owned()),
        Value::Object(fields) => Value::Object(fields.into_iter().filter_map(field).collect()),
        Value::Array(items) => Value::Array(items.into_iter().map(scrubbed).collect()),
        Value::String(text) => Value::String(text::scrubbed(&text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// Nobody asks for these, and still none is ever written.
fn is_secret(fields: &Map<String, Value>) -> bool {
    fields.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.starts_with("Secret"))
}

fn field((key, value): (String, Value)) -> Option<(String, Value)> {
    let value = match key.as_str() {
        "managedFields" => return None,
        "env" => environment(value),
        "annotations" => annotations(value),
        key if value.is_string() && text::is_key(key) => Value::String(LEFT_OUT.to_owned()),
        // Commands may hold anything, so they are read as words.
        _ => scrubbed(value),
    };
    Some((key, value))
}

/// Names stay, since a variable that is missing is a cause; values go, wherever they come from.
fn environment(value: Value) -> Value {
    let Value::Array(variables) = value else { return Value::String(LEFT_OUT.to_owned()) };
    let variable = |variable: Value| match variable {
        Value::Object(mut fields) => {
            for (key, value) in &mut fields {
                if key != "name" {
                    *value = Value::String(LEFT_OUT.to_owned());
                }
            }
            Value::Object(fields)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Value::String(LEFT_OUT.to_owned())
        }
    };
    Value::Array(variables.into_iter().map(variable).collect())
}

fn annotations(value: Value) -> Value {
    let Value::Object(all) = value else { return Value::Null };
    let is_kept = |key: &str| KEPT_ANNOTATIONS.iter().any(|start| key.starts_with(start));
    let kept = all.into_iter().map(|(key, value)| {
        let value =
            if is_kept(&key) { scrubbed(value) } else { Value::String(LEFT_OUT.to_owned()) };
        (key, value)
    });
    Value::Object(kept.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_go_and_what_they_belong_to_stays() {
        let pod = json!({ "kind": "Pod", "metadata": { "name": "web", "managedFields": [{ "f": 1 }],
                "annotations": { "kubectl.kubernetes.io/last-applied-configuration": "{\"hidden\":1}",
                    "ringfence.io/mode": "audit" } },
            "spec": { "containers": [{ "name": "c", "env": [
                { "name": "PASSWORD", "value": "hidden" },
                { "name": "KEY", "valueFrom": { "secretKeyRef": { "name": "hidden" } } }] }] } });
        let said = scrubbed(json!([pod])).to_string();
        assert!(!said.contains("hidden") && !said.contains("managedFields"), "{said}");
        for kept in ["web", "PASSWORD", "KEY", "audit", "last-applied-configuration"] {
            assert!(said.contains(kept), "{kept} in {said}");
        }
    }

    #[test]
    fn a_secret_is_never_written_wherever_it_stands() {
        let secret = json!({ "kind": "Secret", "data": { "k": "aGlkZGVu" } });
        let said = scrubbed(json!({ "items": [secret, { "kind": "Pod" }] })).to_string();
        assert!(!said.contains("aGlkZGVu") && said.contains("Pod"), "{said}");
    }
}
