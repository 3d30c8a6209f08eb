//! The sets of policies, one after another.
//!
//! Each differs from the one before in one way of selecting, and has a twin a step outside: another
//! port, a label that nobody has, the client of another node. None of them says what must come out.

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::stage::{ADMIN, CLIENTS, LABEL, PLACE, SERVERS, WEB};

/// A set of policies.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// Its name, which is a part of its policies' names.
    pub(crate) name: &'static str,
    /// Its policies.
    pub(crate) policies: Vec<Value>,
}

/// What of the cluster the steps depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The addresses of the first client.
    pub(crate) first: Vec<IpAddr>,
    /// Whether there are ClusterNetworkPolicies.
    pub(crate) has_cluster_policies: bool,
}

/// All steps that can be tried, the one without policies first.
pub(crate) fn steps(facts: &Facts) -> Vec<Step> {
    let step = |name, policies| Step { name, policies };
    let mut steps = vec![
        step("no-policy", Vec::new()),
        step("default-deny", vec![default_deny()]),
        step("pod-label", vec![by_pod_label()]),
        step("namespace", vec![by_namespace()]),
        step("port", vec![by_port()]),
        step("named-port", vec![by_named_port()]),
        step("block", vec![by_block(&facts.first)]),
        step("egress", vec![egress()]),
        step("both-ends", both_ends().into()),
    ];
    if facts.has_cluster_policies {
        steps.push(step("cluster-deny", vec![cluster_deny()]));
        steps.push(step("cluster-pass", cluster_pass().into()));
    }
    steps
}

fn policy(namespace: &str, name: &str, spec: &Value) -> Value {
    json!({ "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": { "name": name, "namespace": namespace, "labels": { LABEL: "true" } },
        "spec": spec })
}

/// A policy of all servers, for what comes in.
fn ingress(name: &str, rules: &Value) -> Value {
    let spec = json!({ "podSelector": {}, "policyTypes": ["Ingress"], "ingress": rules });
    policy(SERVERS, name, &spec)
}

fn both(port: u16) -> Value {
    json!([{ "protocol": "TCP", "port": port }, { "protocol": "UDP", "port": port }])
}

fn labels(key: &str, value: &str) -> Value {
    json!({ "matchLabels": { key: value } })
}

fn default_deny() -> Value {
    ingress("default-deny", &json!([]))
}

fn by_pod_label() -> Value {
    let clients = labels("side", "clients");
    let from =
        |key, value| json!([{ "namespaceSelector": clients, "podSelector": labels(key, value) }]);
    ingress(
        "pod-label",
        &json!([
            { "from": from("role", "client"), "ports": [{ "protocol": "TCP", "port": WEB }] },
            { "from": from(PLACE, "n0"), "ports": [{ "protocol": "UDP", "port": WEB }] },
            { "from": from("role", "nobody"), "ports": both(ADMIN) },
        ]),
    )
}

fn by_namespace() -> Value {
    let from = |side| json!([{ "namespaceSelector": labels("side", side) }]);
    ingress(
        "namespace",
        &json!([
            { "from": from("clients"), "ports": both(WEB) },
            { "from": from("servers"), "ports": both(ADMIN) },
        ]),
    )
}

fn by_port() -> Value {
    ingress(
        "port",
        &json!([{ "ports": [
            { "protocol": "TCP", "port": WEB },
            { "protocol": "UDP", "port": ADMIN, "endPort": ADMIN + 9 },
        ] }]),
    )
}

fn by_named_port() -> Value {
    ingress(
        "named-port",
        &json!([{ "ports": [
            { "protocol": "TCP", "port": "admin" },
            { "protocol": "UDP", "port": "web-udp" },
        ] }]),
    )
}

/// Everybody but the first client on one port, and the first client alone on the other.
fn by_block(first: &[IpAddr]) -> Value {
    let alone = |address: &IpAddr| match address {
        IpAddr::V4(_) => format!("{address}/32"),
        IpAddr::V6(_) => format!("{address}/128"),
    };
    let all = |address: &IpAddr| if address.is_ipv4() { "0.0.0.0/0" } else { "::/0" };
    let others = first
        .iter()
        .map(|address| json!({ "ipBlock": { "cidr": all(address), "except": [alone(address)] } }));
    let own = first.iter().map(|address| json!({ "ipBlock": { "cidr": alone(address) } }));
    ingress(
        "block",
        &json!([
            { "from": others.collect::<Value>(), "ports": both(WEB) },
            { "from": own.collect::<Value>(), "ports": both(ADMIN) },
        ]),
    )
}

fn egress() -> Value {
    let to = json!([{ "namespaceSelector": labels("side", "servers"),
        "podSelector": labels("role", "server") }]);
    let ports = json!([{ "protocol": "TCP", "port": ADMIN }, { "protocol": "UDP", "port": WEB }]);
    let spec = json!({ "podSelector": {}, "policyTypes": ["Egress"],
        "egress": [{ "to": to, "ports": ports }] });
    policy(CLIENTS, "egress", &spec)
}

/// What one end allows and the other does not is denied.
fn both_ends() -> [Value; 2] {
    let ports = json!([{ "protocol": "TCP", "port": WEB }, { "protocol": "UDP", "port": ADMIN }]);
    let spec = json!({ "podSelector": {}, "policyTypes": ["Egress"],
        "egress": [{ "ports": both(WEB) }] });
    [ingress("both-ends", &json!([{ "ports": ports }])), policy(CLIENTS, "both-ends", &spec)]
}

fn cluster_policy(name: &str, tier: &str, rules: &Value) -> Value {
    json!({ "apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy",
        "metadata": { "name": format!("ringfence-test-{name}"), "labels": { LABEL: "true" } },
        "spec": { "tier": tier, "priority": 500,
            "subject": { "namespaces": labels("side", "servers") }, "ingress": rules } })
}

fn from_clients(action: &str, ports: &Value) -> Value {
    json!({ "name": action.to_lowercase(), "action": action,
        "from": [{ "namespaces": labels("side", "clients") }], "protocols": ports })
}

fn tcp(port: u16) -> Value {
    json!({ "tcp": { "destinationPort": { "number": port } } })
}

fn udp(port: u16) -> Value {
    json!({ "udp": { "destinationPort": { "number": port } } })
}

fn cluster_deny() -> Value {
    cluster_policy("deny", "Admin", &json!([from_clients("Deny", &json!([tcp(WEB), udp(ADMIN)]))]))
}

/// The first tier passes one port on to the namespace's own policy, accepts another, and leaves the rest
/// to the last tier.
fn cluster_pass() -> [Value; 3] {
    let rules = json!([
        from_clients("Pass", &json!([tcp(WEB), udp(WEB)])),
        from_clients("Accept", &json!([udp(ADMIN)])),
        from_clients("Deny", &json!([tcp(ADMIN)])),
    ]);
    let last = json!([from_clients("Deny", &json!([tcp(WEB), udp(WEB), udp(ADMIN)]))]);
    [
        cluster_policy("pass", "Admin", &rules),
        cluster_policy("last", "Baseline", &last),
        ingress("cluster-pass", &json!([{ "ports": [{ "protocol": "TCP", "port": WEB }] }])),
    ]
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
