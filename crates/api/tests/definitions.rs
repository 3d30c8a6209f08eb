//! The definitions that the chart installs are those that the types make, and what the types write fits them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may crash")]

use std::path::PathBuf;

use api::{
    ACCEPTED, Change, Condition, ConditionStatus, DEFINITIONS, Definition, Endpoints, Enforcement,
    InKernel, Lacking, LackingNode, NodeStatus, PolicyKindInForce, PolicyStatus, ResourceVersion,
    Timestamp,
};
use serde_json::{Value, json};

fn path(definition: &Definition) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/helm/ringfence/definitions");
    PathBuf::from(folder).join(format!("{}.yaml", definition.plural))
}

#[test]
fn the_chart_has_the_definitions_that_the_types_make() {
    for definition in &DEFINITIONS {
        let head = "# Written from crates/api: BLESS=1 cargo test -p ringfence-api\n";
        let text = head.to_owned() + &serde_saphyr::to_string(&definition.manifest()).unwrap();
        if std::env::var_os("BLESS").is_some() {
            std::fs::create_dir_all(path(definition).parent().unwrap()).unwrap();
            std::fs::write(path(definition), &text).unwrap();
        }
        let kept = std::fs::read_to_string(path(definition)).unwrap();
        assert_eq!(kept, text, "BLESS=1 writes {} anew", path(definition).display());
    }
}

fn schema(definition: &Definition) -> Value {
    definition.manifest()["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
}

/// Every schema in one, with the way to it.
fn parts<'a>(schema: &'a Value, way: &str, found: &mut Vec<(String, &'a Value)>) {
    found.push((way.to_owned(), schema));
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        parts(property, &format!("{way}.{name}"), found);
    }
    if let Some(items) = schema.get("items") {
        parts(items, &format!("{way}[]"), found);
    }
}

#[test]
fn the_schemas_are_structural_and_say_what_each_field_is() {
    const KNOWN: [&str; 11] = [
        "type",
        "description",
        "properties",
        "required",
        "items",
        "enum",
        "format",
        "minimum",
        "maximum",
        "x-kubernetes-list-type",
        "x-kubernetes-list-map-keys",
    ];
    for definition in &DEFINITIONS {
        let schema = schema(definition);
        let mut found = Vec::new();
        parts(&schema["properties"]["status"], "status", &mut found);
        assert!(found.len() > 10, "{found:?}");
        for (way, part) in found {
            let words: Vec<&String> = part.as_object().unwrap().keys().collect();
            let strange: Vec<_> =
                words.iter().filter(|word| !KNOWN.contains(&word.as_str())).collect();
            assert!(strange.is_empty(), "{way}: {strange:?}");
            assert!(part["type"].is_string(), "{way}: {part}");
            let format = part.get("format").and_then(Value::as_str).unwrap_or("int64");
            assert!(["int64", "date-time"].contains(&format), "{way}: {format}");
            let is_described = part.get("description").is_some() || way.ends_with("[]");
            assert!(is_described, "{way}");
        }
    }
}

fn now() -> Timestamp {
    "2026-01-02T03:04:05.678Z".parse().unwrap()
}

fn node_status() -> NodeStatus {
    let lacking = Lacking {
        kind: "NetworkPolicy".into(),
        namespace: "shop".into(),
        name: "web".into(),
        reason: "no room".into(),
    };
    let change = Change { at: now(), milliseconds: 7 };
    NodeStatus {
        ready: false,
        since: now(),
        lacks: vec!["not attached: shop/web".into()],
        enforcement: Enforcement::Enforce,
        agent_version: "0.1.0".into(),
        endpoints: Endpoints { attached: 3, enforced: 2 },
        in_force: vec![PolicyKindInForce {
            kind: "NetworkPolicy".into(),
            resource_version: ResourceVersion::new(12),
            change: Some(change),
        }],
        not_programmed: vec![lacking.clone()],
        not_programmed_count: 1,
        unreadable: vec![lacking],
        unreadable_count: 1,
        last_change: Some(change),
    }
}

