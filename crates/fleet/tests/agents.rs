//! Agents behind an API server of real HTTP, whose ports are forwarded over real WebSockets.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test may crash")]

use std::net::SocketAddr;

use apiserver::FakeApi;
use axum::Router;
use axum::extract::RawQuery;
use axum::routing::get;
use cluster::Connection;
use fleet::{Agent, Fleet, FleetError, Heard, Said, find, flows as heard_flows, paths, states};
use flows::{FlowFilter, FlowQuery};
use serde_json::{Value, json};

const NAMESPACE: &str = "ringfence-system";

async fn cluster() -> (FakeApi, Connection) {
    let (api, client) = FakeApi::start().await;
    let url = api.url().to_owned();
    (api, Connection { client, server: url, namespace: "default".to_owned() })
}

/// A node with an agent's pod, whose port leads to `at`.
fn node(api: &FakeApi, name: &str, phase: &str, at: Option<SocketAddr>) {
    api.put("nodes", "", name, json!({ "apiVersion": "v1", "kind": "Node" }));
    let labels =
        json!({ "app.kubernetes.io/name": "ringfence", "app.kubernetes.io/component": "agent" });
    let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "labels": labels },
        "spec": { "nodeName": name, "containers": [] }, "status": { "phase": phase } });
    api.put("pods", NAMESPACE, &format!("agent-{name}"), pod);
    if let Some(at) = at {
        api.pod_listens(&format!("{NAMESPACE}/agent-{name}"), at);
    }
}

async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    at
}

fn record(node: &str, time: &str) -> Value {
    let end = |name: &str, port: u16| json!({ "address": "10.0.0.1", "port": port, "name": name });
    json!({ "time": time, "node": node, "event": "denied", "verdict": "deny", "direction": "ingress",
        "source": end("shop/web", 40000), "destination": end("shop/db", 5432), "protocol": "tcp",
        "reason": "default-deny by NetworkPolicy shop/db", "denied": 1 })
}

/// An agent that answers `/flows` with lines, and says what it was asked in the last of them.
async fn agent_with(lines: &[Value]) -> SocketAddr {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    serve(Router::new().route("/flows", get(|| async move { text }))).await
}

