//! Install, upgrade and uninstall against an API server of real HTTP: what is done, in which order, and what
//! is left alone.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test may crash")]

use std::time::Duration;

use apiserver::FakeApi;
use deployment::{DeploymentError, NAMESPACE, Settings, install, uninstall, upgrade};
use kube::Client;
use serde_json::{Value, json};

const PLURALS: [&str; 13] = [
    "customresourcedefinitions",
    "deployments",
    "configmaps",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
    "namespaces",
    "serviceaccounts",
    "clusterroles",
    "clusterrolebindings",
    "roles",
    "rolebindings",
    "daemonsets",
    "jobs",
];

async fn cluster(ready: i64) -> (FakeApi, Client) {
    let (api, client) = FakeApi::start().await;
    api.others_act(move |plural, object| act(plural, object, ready));
    (api, client)
}

/// What controllers do, on a cluster of two nodes.
fn act(plural: &str, object: &mut Value, ready: i64) {
    match plural {
        "daemonsets" => {
            let generation = object["metadata"]["generation"].clone();
            object["status"] = json!({ "observedGeneration": generation, "desiredNumberScheduled": 2,
                "updatedNumberScheduled": 2, "numberReady": ready });
        }
        "jobs" => {
            object["status"] = json!({ "conditions": [{ "type": "Complete", "status": "True" }] })
        }
        _ => {}
    }
}

fn settings() -> Settings {
    Settings { image: None, wait_max: Duration::ZERO, keep_namespace: false }
}

fn objects(api: &FakeApi) -> usize {
    PLURALS.iter().map(|plural| api.all(plural).len()).sum()
}

/// Where in the course of things something was asked for.
fn at(api: &FakeApi, verb: &str, name: &str) -> usize {
    let calls = api.calls();
    let is_it = |line: &String| line.starts_with(verb) && line.ends_with(&format!("/{name}"));
    calls.iter().position(is_it).unwrap_or_else(|| unreachable!("{verb} {name}: {calls:#?}"))
}

#[tokio::test]
async fn installing_applies_everything_and_waits_for_the_nodes() {
    let (api, client) = cluster(2).await;
    install(&client, &settings(), &|_| ()).await.unwrap();
    assert_eq!(objects(&api), deployment::agents(None).matches("\nkind: ").count());
    let again = install(&client, &settings(), &|_| ()).await;
    assert!(matches!(again, Err(DeploymentError::Installed)));
    let (_, client) = cluster(1).await;
    let late = install(&client, &settings(), &|_| ()).await;
    let Err(DeploymentError::Late { lacks, .. }) = late else { unreachable!("{late:?}") };
    assert_eq!(lacks, "1 of 2 nodes are ready");
}

#[tokio::test]
async fn upgrading_needs_an_installation_and_changes_its_image() {
    let (api, client) = cluster(2).await;
    let other = Settings { image: Some("x/y:2".to_owned()), ..settings() };
    let absent = upgrade(&client, &other, &|_| ()).await;
    assert!(matches!(absent, Err(DeploymentError::NotInstalled { .. })));
    install(&client, &settings(), &|_| ()).await.unwrap();
    let switch = json!({ "data": { "enforcement": "audit" } });
    api.put("configmaps", NAMESPACE, "ringfence", switch);
    upgrade(&client, &other, &|_| ()).await.unwrap();
    let image = &api.all("daemonsets")[0]["spec"]["template"]["spec"]["containers"][0]["image"];
    assert_eq!(image, "x/y:2");
    let switch = api.get("configmaps", NAMESPACE, "ringfence").unwrap();
    assert_eq!(switch["data"]["enforcement"], "audit", "it is the administrator's");
}

#[tokio::test]
async fn uninstalling_ends_the_agents_then_cleans_the_nodes_then_removes_the_objects() {
    let (api, client) = cluster(2).await;
    install(&client, &settings(), &|_| ()).await.unwrap();
    uninstall(&client, &settings(), &|_| ()).await.unwrap();
    assert_eq!(objects(&api), 0);
    let [ended, cleaned, gone] = [
        at(&api, "DELETE", "ringfence-agent"),
        at(&api, "PATCH", "ringfence-uninstall"),
        at(&api, "DELETE", NAMESPACE),
    ];
    assert!(ended < cleaned && cleaned < gone, "{:#?}", api.calls());
    let again = uninstall(&client, &settings(), &|_| ()).await;
    assert!(matches!(again, Err(DeploymentError::NotInstalled { .. })));
}

#[tokio::test]
async fn an_uninstallation_that_does_not_come_to_its_end_is_taken_up_again() {
    let (api, client) = cluster(2).await;
    install(&client, &settings(), &|_| ()).await.unwrap();
    // No node gets clean.
    api.others_act(|_, _| ());
    let late = uninstall(&client, &settings(), &|_| ()).await;
    assert!(matches!(late, Err(DeploymentError::Late { .. })), "{late:?}");
    assert!(api.all("namespaces").len() == 1 && api.all("jobs").len() == 1);
    let mut job = api.get("jobs", NAMESPACE, "ringfence-uninstall").unwrap();
    act("jobs", &mut job, 2);
    api.put("jobs", NAMESPACE, "ringfence-uninstall", job);
    let kept = Settings { keep_namespace: true, ..settings() };
    uninstall(&client, &kept, &|_| ()).await.unwrap();
    assert_eq!((objects(&api), api.all("namespaces").len()), (1, 1), "the namespace is kept");
}

#[tokio::test]
async fn what_helm_installed_is_left_to_helm() {
    let (api, client) = cluster(2).await;
    let labels = json!({ "app.kubernetes.io/managed-by": "Helm" });
    api.put(
        "daemonsets",
        NAMESPACE,
        "ringfence-agent",
        json!({ "metadata": { "labels": labels } }),
    );
    let before = api.all("daemonsets");
    let done = [
        install(&client, &settings(), &|_| ()).await,
        upgrade(&client, &settings(), &|_| ()).await,
        uninstall(&client, &settings(), &|_| ()).await,
    ];
    assert!(done.iter().all(|one| matches!(one, Err(DeploymentError::OfHelm))), "{done:?}");
    assert_eq!((api.all("daemonsets"), objects(&api)), (before, 1));
}