fn policy_status() -> PolicyStatus {
    PolicyStatus {
        conditions: vec![Condition {
            kind: ACCEPTED.into(),
            status: ConditionStatus::True,
            observed_generation: 3,
            last_transition_time: now(),
            reason: "Valid".into(),
            message: "it can be read".into(),
        }],
        policy_resource_version: ResourceVersion::new(12),
        nodes: "1/2".into(),
        programmed_nodes: 1,
        wanted_nodes: 2,
        lacking: vec![LackingNode { node: "n2".into(), reason: "it has no agent".into() }],
        in_kernel: Some(InKernel { since: now(), milliseconds_max: 7 }),
    }
}

/// An API server drops what a schema does not define, and refuses what it defines otherwise.
fn assert_fits(value: &Value, schema: &Value, way: &str) {
    let fits = match schema["type"].as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        other => unreachable!("{way} is of the type {other}"),
    };
    assert!(fits, "{way}: {value} is no {}", schema["type"]);
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        assert!(words.contains(value), "{way}: {value} is none of {words:?}");
    }
    for (name, one) in value.as_object().into_iter().flatten() {
        let property = schema["properties"].get(name);
        assert_fits(one, property.unwrap_or_else(|| panic!("{way}.{name}")), name);
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(value.get(name.as_str().unwrap()).is_some(), "{way} lacks {name}");
    }
    for one in value.as_array().into_iter().flatten() {
        assert_fits(one, &schema["items"], way);
    }
}

#[test]
fn what_is_written_fits_the_definition_and_comes_back_as_it_was() {
    let (node, policy) = (node_status(), policy_status());
    let (node_json, policy_json) = (json!(node), json!(policy));
    assert_fits(&node_json, &schema(&DEFINITIONS[0])["properties"]["status"], "node");
    assert_fits(&policy_json, &schema(&DEFINITIONS[1])["properties"]["status"], "policy");
    assert_eq!(serde_json::from_value::<NodeStatus>(node_json).unwrap(), node);
    assert_eq!(serde_json::from_value::<PolicyStatus>(policy_json).unwrap(), policy);
}

#[test]
fn columns_show_fields_that_there_are() {
    for definition in &DEFINITIONS {
        let schema = schema(definition);
        let manifest = definition.manifest();
        let columns = manifest["spec"]["versions"][0]["additionalPrinterColumns"].clone();
        for column in columns.as_array().unwrap() {
            let path = column["jsonPath"].as_str().unwrap();
            let mut at = &schema;
            for step in path.trim_start_matches('.').split('.') {
                // What is in brackets chooses among the elements of a list.
                let (name, index) =
                    step.split_once('[').map_or((step, None), |(a, b)| (a, Some(b)));
                if name.starts_with("type==") {
                    continue;
                }
                at = at["properties"].get(name).unwrap_or_else(|| panic!("{path}: {name}"));
                at = if index.is_some() { &at["items"] } else { at };
            }
        }
    }
}

#[test]
fn a_condition_is_as_old_as_its_status() {
    let before = policy_status().conditions.remove(0);
    let later = Condition {
        last_transition_time: "2026-02-02T00:00:00Z".parse().unwrap(),
        observed_generation: 4,
        ..before.clone()
    };
    assert_eq!(later.clone().since(Some(&before)).last_transition_time, now());
    let other = Condition { status: ConditionStatus::False, ..later.clone() };
    assert_eq!(other.clone().since(Some(&before)), other);
    assert_eq!(later.clone().since(None), later);
}

#[test]
fn a_list_that_is_cut_says_so() {
    let mut status = node_status();
    assert!(status.is_whole());
    status.not_programmed_count = 2;
    assert!(!status.is_whole());
    status.not_programmed_count = 1;
    status.unreadable_count = 900;
    assert!(!status.is_whole());
}
