//! A whole test against an API server of real HTTP, with networks that do what they should and others.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test may crash")]

use std::net::SocketAddr;
use std::time::Duration;

use apiserver::FakeApi;
use cluster::Connection;
use connectivity::{
    CLIENTS, ConnectivityError, LABEL, SERVERS, Settings, TestReport, clean_up, run,
};
use manifest::{Document, Options, ReadAs};
use model::{Enforcement, Family, Flow, PodId, Protocol, Rules, Traffic, Verdict, World};
use serde_json::{Value, json};

const PLURALS: [&str; 7] = [
    "namespaces",
    "nodes",
    "pods",
    "services",
    "endpointslices",
    "networkpolicies",
    "clusternetworkpolicies",
];

/// What stands in for the network.
#[derive(Clone, Copy)]
enum Network {
    Faithful,
    Open,
    Silent,
    /// As faithful, but a policy that selects by a name of a port is not enforced.
    WithoutNames,
}

async fn cluster_of(nodes: usize, network: Network) -> (FakeApi, Connection) {
    let (api, client) = FakeApi::start().await;
    api.serve("clusternetworkpolicies", true);
    for at in 0..nodes {
        let status = json!({ "conditions": [{ "type": "Ready", "status": "True" }] });
        let node = json!({ "apiVersion": "v1", "kind": "Node", "status": status });
        api.put("nodes", "", &format!("node-{at}"), node);
    }
    api.others_act(act);
    let behind = api.clone();
    api.pods_run(move |pod, words| said(&behind, network, pod, &words[2]));
    let connection =
        Connection { client, server: api.url().to_owned(), namespace: "default".to_owned() };
    (api, connection)
}

/// Addresses, as kubelets and the API server give them: of both families, by the number in the name.
fn act(plural: &str, object: &mut Value) {
    let name = object["metadata"]["name"].as_str().unwrap().to_owned();
    let at = name.rsplit('-').next().unwrap().to_owned();
    let is_server = name.starts_with("server");
    match plural {
        "pods" => {
            let all = [
                format!("10.8.{at}.{}", u8::from(is_server)),
                format!("fd08::{at}:{}", u8::from(is_server)),
            ];
            object["status"] = json!({ "phase": "Running", "podIP": all[0],
                "podIPs": all.map(|ip| json!({ "ip": ip })),
                "conditions": [{ "type": "Ready", "status": "True" }] });
        }
        "services" => {
            object["spec"]["clusterIPs"] = json!([format!("10.9.0.{at}"), format!("fd09::{at}")])
        }
        _ => {}
    }
}

/// What a script writes in this network.
fn said(api: &FakeApi, network: Network, pod: &str, script: &str) -> String {
    let unenforced = match network {
        Network::WithoutNames => Some("named-port"),
        Network::Faithful | Network::Open | Network::Silent => None,
    };
    let (world, rules) = read(api, unenforced);
    let from = world.find_pod(CLIENTS, pod.rsplit('/').next().unwrap()).unwrap();
    let line = |line: &str| {
        let words: Vec<&str> = line.strip_prefix("t ")?.split(' ').collect();
        let [number, protocol, target, "&"] = words[..] else { return None };
        let is_open = match network {
            Network::Open => true,
            Network::Silent => false,
            Network::Faithful | Network::WithoutNames => {
                decided(&world, &rules, from, protocol, target)
            }
        };
        Some(format!("{number} {}\n", if is_open { "OPEN" } else { "TIMEOUT" }))
    };
    script.lines().filter_map(line).collect()
}

/// All objects but a policy of this name.
fn read(api: &FakeApi, without: Option<&str>) -> (World, Rules) {
    let objects = PLURALS.iter().flat_map(|plural| api.all(plural));
    let objects = objects.filter(|it| it["metadata"]["name"].as_str() != without);
    let document = |(at, object): (usize, Value)| Document {
        name: at.to_string().into(),
        text: object.to_string().into(),
    };
    let documents: Vec<Document> = objects.enumerate().map(document).collect();
    let switch = api.get("configmaps", "ringfence-system", "ringfence").unwrap_or_default();
    let word = switch["data"]["enforcement"].as_str().and_then(Enforcement::of_word);
    let enforcement = word.unwrap_or_default();
    let options = Options { read_as: ReadAs::Cluster, enforcement, ..Options::default() };
    let reading = manifest::read(&documents, &options);
    (World::new(reading.parts).unwrap(), reading.rules)
}

fn decided(world: &World, rules: &Rules, from: PodId, protocol: &str, target: &str) -> bool {
    let protocol = if protocol == "tcp" { Protocol::Tcp } else { Protocol::Udp };
    let dialled: SocketAddr = target.parse().unwrap();
    let backends = world.backends_at(dialled.ip(), Traffic::Port(protocol, dialled.port()));
    let to = backends.first().map_or(dialled, |one| SocketAddr::new(one.address, one.port));
    let family = Family::of(to.ip());
    let traffic = Traffic::Port(protocol, to.port());
    let flow = Flow::new(world.pod_end(from, family), world.end_at(to.ip()), traffic, family);
    let flow = flow.unwrap();
    let flow = if backends.is_empty() { flow } else { flow.through_service() };
    policy::decide(world, rules, &flow).verdict() == Verdict::Allow
}

fn settings() -> Settings {
    Settings {
        image: "agnhost".to_owned(),
        nodes: Vec::new(),
        nodes_max: 10,
        keep: false,
        ready_max: Duration::from_secs(60),
        settle_max: Duration::ZERO,
        probe_max: Duration::from_secs(1),
    }
}

