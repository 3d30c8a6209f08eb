//! Patches: what an object is after them.
//!
//! A server-side apply takes away what the same manager applied before and no longer does, and lists of
//! conditions are joined by their types; a merge patch knows neither.

use serde_json::{Map, Value};

/// Server-side apply: `before` is what this manager applied last.
pub(crate) fn apply(current: &mut Value, before: &Value, applied: &Value) {
    match (current, applied) {
        (Value::Object(current), Value::Object(applied)) => {
            let empty = Map::new();
            let before = before.as_object().unwrap_or(&empty);
            current.retain(|name, _| applied.contains_key(name) || !before.contains_key(name));
            for (name, value) in applied {
                let before = before.get(name).unwrap_or(&Value::Null);
                match current.get_mut(name) {
                    Some(now) => apply(now, before, value),
                    None => drop(current.insert(name.clone(), value.clone())),
                }
            }
        }
        (Value::Array(current), Value::Array(applied)) if are_typed(applied) => {
            let before = before.as_array().map_or(&[][..], Vec::as_slice);
            let is_gone = |one: &Value| has(before, one) && !has(applied, one);
            current.retain(|one| !is_gone(one));
            for one in applied {
                match current.iter_mut().find(|now| now["type"] == one["type"]) {
                    Some(now) => *now = one.clone(),
                    None => current.push(one.clone()),
                }
            }
        }
        (current, applied) => *current = applied.clone(),
    }
}

/// RFC 7396.
pub(crate) fn merge(current: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *current = patch.clone();
        return;
    };
    if !current.is_object() {
        *current = Value::Object(Map::new());
    }
    for (name, value) in patch {
        match value.is_null() {
            true => drop(current.as_object_mut().unwrap().remove(name)),
            false => merge(&mut current[name.as_str()], value),
        }
    }
}

fn are_typed(list: &[Value]) -> bool {
    !list.is_empty() && list.iter().all(|one| one.get("type").is_some())
}

fn has(list: &[Value], one: &Value) -> bool {
    list.iter().any(|other| other["type"] == one["type"])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_manager_no_longer_applies_goes_and_what_others_wrote_stays() {
        let mut object = json!({ "a": 1, "b": { "c": 2, "d": 3 }, "theirs": 4 });
        let before = json!({ "a": 1, "b": { "c": 2, "d": 3 } });
        apply(&mut object, &before, &json!({ "b": { "c": 5 } }));
        assert_eq!(object, json!({ "b": { "c": 5 }, "theirs": 4 }));
    }

    #[test]
    fn conditions_are_joined_by_type() {
        let mut object = json!([{ "type": "Theirs", "status": "True" }, { "type": "A", "x": 1 }]);
        let before = json!([{ "type": "A", "x": 1 }]);
        apply(&mut object, &before, &json!([{ "type": "B" }]));
        assert_eq!(object, json!([{ "type": "Theirs", "status": "True" }, { "type": "B" }]));
    }

    #[test]
    fn a_merge_patch_takes_away_by_null() {
        let mut object = json!({ "a": 1, "b": { "c": 2 } });
        merge(&mut object, &json!({ "a": null, "b": { "d": 3 } }));
        assert_eq!(object, json!({ "b": { "c": 2, "d": 3 } }));
    }
}
