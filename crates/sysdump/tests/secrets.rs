//! Secrets are planted wherever they are known to stand, and looked for in the file.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test may crash")]

use std::collections::BTreeMap;
use std::io::Read;
use std::net::SocketAddr;

use apiserver::FakeApi;
use axum::Router;
use axum::routing::get;
use cluster::Connection;
use flate2::read::GzDecoder;
use serde_json::json;
use sysdump::{archive, collect};

const NAMESPACE: &str = "ringfence-system";
/// Every secret has it in it, so that one search finds all.
const PLANTED: &str = "hunter2";

async fn agent() -> SocketAddr {
    let flow = json!({ "reason": "default-deny by NetworkPolicy shop/db" });
    let router = Router::new()
        .route(
            "/status",
            get(|| async {
                format!(r#"{{"node":"a","token":"{PLANTED}","maps":[{{"map":"cells"}}]}}"#)
            }),
        )
        .route("/metrics", get(|| async { "ringfence_agent_ready 1\n" }))
        .route("/readyz", get(|| async { "ok\n" }))
        .route("/flows", get(move || async move { format!("{flow}\n") }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    at
}

fn plant(api: &FakeApi) {
    let applied = json!({ "kubectl.kubernetes.io/last-applied-configuration": format!("{{\"x\":\"{PLANTED}\"}}"),
        "example.com/anything": PLANTED });
    let env = json!([{ "name": "DB_PASSWORD", "value": PLANTED }]);
    let labels =
        json!({ "app.kubernetes.io/name": "ringfence", "app.kubernetes.io/component": "agent" });
    let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "annotations": applied, "labels": labels },
        "spec": { "nodeName": "a", "containers": [{ "name": "agent", "env": env,
            "args": [format!("--token={PLANTED}"), "--listen=127.0.0.1:9470"] }] },
        "status": { "phase": "Running" } });
    api.put("pods", NAMESPACE, "agent-a", pod);
    api.pod_says(&format!("{NAMESPACE}/agent-a"), &format!(
        "started\nAuthorization: Bearer {PLANTED}\n{{\"msg\":\"x\",\"password\":\"{PLANTED}\"}}\n\
         got eyJhbGciOiJSUzI1NiJ9.{PLANTED}.sig\n-----BEGIN PRIVATE KEY-----\n{PLANTED}\n-----END PRIVATE KEY-----\nended\n"
    ));
    let event = json!({ "apiVersion": "v1", "kind": "Event", "metadata": {}, "reason": "Unhealthy",
        "message": format!("Get http://x/?api_key={PLANTED}: refused"), "involvedObject": {} });
    api.put("events", NAMESPACE, "e", event);
    api.put(
        "secrets",
        NAMESPACE,
        "s",
        json!({ "apiVersion": "v1", "kind": "Secret", "data": { "k": PLANTED } }),
    );
    api.put(
        "configmaps",
        NAMESPACE,
        "c",
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "data": { "k": PLANTED } }),
    );
    api.put(
        "nodes",
        "",
        "a",
        json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "annotations": applied } }),
    );
    api.put("nodes", "", "b", json!({ "apiVersion": "v1", "kind": "Node" }));
    let policy = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": { "annotations": applied }, "spec": { "podSelector": { "matchLabels": { "app": "db" } } } });
    api.put("networkpolicies", "shop", "db", policy);
    api.put("namespaces", "", "shop", json!({ "apiVersion": "v1", "kind": "Namespace" }));
}

/// The files of an archive, by path.
fn files(octets: &[u8]) -> BTreeMap<String, String> {
    let mut tar = tar::Archive::new(GzDecoder::new(octets));
    let read = |entry: Result<tar::Entry<'_, GzDecoder<&[u8]>>, std::io::Error>| {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        (path, text)
    };
    tar.entries().unwrap().map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_that_was_planted_is_in_the_file_and_what_is_needed_is() {
    let (api, client) = FakeApi::start().await;
    let connection =
        Connection { client, server: api.url().to_owned(), namespace: "default".to_owned() };
    plant(&api);
    api.pod_listens(&format!("{NAMESPACE}/agent-a"), agent().await);
    let fleet = fleet::find(&connection, NAMESPACE).await.unwrap();
    let entries = collect(&connection, &fleet, NAMESPACE, "1.2.3", &|_| ()).await;
    let files = files(&archive(Vec::new(), "dump", &entries).unwrap());
    for (path, text) in &files {
        assert!(!text.contains(PLANTED), "{path}: {text}");
    }
    for (path, text) in [
        ("dump/versions.json", "1.2.3"),
        ("dump/versions.json", "v1.36.0"),
        ("dump/agents/a/status.json", "cells"),
        ("dump/agents/a/metrics.txt", "ringfence_agent_ready 1"),
        ("dump/agents/a/flows.jsonl", "shop/db"),
        ("dump/cluster/networkpolicies.json", "matchLabels"),
        ("dump/cluster/nodes.json", "\"b\""),
        ("dump/ringfence-system/pods.json", "DB_PASSWORD"),
        ("dump/ringfence-system/pods.json", "--listen=127.0.0.1:9470"),
        ("dump/ringfence-system/events.json", "Unhealthy"),
        ("dump/logs/agent-a/agent.log", "started"),
        ("dump/logs/agent-a/agent.log", "ended"),
        ("dump/not-collected.txt", "the agent of b: no agent"),
    ] {
        let found = files.get(path).is_some_and(|file| file.contains(text));
        assert!(found, "{text} in {path}: {:?}", files.get(path));
    }
    let asked = api.asked();
    let is_secret = |path: &&String| path.contains("/secrets") || path.contains("/configmaps");
    assert_eq!(asked.iter().find(is_secret), None, "nobody asked for them");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_read_is_named_and_keeps_nothing_else_out() {
    let (api, client) = FakeApi::start().await;
    let connection =
        Connection { client, server: api.url().to_owned(), namespace: "default".to_owned() };
    plant(&api);
    api.forbid("events", NAMESPACE);
    let fleet = fleet::find(&connection, NAMESPACE).await.unwrap();
    let entries = collect(&connection, &fleet, NAMESPACE, "1.2.3", &|_| ()).await;
    let text = |path: &str| {
        entries.iter().find(|entry| entry.path == path).map(|entry| entry.text.clone())
    };
    let missing = text("not-collected.txt").unwrap();
    assert!(missing.contains("events of ringfence-system"), "{missing}");
    assert!(missing.contains("of the agent of a: "), "its port leads nowhere: {missing}");
    assert!(text("ringfence-system/pods.json").is_some());
}