async fn tested(network: Network, nodes: usize) -> (TestReport, FakeApi) {
    let (api, connection) = cluster_of(nodes, network).await;
    let report = run(&connection, &settings(), &|_| (), std::future::pending()).await.unwrap();
    assert_eq!(left(&api), 0, "everything is removed");
    (report.unwrap(), api)
}

/// How many objects with our label there are.
fn left(api: &FakeApi) -> usize {
    let all = PLURALS.iter().flat_map(|plural| api.all(plural));
    all.filter(|object| object["metadata"]["labels"].get(LABEL).is_some()).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_does_what_the_oracle_says_passes() {
    let (report, _) = tested(Network::Faithful, 2).await;
    assert_eq!(report.failures, []);
    assert!(report.is_good());
    assert_eq!((report.counts.pairs, report.counts.probes, report.steps.len()), (4, 11 * 64, 11));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_enforces_nothing_fails_with_the_rule_that_should_have_decided() {
    let (report, _) = tested(Network::Open, 1).await;
    assert!(!report.is_good() && report.counts.denied == 0);
    let first = &report.failures[0];
    assert_eq!(
        (first.step.as_str(), first.expected.as_str(), first.found.as_str()),
        ("default-deny", "deny", "open")
    );
    assert_eq!(first.rule, format!("default-deny by NetworkPolicy {SERVERS}/default-deny"));
    assert!(report.failures.iter().all(|failure| failure.expected == "deny"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_carries_nothing_fails_before_there_is_a_policy() {
    let (report, _) = tested(Network::Silent, 1).await;
    assert!(!report.is_good() && report.proves_nothing().is_some());
    assert_eq!(report.failures[0].step, "no-policy");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_policy_that_is_not_enforced_fails_in_its_step_alone() {
    let (report, _) = tested(Network::WithoutNames, 2).await;
    assert!(!report.is_good() && !report.failures.is_empty());
    assert!(report.failures.iter().all(|failure| failure.step == "named-port"), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_test_left_is_told_and_removed_and_nobody_elses_is_touched() {
    let (api, connection) = cluster_of(1, Network::Faithful).await;
    let kept = Settings { keep: true, ..settings() };
    run(&connection, &kept, &|_| (), std::future::pending()).await.unwrap();
    assert!(left(&api) > 0);
    let again = run(&connection, &settings(), &|_| (), std::future::pending()).await;
    assert!(matches!(again, Err(ConnectivityError::LeftOver { .. })), "{again:?}");
    let mut removed = clean_up(&connection.client).await.unwrap();
    removed.retain(|name| name.starts_with("namespace"));
    assert_eq!((removed.len(), left(&api)), (2, 0));
    api.put("namespaces", "", SERVERS, json!({ "apiVersion": "v1", "kind": "Namespace" }));
    let refused = run(&connection, &settings(), &|_| (), std::future::pending()).await;
    assert!(matches!(refused, Err(ConnectivityError::Foreign { .. })), "{refused:?}");
    assert_eq!(clean_up(&connection.client).await.unwrap(), Vec::<String>::new());
    assert_eq!(api.all("namespaces").len(), 1, "it is somebody's");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_ends_a_test_early_finds_nothing_of_it() {
    let (api, connection) = cluster_of(1, Network::Faithful).await;
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let end = std::sync::Mutex::new(Some(end));
    let tell = |line: &str| {
        if line.contains("default-deny") {
            drop(end.lock().unwrap().take());
        }
    };
    let ended = async { drop(ended.await) };
    let done = run(&connection, &settings(), &tell, ended).await.unwrap();
    assert_eq!((done, left(&api)), (None, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_nodes_than_are_wanted_are_left_out_by_name() {
    let (_, connection) = cluster_of(3, Network::Faithful).await;
    let few = Settings { nodes_max: 1, ..settings() };
    let report = run(&connection, &few, &|_| (), std::future::pending()).await.unwrap().unwrap();
    assert_eq!(
        (report.counts.pairs, report.left_out),
        (1, vec!["node-1".to_owned(), "node-2".to_owned()])
    );
    let stranger = Settings { nodes: vec!["node-9".to_owned()], ..settings() };
    let refused = run(&connection, &stranger, &|_| (), std::future::pending()).await;
    assert!(matches!(refused, Err(ConnectivityError::NoSuchNode { .. })));
}

fn switch(api: &FakeApi, data: &Value) {
    let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "data": data });
    api.put("configmaps", "ringfence-system", "ringfence", object);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_audit_the_tests_own_namespaces_enforce_and_nobody_elses() {
    let (api, connection) = cluster_of(1, Network::Faithful).await;
    switch(&api, &json!({ "enforcement": "audit" }));
    let report = run(&connection, &settings(), &|_| (), std::future::pending()).await.unwrap();
    let report = report.unwrap();
    assert!(report.is_good() && report.counts.denied > 0, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_policies_are_disabled_nothing_is_tried() {
    let (api, connection) = cluster_of(1, Network::Faithful).await;
    let since = std::time::SystemTime::now();
    let lasting = cluster::Disabled::new(since, Duration::from_secs(3600)).unwrap();
    switch(&api, &json!({ "disabled": lasting.text() }));
    let refused = run(&connection, &settings(), &|_| (), std::future::pending()).await;
    assert!(matches!(refused, Err(ConnectivityError::Disabled { .. })), "{refused:?}");
    assert_eq!(left(&api), 0);
}
