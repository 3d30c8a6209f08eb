//! What is listed of a cluster that is large, forgets, or may be read in part only.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use apiserver::FakeApi;
use cluster::{ApiError, Connection, Listed, Scope, list, unread_words};
use serde_json::{Value, json};

struct Cluster {
    api: FakeApi,
    connection: Connection,
}

impl Cluster {
    /// Two namespaces with a pod and a policy each, and a node.
    async fn start() -> Self {
        let (api, client) = FakeApi::start().await;
        api.put("nodes", "", "n1", json!({}));
        for namespace in ["payments", "shop"] {
            api.put("namespaces", "", namespace, json!({}));
            api.put("pods", namespace, "web", pod());
            api.put("networkpolicies", namespace, "deny", json!({ "spec": { "podSelector": {} } }));
        }
        let server = api.url().to_owned();
        Self { api, connection: Connection { client, server, namespace: "default".to_owned() } }
    }

    async fn list(&self, scope: &Scope) -> Result<Listed, ApiError> {
        list(&self.connection, scope, &|_| {}).await
    }

    async fn all(&self) -> Listed {
        self.list(&Scope::default()).await.unwrap()
    }
}

fn pod() -> Value {
    json!({ "spec": { "containers": [{ "name": "c", "image": "large" }] },
        "status": { "phase": "Running" } })
}

fn named(namespaces: &[&str]) -> Scope {
    let namespaces = namespaces.iter().map(|name| (*name).to_owned()).collect();
    Scope { namespaces, is_whole: false }
}

fn names(listed: &Listed) -> BTreeSet<&str> {
    listed.documents.iter().map(|document| &*document.name).collect()
}

#[tokio::test]
async fn all_of_a_cluster_is_listed_and_nothing_is_unknown() {
    let cluster = Cluster::start().await;
    let listed = cluster.all().await;
    let expected = [
        "namespaces/payments",
        "namespaces/shop",
        "networkpolicies/payments/deny",
        "networkpolicies/shop/deny",
        "nodes/n1",
        "pods/payments/web",
        "pods/shop/web",
    ];
    assert_eq!(names(&listed), BTreeSet::from(expected));
    assert_eq!(listed.unread, [], "kinds that are not served are absent, not unknown");
    assert!(!listed.documents.iter().any(|document| document.text.contains("large")));
}

#[tokio::test]
async fn a_namespace_that_may_not_be_read_is_unknown_and_the_others_are_known() {
    let cluster = Cluster::start().await;
    cluster.api.forbid("pods", "");
    let listed = cluster.all().await;
    assert_eq!(listed.unread, [], "each namespace may be read, so all of them are known");
    assert!(names(&listed).contains("pods/payments/web"));

    cluster.api.forbid("pods", "payments");
    let listed = cluster.all().await;
    assert_eq!(unread_words(&listed.unread), ["pods in namespace payments"]);
    assert!(names(&listed).contains("pods/shop/web"));
    assert!(!names(&listed).contains("pods/payments/web"));
}

#[tokio::test]
async fn where_namespaces_may_not_be_listed_only_those_that_were_named_are_known() {
    let cluster = Cluster::start().await;
    for plural in ["namespaces", "pods", "services", "endpointslices", "networkpolicies", "nodes"] {
        cluster.api.forbid(plural, "");
    }
    let listed = cluster.list(&named(&["shop"])).await.unwrap();
    let expected = ["namespaces/shop", "networkpolicies/shop/deny", "pods/shop/web"];
    assert_eq!(names(&listed), BTreeSet::from(expected));
    let elsewhere = "namespaces, pods, services, endpointslices, networkpolicies";
    let expected = [
        "nodes in the whole cluster".to_owned(),
        format!("{elsewhere} in namespaces other than shop"),
    ];
    assert_eq!(unread_words(&listed.unread), expected);
}

#[tokio::test]
async fn many_namespaces_that_may_not_be_read_are_said_in_one_line() {
    let cluster = Cluster::start().await;
    cluster.api.forbid("pods", "");
    for number in 10..20 {
        cluster.api.put("namespaces", "", &format!("n{number}"), json!({}));
        cluster.api.forbid("pods", &format!("n{number}"));
    }
    let words = unread_words(&cluster.all().await.unread);
    assert_eq!(words, ["pods in namespaces n10, n11, n12, n13, n14, n15, n16, n17 and 2 more"]);
}

#[tokio::test]
async fn who_insists_on_the_whole_cluster_gets_it_or_an_error() {
    let cluster = Cluster::start().await;
    let whole = Scope { is_whole: true, ..Scope::default() };
    assert!(cluster.list(&whole).await.is_ok());
    cluster.api.forbid("pods", "");
    let error = cluster.list(&whole).await.unwrap_err();
    assert!(matches!(error, ApiError::Forbidden { what: "pods", .. }), "{error}");
}

#[tokio::test]
async fn a_policy_kind_that_is_refused_is_unknown_only_where_it_is_served() {
    let cluster = Cluster::start().await;
    cluster.api.forbid("clusternetworkpolicies", "");
    assert_eq!(cluster.all().await.unread, []);
    cluster.api.serve("clusternetworkpolicies", true);
    let unread = cluster.all().await.unread;
    assert_eq!(unread_words(&unread), ["clusternetworkpolicies in the whole cluster"]);
}

#[tokio::test]
async fn a_kind_that_every_cluster_has_is_never_absent() {
    let cluster = Cluster::start().await;
    cluster.api.fail("pods", true);
    let error = cluster.list(&Scope::default()).await.unwrap_err();
    assert!(matches!(error, ApiError::Refused { what: "pods", code: 404, .. }), "{error}");
}

#[tokio::test]
async fn a_large_list_comes_in_pages_and_begins_anew_when_it_is_forgotten() {
    let cluster = Cluster::start().await;
    for number in 0..1200 {
        cluster.api.put("pods", "shop", &format!("web-{number}"), pod());
    }
    for forgotten in [0, 1, 2, 5] {
        cluster.api.expire("pods", forgotten);
        let told = AtomicUsize::new(0);
        let count = |(_, came)| {
            told.fetch_add(came, Ordering::Relaxed);
        };
        let listed = list(&cluster.connection, &Scope::default(), &count).await.unwrap();
        let pods = names(&listed).iter().filter(|name| name.starts_with("pods/")).count();
        assert_eq!(pods, 1202, "each once, though the list was forgotten {forgotten} times");
        assert!(told.into_inner() >= 1202, "who waits is told of all");
    }
    let asked = cluster.api.asked();
    let of_pods: Vec<&String> = asked.iter().filter(|uri| uri.contains("/pods?")).collect();
    assert!(of_pods[0].contains("limit=500") && !of_pods[0].contains("continue"));
    assert!(of_pods[1].contains("limit=500") && of_pods[1].contains("continue=500"));
    assert!(!of_pods.last().unwrap().contains("limit"), "forgotten for ever: asked for whole");
}

#[tokio::test]
async fn an_object_that_means_nothing_is_its_own_problem_and_has_a_name() {
    let cluster = Cluster::start().await;
    let odd = json!({ "metadata": { "labels": 7 }, "spec": { "podSelector": 7 } });
    cluster.api.put("networkpolicies", "shop", "odd", odd);
    let listed = cluster.all().await;
    let options = manifest::Options { read_as: manifest::ReadAs::Cluster, ..Default::default() };
    let reading = manifest::read(&listed.documents, &options);
    assert_eq!(reading.problems[0].file(), "networkpolicies/shop/odd");
    assert_eq!(reading.parts.pods.len(), 2, "the rest is read");
}
