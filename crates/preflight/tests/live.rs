//! The cluster's part against an API server: an engine is named, and what may not be read is unknown.

#![expect(clippy::unwrap_used, reason = "a failing test may crash")]

use apiserver::FakeApi;
use cluster::Connection;
use preflight::{Outcome, live};
use serde_json::json;

async fn site() -> (FakeApi, Connection) {
    let (api, client) = FakeApi::start().await;
    let (server, namespace) = (api.url().to_owned(), "default".to_owned());
    (api, Connection { client, server, namespace })
}

fn outcome(findings: &[preflight::Finding], check: &str) -> Outcome {
    findings.iter().find(|finding| finding.check == check).unwrap().outcome
}

#[tokio::test]
async fn another_engine_and_policies_that_are_there_are_named() {
    let (api, connection) = site().await;
    let node = json!({ "apiVersion": "v1", "kind": "Node", "spec": { "podCIDRs": ["10.0.0.0/24"] },
        "status": { "nodeInfo": { "kernelVersion": "6.8.0" } } });
    api.put("nodes", "", "n1", node);
    let before = live(&connection, "ringfence-system").await.unwrap();
    assert_eq!(outcome(&before, "policy-engine"), Outcome::Good);
    assert_eq!(outcome(&before, "policies"), Outcome::Good);
    assert_eq!(outcome(&before, "permissions"), Outcome::Good);
    let set = json!({ "apiVersion": "apps/v1", "kind": "DaemonSet", "spec": {} });
    api.put("daemonsets", "kube-system", "calico-node", set);
    let policy =
        json!({ "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": {} });
    api.put("networkpolicies", "shop", "p", policy);
    let after = live(&connection, "ringfence-system").await.unwrap();
    assert_eq!(outcome(&after, "policy-engine"), Outcome::Warning);
    assert_eq!(outcome(&after, "policies"), Outcome::Note);
}

#[tokio::test]
async fn what_may_not_be_read_is_unknown_and_what_may_not_be_made_blocks() {
    let (api, connection) = site().await;
    for plural in ["daemonsets", "nodes", "networkpolicies"] {
        api.forbid(plural, "");
    }
    api.forbid("daemonsets", "ringfence-system");
    let findings = live(&connection, "ringfence-system").await.unwrap();
    for check in ["policy-engine", "policies", "kernels", "families"] {
        assert_eq!(outcome(&findings, check), Outcome::Unknown, "{check}");
    }
    assert_eq!(outcome(&findings, "permissions"), Outcome::Blocks);
}
