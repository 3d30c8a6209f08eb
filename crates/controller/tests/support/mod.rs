//! A cluster for controllers: an API server of real HTTP, nodes that say things, and controllers that are
//! ended or die.

#![allow(dead_code, reason = "each test needs a part of this")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use apiserver::FakeApi;
use controller::{LeaseSettings, Settings};
use kube::Client;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Nothing here waits for time; this is for a test that would wait for ever.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(5);
const NAMESPACE: &str = "ringfence-system";
const LEASE: &str = "ringfence-controller";

/// A cluster.
pub(crate) struct Site {
    pub(crate) api: FakeApi,
    client: Client,
}

/// A controller that dies when it is dropped.
pub(crate) struct Running {
    listen: SocketAddr,
    enough: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    /// As by SIGTERM.
    pub(crate) async fn end(mut self) {
        drop(self.enough.take());
        (&mut self.task).await.unwrap();
    }

    /// As by SIGKILL.
    pub(crate) fn die(self) {
        drop(self);
    }

    async fn until_page(&self, path: &'static str, is_so: impl Fn(&str) -> bool) {
        let page = Page(self.listen);
        until(path, async || {
            let text = tokio::task::spawn_blocking(move || page.get(path)).await.unwrap();
            text.filter(|text| is_so(text)).map(drop)
        })
        .await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone, Copy)]
struct Page(SocketAddr);

impl Page {
    fn get(self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.0).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        Some(text)
    }
}

impl Site {
    pub(crate) async fn start() -> Self {
        let (api, client) = FakeApi::start().await;
        Self { api, client }
    }

    pub(crate) fn controller(&self, identity: &str) -> Running {
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let settings = Settings {
            identity: identity.to_owned(),
            lease: LeaseSettings {
                namespace: NAMESPACE.to_owned(),
                name: LEASE.to_owned(),
                duration: Duration::from_secs(3),
                renew: Duration::from_millis(100),
            },
            node_labels: vec![("os".to_owned(), "linux".to_owned())],
            every: Duration::from_millis(20),
            listen: Some(listen),
        };
        let (enough, ends) = oneshot::channel::<()>();
        let client = self.client.clone();
        let task = tokio::spawn(async move {
            controller::run(settings, client, async { drop(ends.await) }).await.unwrap();
        });
        Running { listen, enough: Some(enough), task }
    }

    pub(crate) fn nodes(&self, names: &[&str]) {
        for name in names {
            let beat = self.api.written().len();
            let node = json!({ "apiVersion": "v1", "kind": "Node",
                "metadata": { "labels": { "os": "linux" } },
                "status": { "conditions": [{ "type": "Ready", "beat": beat }] } });
            self.api.put("nodes", "", name, node);
        }
    }

    /// A NetworkPolicy with these ingress rules. Its version.
    pub(crate) fn policy(&self, name: &str, ingress: &str) -> u64 {
        self.api.put("networkpolicies", "shop", name, policy(ingress));
        self.version_of("networkpolicies", "shop", name)
    }

    /// A node has everything up to a version but these policies.
    pub(crate) fn says(&self, node: &str, version: u64, lacking: &[(&str, &str)]) {
        self.says_so(node, &node_status(version, lacking));
    }

    pub(crate) fn says_so(&self, node: &str, status: &Value) {
        self.api.put("nodestatuses", "", node, json!({ "status": status }));
    }

