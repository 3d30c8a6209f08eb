//! The definitions that a cluster installs, made from the types that are written.
//!
//! A definition written by hand would be a second truth: an API server drops in silence what it does not
//! define.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use crate::{GROUP, NodeStatus, PolicyStatus, VERSION};

/// One kind, and what `kubectl` calls it.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// Its name.
    pub kind: &'static str,
    /// Its name in paths.
    pub plural: &'static str,
    /// One of it by name.
    singular: &'static str,
    /// For people who type it often.
    short: &'static str,
    /// Whether its objects are of a namespace each.
    pub is_namespaced: bool,
    /// What it is for.
    description: &'static str,
    schema: fn() -> Value,
    columns: &'static [Column],
}

/// A column of `kubectl get`: its name, its type, where it is, and whether only `-o wide` has it.
type Column = (&'static str, &'static str, &'static str, bool);

/// All kinds.
pub const DEFINITIONS: [Definition; 2] = [
    Definition {
        kind: "NodeStatus",
        plural: "nodestatuses",
        singular: "nodestatus",
        short: "rfnode",
        is_namespaced: false,
        description: "What the Ringfence agent of a node says of it. Agents write it, one for each node.",
        schema: schema::<NodeStatus>,
        columns: &[
            ("Ready", "boolean", ".status.ready", false),
            ("Enforcement", "string", ".status.enforcement", false),
            ("Endpoints", "integer", ".status.endpoints.attached", false),
            ("Enforced", "integer", ".status.endpoints.enforced", false),
            ("Not-Programmed", "integer", ".status.notProgrammedCount", false),
            ("Unreadable", "integer", ".status.unreadableCount", false),
            ("Since", "date", ".status.since", false),
            ("Version", "string", ".status.agentVersion", true),
            ("Last-Change", "date", ".status.lastChange.at", true),
            ("Lacks", "string", ".status.lacks[0]", true),
        ],
    },
    Definition {
        kind: "PolicyStatus",
        plural: "policystatuses",
        singular: "policystatus",
        short: "rfpolicy",
        is_namespaced: true,
        description: "What became of the NetworkPolicy of the same name. The Ringfence controller writes it.",
        schema: schema::<PolicyStatus>,
        columns: &[
            ("Accepted", "string", ".status.conditions[?(@.type==\"Accepted\")].status", false),
            ("Programmed", "string", ".status.conditions[?(@.type==\"Programmed\")].status", false),
            ("Nodes", "string", ".status.nodes", false),
            ("Reason", "string", ".status.conditions[?(@.type==\"Programmed\")].reason", false),
            ("In-Kernel", "date", ".status.inKernel.since", false),
            ("Milliseconds", "integer", ".status.inKernel.millisecondsMax", true),
            ("Message", "string", ".status.conditions[?(@.type==\"Programmed\")].message", true),
        ],
    },
];

impl Definition {
    /// As a `CustomResourceDefinition`.
    #[must_use]
    pub fn manifest(&self) -> Value {
        let columns = self.columns.iter().map(|(name, kind, path, is_wide)| {
            let column = json!({ "name": name, "type": kind, "jsonPath": path });
            with(column, is_wide.then(|| ("priority", json!(1))))
        });
        let schema = json!({ "type": "object", "description": self.description, "properties": {
            "apiVersion": { "type": "string" },
            "kind": { "type": "string" },
            "metadata": { "type": "object" },
            "status": (self.schema)(),
        } });
        json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": { "name": format!("{}.{GROUP}", self.plural) },
            "spec": {
                "group": GROUP,
                "names": { "kind": self.kind, "listKind": format!("{}List", self.kind),
                    "plural": self.plural, "singular": self.singular, "shortNames": [self.short],
                    "categories": ["ringfence"] },
                "scope": if self.is_namespaced { "Namespaced" } else { "Cluster" },
                "versions": [{
                    "name": VERSION, "served": true, "storage": true,
                    "subresources": { "status": {} },
                    "additionalPrinterColumns": columns.collect::<Value>(),
                    "schema": { "openAPIV3Schema": schema },
                }],
            },
        })
    }
}

fn with(mut object: Value, more: Option<(&str, Value)>) -> Value {
    if let (Value::Object(object), Some((name, value))) = (&mut object, more) {
        object.insert(name.to_owned(), value);
    }
    object
}

fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::openapi3().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let generator = settings.with_transform(Structural).into_generator();
    generator.into_root_schema_for::<T>().to_value()
}

/// What an API server accepts of a schema: no titles, no formats that it does not know, and an enum of words
/// as one list.
#[derive(Clone, Debug)]
struct Structural;

impl Transform for Structural {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        for word in ["title", "default", "nullable"] {
            schema.remove(word);
        }
        let is_unknown =
            |format: &Value| format.as_str().is_some_and(|word| word.starts_with("uint"));
        if schema.get("format").is_some_and(is_unknown) {
            schema.remove("format");
        }
        let words = schema.get("oneOf").and_then(Value::as_array).map(|all| words(all));
        if let Some(words) = words {
            schema.remove("oneOf");
            schema.insert("type".to_owned(), json!("string"));
            schema.insert("enum".to_owned(), Value::Array(words));
        }
    }
}

/// Of an enum whose words have descriptions, each is a schema of its own.
fn words(all: &[Value]) -> Vec<Value> {
    let word = |one: &Value| match (one.get("const"), one.get("enum")) {
        (Some(word), _) => vec![word.clone()],
        (None, Some(words)) => words.as_array().cloned().unwrap_or_default(),
        (None, None) => Vec::new(),
    };
    all.iter().flat_map(word).collect()
}
