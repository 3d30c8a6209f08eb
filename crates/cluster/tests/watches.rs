//! What the store knows while an API server is slow, forgets, breaks off, and learns new kinds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use apiserver::FakeApi;
use cluster::{Heard, KINDS, Key, News, Store, watch};
use kube::Client;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Nothing here waits for time; this is for a test that would wait for ever.
const PATIENCE: Duration = Duration::from_secs(60);

struct Listener {
    store: Store,
    news: mpsc::Receiver<Heard>,
    _watches: JoinSet<()>,
}

impl Listener {
    fn of(client: &Client) -> Self {
        let (sender, news) = mpsc::channel(64);
        Self { store: Store::default(), news, _watches: watch(client, &sender) }
    }

    async fn hear(&mut self) -> (usize, News, bool) {
        let heard = tokio::time::timeout(PATIENCE, self.news.recv()).await;
        let (at, news) = heard.expect("there is news in time").expect("the watches live");
        let changed = self.store.hear(at, news.clone());
        (at, news, changed)
    }

    async fn hear_until(&mut self, mut is_so: impl FnMut(&Store) -> bool) {
        while !is_so(&self.store) {
            self.hear().await;
        }
    }

    fn names(&self) -> BTreeSet<String> {
        self.store.documents().iter().map(|document| document.name.to_string()).collect()
    }
}

fn has(store: &Store, name: &str) -> bool {
    store.documents().iter().any(|document| &*document.name == name)
}

fn pod(node: &str, address: &str) -> Value {
    json!({
        "metadata": { "labels": { "app": "web" }, "managedFields": [{ "manager": "x" }],
            "annotations": { "big": "x".repeat(1000), "ringfence.io/note": "y" } },
        "spec": { "nodeName": node, "volumes": [{ "name": "v" }],
            "containers": [{ "name": "c", "image": "i", "ports": [{ "containerPort": 80 }] }] },
        "status": { "phase": "Running", "podIP": address, "podIPs": [{ "ip": address }],
            "conditions": [{ "type": "Ready" }] },
    })
}

fn policy(spec: &Value) -> Value {
    json!({ "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": spec })
}

async fn started() -> (FakeApi, Listener) {
    let (api, client) = FakeApi::start().await;
    api.put("namespaces", "", "shop", json!({ "metadata": { "labels": { "a": "b" } } }));
    api.put("pods", "shop", "web", pod("n1", "10.0.0.1"));
    api.put("networkpolicies", "shop", "deny", policy(&json!({ "podSelector": {} })));
    let mut listener = Listener::of(&client);
    listener.hear_until(Store::is_complete).await;
    (api, listener)
}

#[tokio::test]
async fn nothing_is_complete_before_every_kind_is_listed() {
    let (api, client) = FakeApi::start().await;
    api.fail("pods", true);
    let mut listener = Listener::of(&client);
    listener.hear_until(|store| store.incomplete().count() == 1).await;
    assert!(!listener.store.is_complete(), "a kind that every cluster has is never absent");
    assert_eq!(listener.store.incomplete().next().unwrap().kind, "Pod");
    api.fail("pods", false);
    listener.hear_until(Store::is_complete).await;
}

#[tokio::test]
async fn what_is_heard_is_what_manifest_reads() {
    let (_api, listener) = started().await;
    let documents = listener.store.documents();
    let options = manifest::Options { read_as: manifest::ReadAs::Cluster, ..Default::default() };
    let reading = manifest::read(&documents, &options);
    assert!(reading.is_complete(), "{:?}", reading.problems);
    assert_eq!(reading.parts.pods.len(), 1);
    assert_eq!(reading.parts.pods[0].addresses, ["10.0.0.1".parse::<std::net::IpAddr>().unwrap()]);
    let text = &listener.store.get("Pod", &key("shop", "web")).unwrap().text;
    assert!(!text.contains("xxx") && !text.contains("image") && !text.contains("managedFields"));
    assert!(text.contains("ringfence.io/note"));
}

#[tokio::test]
async fn changes_are_followed_and_heartbeats_are_none() {
    let (api, mut listener) = started().await;
    let mut later = pod("n1", "10.0.0.1");
    later["status"]["conditions"] = json!([{ "type": "Ready", "lastHeartbeatTime": "now" }]);
    api.put("pods", "shop", "web", later);
    let (_, news, changed) = listener.hear().await;
    assert!(matches!(news, News::Put(_)) && !changed, "a heartbeat changes nothing");
    api.put("pods", "shop", "web", pod("n1", "10.0.0.2"));
    assert!(listener.hear().await.2, "an address does");
    api.remove("pods", "shop", "web", false);
    assert!(listener.hear().await.2);
    assert!(!has(&listener.store, "pods/shop/web"));
}

