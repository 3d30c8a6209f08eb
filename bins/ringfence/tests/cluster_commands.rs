//! The commands that ask agents or change a cluster: what they print, and how they end.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may crash")]

mod support;

use std::fs;
use std::net::SocketAddr;

use apiserver::FakeApi;
use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use support::{Said, ringfence};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A cluster of two nodes, of which one has an agent.
struct Cluster {
    _runtime: Runtime,
    api: FakeApi,
    folder: TempDir,
    agent: SocketAddr,
}

impl Cluster {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let (api, _) = runtime.block_on(FakeApi::start());
        let agent = runtime.block_on(serve());
        for node in ["n1", "n2"] {
            api.put("nodes", "", node, json!({ "apiVersion": "v1", "kind": "Node" }));
        }
        api.put("namespaces", "", "shop", json!({ "apiVersion": "v1", "kind": "Namespace" }));
        let labels = json!({ "app.kubernetes.io/name": "ringfence", "app.kubernetes.io/component": "agent" });
        let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "labels": labels },
            "spec": { "nodeName": "n1", "hostNetwork": true, "containers": [{ "name": "agent" }] },
            "status": { "phase": "Running" } });
        api.put("pods", "ringfence-system", "agent-n1", pod);
        api.pod_listens("ringfence-system/agent-n1", agent);
        let web = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "labels": { "app": "web" } },
            "spec": { "nodeName": "n1", "containers": [{ "name": "c" }] },
            "status": { "phase": "Running", "podIP": "10.0.0.1" } });
        api.put("pods", "shop", "web", web);
        let folder = TempDir::new().unwrap();
        let config = format!(
            "{{apiVersion: v1, kind: Config, current-context: c, \
              clusters: [{{name: c, cluster: {{server: \"{}\"}}}}], users: [{{name: u, user: {{}}}}], \
              contexts: [{{name: c, context: {{cluster: c, user: u}}}}]}}",
            api.url()
        );
        fs::write(folder.path().join("kubeconfig"), config).unwrap();
        Self { _runtime: runtime, api, folder, agent }
    }

    fn says(&self, words: &[&str]) -> Said {
        ringfence(self.folder.path(), &[words, &["--kubeconfig", "kubeconfig"]].concat())
    }
}

