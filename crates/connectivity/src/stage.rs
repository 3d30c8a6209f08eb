//! What is made to be probed: two namespaces, and on each node a client and a server with a Service.
//!
//! A server listens on two ports in two protocols, so that one policy can allow the one and deny its
//! neighbour on the same way.

use model::{ENFORCEMENT_LABEL, Enforcement};
use serde_json::{Value, json};

/// The label of everything that a test made, and of nothing else.
pub const LABEL: &str = "ringfence.io/connectivity-test";
/// The namespace of the pods that ask.
pub const CLIENTS: &str = "ringfence-test-clients";
/// The namespace of the pods that answer.
pub const SERVERS: &str = "ringfence-test-servers";

/// The ports of a server, with the first part of their names.
pub(crate) const PORTS: [(u16, &str); 2] = [(WEB, "web"), (ADMIN, "admin")];
/// The first of them.
pub(crate) const WEB: u16 = 8080;
/// The second.
pub(crate) const ADMIN: u16 = 8081;

/// The label by which policies select a pod of one node.
pub(crate) const PLACE: &str = "place";

/// Both namespaces. Where the cluster's policies are in audit, those of these two count all the same
/// (ruling N41).
pub(crate) fn namespaces(enforcement: Enforcement) -> [Value; 2] {
    [(CLIENTS, "clients"), (SERVERS, "servers")].map(|(name, side)| {
        let mut labels = json!({ LABEL: "true", "side": side });
        if let (Enforcement::Audit, Some(labels)) = (enforcement, labels.as_object_mut()) {
            labels.insert(ENFORCEMENT_LABEL.to_owned(), json!("enforce"));
        }
        json!({ "apiVersion": "v1", "kind": "Namespace",
            "metadata": { "name": name, "labels": labels } })
    })
}

/// The name of the client on the node of this number.
pub(crate) fn client(at: usize) -> String {
    format!("client-{at}")
}

/// The name of the server there, and of its Service.
pub(crate) fn server(at: usize) -> String {
    format!("server-{at}")
}

/// The pods and the Service of a node.
pub(crate) fn of_node(at: usize, node: &str, image: &str) -> [Value; 3] {
    let client = [container("main", image, &["pause".to_owned()], &[])];
    let servers = PORTS.map(|(port, name)| {
        let words =
            ["netexec".to_owned(), format!("--http-port={port}"), format!("--udp-port={port}")];
        let ports = [("TCP", name.to_owned()), ("UDP", format!("{name}-udp"))];
        let ports = ports.map(
            |(protocol, name)| json!({ "name": name, "containerPort": port, "protocol": protocol }),
        );
        container(name, image, &words, &ports)
    });
    [
        pod(CLIENTS, &self::client(at), "client", (at, node), &client),
        pod(SERVERS, &server(at), "server", (at, node), &servers),
        service(at),
    ]
}

fn pod(
    namespace: &str,
    name: &str,
    role: &str,
    (at, node): (usize, &str),
    containers: &[Value],
) -> Value {
    json!({ "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "namespace": namespace,
            "labels": { LABEL: "true", "role": role, PLACE: format!("n{at}") } },
        "spec": {
            "nodeName": node, "tolerations": [{ "operator": "Exists" }],
            "automountServiceAccountToken": false, "enableServiceLinks": false,
            "terminationGracePeriodSeconds": 0,
            "securityContext": { "runAsNonRoot": true, "runAsUser": 65532,
                "seccompProfile": { "type": "RuntimeDefault" } },
            "containers": containers } })
}

/// As little as the strictest of the Pod Security levels asks for.
fn container(name: &str, image: &str, words: &[String], ports: &[Value]) -> Value {
    json!({ "name": name, "image": image, "args": words, "ports": ports,
        "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } } })
}

fn service(at: usize) -> Value {
    let ports = PORTS.iter().flat_map(|(port, name)| {
        [("TCP", (*name).to_owned()), ("UDP", format!("{name}-udp"))].map(|(protocol, name)| {
            json!({ "name": name, "port": port, "targetPort": port, "protocol": protocol })
        })
    });
    json!({ "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": server(at), "namespace": SERVERS, "labels": { LABEL: "true" } },
        "spec": { "selector": { "role": "server", PLACE: format!("n{at}") },
            "ipFamilyPolicy": "PreferDualStack", "ports": ports.collect::<Value>() } })
}