    pub(crate) fn version_of(&self, plural: &str, namespace: &str, name: &str) -> u64 {
        let object = self.api.get(plural, namespace, name).unwrap();
        object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn until_status(&self, name: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.until_object(("policystatuses", "shop", name), is_so).await
    }

    pub(crate) async fn until_conditions(
        &self,
        name: &str,
        is_so: impl Fn(&Value) -> bool,
    ) -> Value {
        self.until_object(("clusternetworkpolicies", "", name), is_so).await
    }

    async fn until_object(
        &self,
        (plural, namespace, name): (&str, &str, &str),
        is_so: impl Fn(&Value) -> bool,
    ) -> Value {
        until(name, async || {
            let object = self.api.get(plural, namespace, name)?;
            let status = object.get("status")?.clone();
            is_so(&status).then_some(status)
        })
        .await
    }

    /// All events, when there are so many of them.
    pub(crate) async fn until_events(&self, count: usize) -> Vec<Value> {
        until("events", async || {
            let mut events = self.api.all("events");
            events.sort_by_key(|event| event["eventTime"].to_string());
            assert!(events.len() <= count, "{events:#?}");
            (events.len() == count).then_some(events)
        })
        .await
    }

    pub(crate) fn holder(&self) -> String {
        let lease = self.api.get("leases", NAMESPACE, LEASE).unwrap_or_default();
        lease["spec"]["holderIdentity"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) async fn until_holder(&self, identity: &str) {
        until(identity, async || (self.holder() == identity).then_some(())).await;
    }

    pub(crate) async fn until_ready(&self, controller: &Running) {
        controller.until_page("/readyz", |text| text.contains(" 200 ")).await;
    }

    /// It has heard of everything but a kind.
    pub(crate) async fn until_unready(&self, controller: &Running, kind: &str) {
        let only = format!("not listed: {kind}\n");
        controller.until_page("/readyz", |text| text.contains(&only)).await;
    }

    pub(crate) async fn until_leading(&self, controller: &Running, is_leading: bool) {
        let line = format!("\nringfence_controller_leader {}\n", u8::from(is_leading));
        controller.until_page("/metrics", |text| text.contains(&line)).await;
    }

    /// It has heard of so many NetworkPolicies.
    pub(crate) async fn until_known(&self, controller: &Running, policies: usize) {
        let line =
            format!("\nringfence_controller_policies{{kind=\"NetworkPolicy\"}} {policies}\n");
        controller.until_page("/metrics", |text| text.contains(&line)).await;
    }

    pub(crate) async fn until_failed(&self, controller: &Running) {
        let word = "writes_total{kind=\"NetworkPolicy\",result=\"Failure\"} ";
        let failed = |text: &str| {
            let count =
                text.split_once(word).map(|(_, rest)| rest.lines().next().unwrap_or_default());
            count.is_some_and(|count| count != "0")
        };
        controller.until_page("/metrics", failed).await;
    }

    /// How often something of a kind was written.
    pub(crate) fn writes(&self, plural: &str) -> usize {
        self.api.written().iter().filter(|one| one.plural == plural).count()
    }

    /// What was written though it was so already.
    pub(crate) fn idle_writes(&self) -> Vec<String> {
        let idle = self.api.written().into_iter().filter(|one| one.is_idle);
        idle.map(|one| format!("{} {} {}", one.method, one.plural, one.object.1)).collect()
    }
}

pub(crate) fn policy(ingress: &str) -> Value {
    let ingress: Value = serde_json::from_str(ingress).unwrap();
    json!({ "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "spec": { "podSelector": {}, "policyTypes": ["Ingress"], "ingress": ingress } })
}

pub(crate) fn cluster_policy(priority: u16) -> Value {
    json!({ "apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy",
        "spec": { "tier": "Admin", "priority": priority, "subject": { "namespaces": {} },
            "ingress": [{ "action": "Deny", "from": [{ "namespaces": {} }] }] } })
}

/// Everything up to a version is in force but these policies of the namespace `shop`.
pub(crate) fn node_status(version: u64, lacking: &[(&str, &str)]) -> Value {
    let lacking = lacking.iter().map(|(name, reason)| {
        json!({ "kind": "NetworkPolicy", "namespace": "shop", "name": name, "reason": reason })
    });
    let kinds = ["NetworkPolicy", "ClusterNetworkPolicy"].map(|kind| {
        json!({ "kind": kind, "resourceVersion": version.to_string(),
            "change": { "at": "2026-01-02T03:04:05.678Z", "milliseconds": version } })
    });
    let lacking: Vec<Value> = lacking.collect();
    json!({ "ready": true, "since": "2026-01-01T00:00:00Z", "enforcement": "enforce",
        "agentVersion": "0.1.0", "endpoints": { "attached": 1, "enforced": 1 }, "inForce": kinds,
        "notProgrammedCount": lacking.len(), "notProgrammed": lacking, "unreadableCount": 0 })
}

/// A condition by its type.
pub(crate) fn condition<'a>(status: &'a Value, kind: &str) -> &'a Value {
    let conditions = status["conditions"].as_array().map_or(&[][..], Vec::as_slice);
    conditions.iter().find(|one| one["type"] == kind).unwrap_or(&Value::Null)
}

/// A condition's status and reason.
pub(crate) fn of<'a>(status: &'a Value, kind: &str) -> (&'a str, &'a str) {
    let condition = condition(status, kind);
    let word = |name: &str| condition[name].as_str().unwrap_or_default();
    (word("status"), word("reason"))
}

/// The time of a loop that waits for something to become so.
async fn until<T>(what: &str, mut found: impl AsyncFnMut() -> Option<T>) -> T {
    let mut poll = tokio::time::interval(POLL);
    let waited = async {
        loop {
            if let Some(found) = found().await {
                return found;
            }
            poll.tick().await;
        }
    };
    let Ok(found) = tokio::time::timeout(PATIENCE, waited).await else {
        unreachable!("it never came: {what}")
    };
    found
}
