//! An API server for tests: real HTTP, lists and watches, and faults on demand.
//!
//! It does what watches, lists and writers rely on and no more: resource versions that grow, a watch from a
//! version on, 410 for one that is forgotten, 404 for a kind that is not served, 409 for who comes late.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a failed test panics"
)]

mod answer;
mod apply;
mod list;
mod refuse;
mod review;
mod stream;
mod target;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use cluster::KINDS;
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};

use crate::stream::Others;
use crate::target::Target;
pub use crate::write::Written;

/// The server, to change what it says.
#[derive(Clone, Debug)]
pub struct FakeApi {
    url: String,
    state: Arc<Mutex<Served>>,
    events: broadcast::Sender<Said>,
    /// Plurals whose writes wait.
    held: watch::Sender<BTreeSet<String>>,
}

#[derive(Debug, Default)]
struct Served {
    version: u64,
    /// By plural, then namespace and name.
    objects: BTreeMap<String, BTreeMap<(String, String), Value>>,
    /// All that watches were told of objects: a watch from a version on is told what came after it.
    history: Vec<Said>,
    /// Plurals that are not served.
    absent: BTreeSet<String>,
    /// Plurals whose lists fail, though they are served.
    failing: BTreeSet<String>,
    /// Who asks may not list these: a plural, and the namespace, or none for the whole cluster.
    forbidden: BTreeSet<(String, String)>,
    /// How many more pages of a plural are refused because their list is forgotten.
    expiring: BTreeMap<String, usize>,
    /// Whoever asks is not known.
    is_unknown_user: bool,
    /// Plurals that may not be written.
    read_only: BTreeSet<String>,
    /// What was asked for, in order.
    asked: Vec<String>,
    /// What was written.
    written: Vec<Written>,
    /// What each manager applied last.
    applied: BTreeMap<(Target, String), Value>,
    /// Who else acts on objects and pods.
    others: Others,
}

#[derive(Clone, Debug)]
enum Said {
    /// A line of the watch of a plural.
    Line { plural: String, version: u64, line: Value },
    /// Every watch of a plural is cut.
    Cut { plural: String },
}

impl FakeApi {
    /// Serves on a port of its own; optional kinds are absent.
    pub async fn start() -> (Self, Client) {
        let absent = KINDS.iter().filter(|kind| kind.is_optional);
        let absent = absent.map(|kind| kind.plural.to_owned()).collect();
        let served = Served { version: 1, absent, ..Served::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (state, events) = (Arc::new(Mutex::new(served)), broadcast::channel(1024).0);
        let held = watch::Sender::default();
        let api = Self { url: url.clone(), state, events, held };
        let router = Router::new().fallback(answer::answer).with_state(api.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let config = Config::new(url.parse().unwrap());
        (api, Client::try_from(config).unwrap())
    }

    /// Where it serves.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Adds an object, or changes it, and tells the watches. What was written of its status stays.
    pub fn put(&self, plural: &str, namespace: &str, name: &str, mut object: Value) {
        let mut served = self.state.lock().unwrap();
        let metadata = object.as_object_mut().unwrap().entry("metadata").or_insert(json!({}));
        metadata["name"] = json!(name);
        let key = (namespace.to_owned(), name.to_owned());
        let is_status = |one: &&Written| one.is_status && one.plural == plural && one.object == key;
        if served.written.iter().any(|one| is_status(&one)) {
            object["status"] = served.objects[plural][&key]["status"].clone();
        }
        self.store(&mut served, plural, key, object);
    }

    /// Removes an object, and tells the watches unless `silently`.
    pub fn remove(&self, plural: &str, namespace: &str, name: &str, silently: bool) {
        let mut served = self.state.lock().unwrap();
        let key = (namespace.to_owned(), name.to_owned());
        self.delete(&mut served, plural, &key, silently);
    }

    fn delete(&self, served: &mut Served, plural: &str, key: &(String, String), silently: bool) {
        served.version += 1;
        let version = served.version;
        let mut object = served.objects.get_mut(plural).unwrap().remove(key).unwrap();
        object["metadata"]["resourceVersion"] = json!(version.to_string());
        if !silently {
            self.say(served, plural, version, json!({ "type": "DELETED", "object": object }));
        }
    }

    /// Keeps an object with what a server adds to it, and tells the watches. Returns it.
    fn store(
        &self,
        served: &mut Served,
        plural: &str,
        key: (String, String),
        mut object: Value,
    ) -> Value {
        served.version += 1;
        let version = served.version;
        let of_kind = served.objects.entry(plural.to_owned()).or_default();
        let before = of_kind.get(&key);
        let metadata = object["metadata"].as_object_mut().unwrap();
        metadata.entry("uid").or_insert(json!(format!("uid-{}", key.1)));
        metadata.insert("resourceVersion".into(), json!(version.to_string()));
        if !key.0.is_empty() {
            metadata.insert("namespace".into(), json!(key.0));
        }
        let generation =
            before.map_or(0, |before| before["metadata"]["generation"].as_u64().unwrap());
        let is_other = before.is_none_or(|before| before.get("spec") != object.get("spec"));
        object["metadata"]["generation"] = json!(generation + u64::from(is_other));
        let kind = if before.is_some() { "MODIFIED" } else { "ADDED" };
        of_kind.insert(key, object.clone());
        self.say(served, plural, version, json!({ "type": kind, "object": object }));
        object
    }

    /// Tells every watch of a plural that its version is forgotten.
    pub fn forget(&self, plural: &str) {
        let status = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure",
            "reason": "Expired", "message": "too old resource version", "code": 410 });
        let (plural, line) = (plural.to_owned(), json!({ "type": "ERROR", "object": status }));
        drop(self.events.send(Said::Line { plural, version: u64::MAX, line }));
    }

    /// Cuts every watch of a plural.
    pub fn cut(&self, plural: &str) {
        drop(self.events.send(Said::Cut { plural: plural.to_owned() }));
    }

    /// Serves a plural from now on, or no longer.
    pub fn serve(&self, plural: &str, is_served: bool) {
        let mut served = self.state.lock().unwrap();
        match is_served {
            true => served.absent.remove(plural),
            false => served.absent.insert(plural.to_owned()),
        };
    }

    /// Answers lists of a plural with 404 though it is served, or no longer.
    pub fn fail(&self, plural: &str, fails: bool) {
        let mut served = self.state.lock().unwrap();
        match fails {
            true => served.failing.insert(plural.to_owned()),
            false => served.failing.remove(plural),
        };
    }

    fn say(&self, served: &mut Served, plural: &str, version: u64, line: Value) {
        let said = Said::Line { plural: plural.to_owned(), version, line };
        served.history.push(said.clone());
        drop(self.events.send(said));
    }
}