#[tokio::test]
async fn a_watch_that_is_cut_or_forgotten_loses_nothing_before_its_list_is_complete() {
    let (api, mut listener) = started().await;
    api.put("pods", "shop", "other", pod("n1", "10.0.0.9"));
    listener.hear_until(|store| has(store, "pods/shop/other")).await;
    api.remove("pods", "shop", "other", true);
    api.forget("pods");
    loop {
        let (at, news, _) = listener.hear().await;
        let is_there = has(&listener.store, "pods/shop/other");
        match (KINDS[at].kind, news) {
            ("Pod", News::Complete) => break assert!(!is_there, "the list does not have it"),
            (_, news) => assert!(is_there, "it was lost by {news:?}"),
        }
    }
    assert!(has(&listener.store, "pods/shop/web"));
    api.cut("networkpolicies");
    api.put("networkpolicies", "shop", "more", policy(&json!({ "podSelector": {} })));
    listener.hear_until(|store| has(store, "networkpolicies/shop/more")).await;
    assert!(has(&listener.store, "networkpolicies/shop/deny"));
}

#[tokio::test]
async fn a_kind_may_come_later_and_a_404_alone_does_not_take_it_away() {
    let (api, mut listener) = started().await;
    let admin = json!({ "apiVersion": "policy.networking.k8s.io/v1alpha2",
        "kind": "ClusterNetworkPolicy", "spec": { "tier": "Admin" } });
    api.put("clusternetworkpolicies", "", "all", admin);
    assert!(!listener.names().contains("clusternetworkpolicies/all"));
    api.serve("clusternetworkpolicies", true);
    listener.hear_until(|store| has(store, "clusternetworkpolicies/all")).await;
    api.fail("clusternetworkpolicies", true);
    api.forget("clusternetworkpolicies");
    api.put("pods", "shop", "after", pod("n1", "10.0.0.3"));
    listener.hear_until(|store| has(store, "pods/shop/after")).await;
    assert!(has(&listener.store, "clusternetworkpolicies/all"), "it is served, so it is kept");
    api.serve("clusternetworkpolicies", false);
    listener.hear_until(|store| !has(store, "clusternetworkpolicies/all")).await;
}

#[tokio::test]
async fn an_object_that_means_nothing_is_its_own_problem() {
    let (api, mut listener) = started().await;
    api.put("networkpolicies", "shop", "odd", policy(&json!({ "podSelector": 7, "later": [1] })));
    api.put("pods", "shop", "after", pod("n1", "10.0.0.3"));
    let both =
        |store: &Store| has(store, "networkpolicies/shop/odd") && has(store, "pods/shop/after");
    listener.hear_until(both).await;
    let text = &listener.store.get("NetworkPolicy", &key("shop", "odd")).unwrap().text;
    assert!(text.contains("later"), "what is not known is kept, so that it can be refused");
}

fn key(namespace: &str, name: &str) -> Key {
    Key { namespace: namespace.to_owned(), name: name.to_owned() }
}

#[tokio::test]
async fn a_version_is_heard_when_its_object_is_known_and_with_a_list_when_that_is_complete() {
    let (api, mut listener) = started().await;
    let first = listener.store.heard("NetworkPolicy");
    assert!(first > api::ResourceVersion::NONE);
    api.put("networkpolicies", "shop", "more", policy(&json!({ "podSelector": {} })));
    listener.hear_until(|store| has(store, "networkpolicies/shop/more")).await;
    let second = listener.store.heard("NetworkPolicy");
    assert!(second > first);
    // The same again is no news, and yet it is known of that version that it changes nothing.
    api.put("networkpolicies", "shop", "more", policy(&json!({ "podSelector": {} })));
    let (_, _, changed) = listener.hear().await;
    assert!(!changed && listener.store.heard("NetworkPolicy") > second);
    let third = listener.store.heard("NetworkPolicy");
    api.put("pods", "shop", "other", pod("n1", "10.0.0.9"));
    listener.hear_until(|store| has(store, "pods/shop/other")).await;
    assert_eq!(listener.store.heard("NetworkPolicy"), third, "another kind's versions are its own");
    api.remove("networkpolicies", "shop", "more", true);
    api.forget("networkpolicies");
    loop {
        let (at, news, _) = listener.hear().await;
        let heard = listener.store.heard("NetworkPolicy");
        match (KINDS[at].kind, news) {
            ("NetworkPolicy", News::Complete) => break assert_eq!(heard, first),
            (_, news) => assert_eq!(heard, third, "{news:?}"),
        }
    }
}