async fn serve() -> SocketAddr {
    let end = |name: &str, port: u16| json!({ "address": "10.0.0.1", "port": port, "name": name });
    let flow = json!({ "time": "2026-01-02T03:04:05.678Z", "node": "n1", "event": "denied",
        "verdict": "deny", "direction": "ingress", "source": end("shop/web", 40000),
        "destination": end("shop/db", 5432), "protocol": "tcp",
        "reason": "default-deny by NetworkPolicy shop/db", "denied": 3 });
    let status = json!({ "node": "n1", "not_programmed": 0, "agent": { "version": "0.1.0", "started": "T0",
        "ready_since": "T1", "lacks": [], "pods": { "shop/web": "enforced" } } });
    let answer = json!({ "verdict": "deny", "reason": "default-deny by NetworkPolicy shop/db" });
    let steps = json!({ "endpoint": 3, "set": 2, "class": 5, "class_by": "peer", "column": 1, "row": 40,
        "rule": 9, "verdict": "deny", "reason": "default-deny by NetworkPolicy shop/db" });
    let kernel = json!({ "endpoint": 3, "set": null, "class": 5, "class_by": "peer", "column": 1, "row": null,
        "rule": 0, "verdict": "deny", "reason": "quarantine" });
    let path = json!({ "node": "n1", "from": "shop/web", "to": "shop/db", "traffic": "5432/tcp",
        "oracle": { "verdict": "deny", "egress": answer, "ingress": answer },
        "ends": [{ "pod": "shop/db", "direction": "ingress", "interfaces": ["c/eth0: enforced"],
            "oracle": answer, "table": steps, "kernel": kernel, "agrees": false }] });
    let [flow, status, path] = [flow, status, path].map(|value| format!("{value}\n"));
    let router = Router::new()
        .route("/flows", get(|| async move { flow }))
        .route("/status", get(|| async move { status }))
        .route("/path", get(|| async move { path }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    at
}

#[test]
fn status_names_every_node_and_whom_no_policy_selects() {
    let cluster = Cluster::start();
    let (code, said, error) = cluster.says(&["status"]);
    assert_eq!(code, 1, "a node has no agent: {said}{error}");
    let rows: Vec<Vec<&str>> = said.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[1], ["n1", "0.1.0", "T1", "1", "0"]);
    assert_eq!(rows[2], ["n2", "none", "not", "no", "agent"]);
    assert!(said.contains("shop: policies select 0 pods in both directions, 0 for ingress alone, 0 for egress alone, 1 not at all"), "{said}");
    assert!(said.ends_with("nodes=2 enforcing=1\n"), "{said}");
    let (_, said, _) = cluster.says(&["status", "-o", "json"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["nodes"][1]["lacks"], json!(["no agent"]));
    assert_eq!(said["namespaces"]["shop"]["none"], 1);
    let server = cluster.agent.to_string();
    let (code, said, _) = cluster.says(&["status", "--server", &server]);
    assert_eq!((code, said.ends_with("nodes=1 enforcing=1\n")), (0, true), "{said}");
}

#[test]
fn a_denial_is_a_line_with_both_names_and_what_denied() {
    let cluster = Cluster::start();
    let line = "03:04:05.678Z deny  denied shop/web:40000 -> shop/db 5432/tcp  \
        ingress: default-deny by NetworkPolicy shop/db  3 packets\n";
    let (code, said, error) = cluster.says(&["flows", "--verdict", "deny"]);
    assert_eq!((code, said.as_str()), (0, line), "{error}");
    assert!(error.contains("nothing is known of the node n2: no agent"), "{error}");
    let (_, said, _) = cluster.says(&["flows", "-o", "json"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["node"], &said["denied"]), (&json!("n1"), &json!(3)));
    let (code, _, error) = cluster.says(&["flows", "--node", "n2"]);
    assert_eq!((code, error.contains("no agent runs on the node n2")), (2, true), "{error}");
}

#[test]
fn a_path_on_which_table_and_kernel_differ_is_told_and_ends_with_1() {
    let cluster = Cluster::start();
    let words = ["path", "--from", "shop/web", "--to", "shop/db", "--port", "5432"];
    let (code, said, error) = cluster.says(&words);
    assert_eq!(code, 1, "{said}{error}");
    assert!(said.starts_with("shop/web -> shop/db 5432/tcp: deny\n"), "{said}");
    assert!(said.contains("set none") && said.contains("THESE DIFFER"), "{said}");
}

#[test]
fn what_a_test_left_is_told_and_only_that_is_removed() {
    let cluster = Cluster::start();
    let labels = json!({ "metadata": { "labels": { "ringfence.io/connectivity-test": "true" } } });
    cluster.api.put("namespaces", "", "ringfence-test-clients", labels);
    let (code, _, error) = cluster.says(&["connectivity-test"]);
    assert_eq!((code, error.contains("--clean-up")), (2, true), "{error}");
    let (code, _, error) = cluster.says(&["connectivity-test", "--clean-up"]);
    assert_eq!((code, error.as_str()), (0, "removed namespace ringfence-test-clients\n"));
    assert_eq!(cluster.api.all("namespaces").len(), 1);
}

#[test]
fn manifests_are_printed_without_a_cluster_and_with_the_image_that_was_said() {
    let folder = TempDir::new().unwrap();
    for command in ["install", "upgrade", "uninstall"] {
        let (code, said, error) =
            ringfence(folder.path(), &[command, "--dry-run", "--image", "x/y:1"]);
        assert_eq!((code, error.as_str()), (0, ""));
        assert!(
            said.contains("kind: DaemonSet") && said.contains("image: x/y:1"),
            "{command}: {said}"
        );
        assert!(!said.contains("image: ringfence.io/"), "{command}");
    }
}

#[test]
fn a_dump_is_written_where_it_is_wanted_and_what_is_missing_is_told() {
    let cluster = Cluster::start();
    let (code, said, error) = cluster.says(&["sysdump", "--output-file", "x.tar.gz"]);
    assert_eq!((code, said.as_str()), (0, "x.tar.gz\n"), "{error}");
    assert!(error.contains("not collected: the agent of n2: no agent"), "{error}");
    assert_eq!(fs::read(cluster.folder.path().join("x.tar.gz")).unwrap()[..2], [0x1f, 0x8b]);
}
