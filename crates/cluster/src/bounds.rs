//! What policies that could not be read may say: at least nothing, and at most everything.
//!
//! Whoever asks with both and hears the same knows the answer whatever they say. They are written as
//! policies, so that nothing but a reader of policies is needed.

use std::collections::BTreeSet;

use manifest::Document;
use serde_json::{Value, json};

use crate::unread::{Place, Unread};

/// Before any other policy of its tier and priority: no name is less.
const NAME: &str = "0";
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// Documents that allow the least, and documents that allow the most, of what the policies and the
/// namespaces' labels that could not be read may allow. Nothing where all of them were read.
///
/// `namespaces` are all that are known to exist, `labelled` those whose labels are known.
#[must_use]
pub fn bounds(
    unread: &[Unread],
    namespaces: &BTreeSet<String>,
    labelled: &BTreeSet<String>,
) -> Option<[Vec<Document>; 2]> {
    let is_unread = |kind: &str, namespace: &str| {
        unread.iter().any(|one| one.kind.kind == kind && one.place.has(namespace))
    };
    let no_policies: Vec<&String> =
        namespaces.iter().filter(|name| is_unread("NetworkPolicy", name)).collect();
    let no_labels: Vec<&String> = namespaces
        .iter()
        .filter(|name| is_unread("Namespace", name) && !labelled.contains(*name))
        .collect();
    let of_cluster = |one: &Unread| one.kind.is_policy() && one.place == Place::Everywhere;
    let no_cluster_policies = unread.iter().any(of_cluster);
    if no_policies.is_empty() && no_labels.is_empty() && !no_cluster_policies {
        return None;
    }
    Some([Action::Deny, Action::Accept].map(|action| {
        let mut all: Vec<Value> =
            no_policies.iter().map(|name| of_namespace(name, action)).collect();
        if no_cluster_policies {
            all.push(of_everybody(action));
        }
        if !no_labels.is_empty() {
            all.extend(of_strangers(&json!(no_labels), action));
        }
        all.iter().map(written).collect()
    }))
}

#[derive(Clone, Copy)]
enum Action {
    Accept,
    Deny,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::Accept => "Accept",
            Self::Deny => "Deny",
        }
    }
}

/// A policy that isolates every pod of a namespace, and allows nothing or everything.
fn of_namespace(namespace: &str, action: Action) -> Value {
    let rules = match action {
        Action::Accept => json!([{}]),
        Action::Deny => json!([]),
    };
    json!({ "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": { "name": NAME, "namespace": namespace },
        "spec": { "podSelector": {}, "policyTypes": ["Ingress", "Egress"],
            "ingress": rules, "egress": rules } })
}

fn of_everybody(action: Action) -> Value {
    let everybody = json!({ "namespaces": {} });
    of_cluster(NAME, &json!({}), &json!([everybody]), &everywhere(), action)
}

/// Nobody knows which selectors match these namespaces: as subjects, and as peers of others.
fn of_strangers(names: &Value, action: Action) -> [Value; 2] {
    let strangers = json!({ "matchExpressions":
        [{ "key": NAME_LABEL, "operator": "In", "values": names }] });
    let peers = json!([{ "namespaces": strangers }]);
    let everybody = json!([{ "namespaces": {} }]);
    [
        of_cluster("0-subjects", &strangers, &everybody, &everywhere(), action),
        of_cluster("0-peers", &json!({}), &peers, &peers, action),
    ]
}

fn everywhere() -> Value {
    json!([{ "namespaces": {} }, { "nodes": {} }, { "networks": ["0.0.0.0/0", "::/0"] }])
}

fn of_cluster(name: &str, subject: &Value, from: &Value, to: &Value, action: Action) -> Value {
    let action = action.word();
    json!({ "apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy",
        "metadata": { "name": name },
        "spec": { "tier": "Admin", "priority": 0, "subject": { "namespaces": subject },
            "ingress": [{ "action": action, "from": from }],
            "egress": [{ "action": action, "to": to }] } })
}

fn written(policy: &Value) -> Document {
    Document { name: "what could not be read".into(), text: policy.to_string().into() }
}