/// Times and losses, in the order in which they were told, and how many could not be heard.
async fn told(fleet: &Fleet, query: &FlowQuery) -> (Vec<String>, usize) {
    let (mut times, mut failed) = (Vec::new(), 0);
    heard_flows(&fleet.agents, query, |heard| {
        match heard {
            Heard::Flow(record) => times.push(record.time),
            Heard::Lost { node, lost } => times.push(format!("{node} lost {lost}")),
            Heard::Failed(_) => failed += 1,
        }
        true
    })
    .await;
    (times, failed)
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_of_all_nodes_are_one_record_by_time_and_the_newest_are_kept() {
    let (api, connection) = cluster().await;
    let a = agent_with(&[record("a", "T1"), record("a", "T3")]).await;
    let b = agent_with(&[record("b", "T2"), record("b", "T4")]).await;
    node(&api, "a", "Running", Some(a));
    node(&api, "b", "Running", Some(b));
    let fleet = find(&connection, NAMESPACE).await.unwrap();
    let all = FlowQuery::default();
    assert_eq!(told(&fleet, &all).await, (["T1", "T2", "T3", "T4"].map(str::to_owned).into(), 0));
    let few = FlowQuery { last: Some(2), ..all.clone() };
    assert_eq!(told(&fleet, &few).await.0, ["T3", "T4"]);
    let one = fleet.of_nodes(&["b".to_owned()]).unwrap();
    assert_eq!(told(&one, &all).await.0, ["T2", "T4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_cannot_be_heard_hides_no_other() {
    let (api, connection) = cluster().await;
    node(&api, "a", "Running", Some(agent_with(&[record("a", "T1")]).await));
    node(&api, "b", "Running", None);
    let fleet = find(&connection, NAMESPACE).await.unwrap();
    assert_eq!(told(&fleet, &FlowQuery::default()).await, (vec!["T1".to_owned()], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_reaches_the_agent_and_following_goes_on_until_enough_was_heard() {
    let asked = |RawQuery(query): RawQuery| async move {
        let query = query.unwrap_or_default();
        let is_following = query.contains("follow=true");
        let mut line = record("a", if is_following { "later" } else { "before" });
        line["reason"] = json!(query);
        let lost = if is_following { "{\"lost\":7}\n" } else { "" };
        format!("{lost}{line}\n")
    };
    let at = serve(Router::new().route("/flows", get(asked))).await;
    let agents = [Agent::at(&at.to_string())];
    let filter = FlowFilter { names: vec!["shop/web".to_owned()], ..FlowFilter::default() };
    let query = FlowQuery { filter, last: Some(9), follow: true };
    let (mut said, mut left) = (Vec::new(), 3);
    heard_flows(&agents, &query, |heard| {
        said.push(match heard {
            Heard::Flow(record) => format!("{} {}", record.time, record.reason),
            Heard::Lost { lost, .. } => format!("lost {lost}"),
            Heard::Failed(error) => error.to_string(),
        });
        left -= 1;
        left > 0
    })
    .await;
    assert_eq!(said[0], "before last=9&pod=shop%2Fweb");
    assert_eq!(said[1..], ["lost 7", "later last=0&follow=true&pod=shop%2Fweb"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_is_named_whatever_becomes_of_its_agent() {
    let (api, connection) = cluster().await;
    let status = json!({ "node": "a", "not_programmed": 1, "left_out": [{ "message": "shop/web kept its last good policies" }],
        "agent": { "version": "1", "started": "T0", "ready_since": "T1", "lacks": [],
            "pods": { "shop/web": "enforced", "shop/db": "quarantine: why" } } });
    let text = status.to_string();
    let at = serve(Router::new().route("/status", get(|| async move { text }))).await;
    node(&api, "a", "Running", Some(at));
    node(&api, "b", "Running", None);
    node(&api, "c", "Pending", None);
    api.put("nodes", "", "d", json!({ "apiVersion": "v1", "kind": "Node" }));
    let fleet = find(&connection, NAMESPACE).await.unwrap();
    let states = states(&fleet).await;
    let names: Vec<&str> = states.iter().map(|state| state.node.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    assert_eq!(states[0].ready_since(), Some("T1"));
    assert_eq!(
        states[0].lacks(),
        ["shop/db: quarantine: why", "shop/web kept its last good policies"]
    );
    assert!(matches!(states[1].said, Said::Silent { .. }));
    assert_eq!(states[2].lacks(), ["the agent's pod agent-c does not run"]);
    assert_eq!(states[3].said, Said::None { why: "no agent".to_owned() });
    assert!(states[1..].iter().all(|state| state.ready_since().is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_refuses_is_said_in_its_words() {
    let refuse =
        || async { (axum::http::StatusCode::UNPROCESSABLE_ENTITY, "there is no pod x/y\n") };
    let at = serve(Router::new().route("/path", get(refuse))).await;
    let said = paths(&[Agent::at(&at.to_string())], "x/y", "x/z", "80", Some(6)).await;
    let [Err(FleetError::Refused { code: 422, message, .. })] = &said[..] else {
        unreachable!("{said:?}")
    };
    assert_eq!(message, "there is no pod x/y");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_named_and_has_no_agent_is_an_error() {
    let (api, connection) = cluster().await;
    api.put("nodes", "", "a", json!({ "apiVersion": "v1", "kind": "Node" }));
    let fleet = find(&connection, NAMESPACE).await.unwrap();
    let refused = fleet.of_nodes(&["a".to_owned()]).map(|fleet| fleet.agents.len());
    assert!(matches!(refused, Err(FleetError::NoAgent { .. })));
}
