//! An API server of tests: real HTTP, lists and watches, and faults on demand.
//!
//! It does what the watches rely on and no more: resource versions that grow, a watch from a version
//! on, 410 for one that is forgotten, 404 for a kind that is not served.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a failed test panics, wherever it does"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use cluster::KINDS;
use futures::StreamExt;
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

/// The server, to change what it says.
#[derive(Clone, Debug)]
pub struct FakeApi {
    state: Arc<Mutex<Served>>,
    events: broadcast::Sender<Said>,
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
        let api = Self { state: Arc::new(Mutex::new(served)), events: broadcast::channel(1024).0 };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(api.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let config = Config::new(format!("http://{address}").parse().unwrap());
        (api, Client::try_from(config).unwrap())
    }

    /// Adds an object, or changes it, and tells the watches.
    pub fn put(&self, plural: &str, namespace: &str, name: &str, mut object: Value) {
        let mut served = self.state.lock().unwrap();
        served.version += 1;
        let version = served.version;
        let metadata = object.as_object_mut().unwrap().entry("metadata").or_insert(json!({}));
        metadata["name"] = json!(name);
        metadata.as_object_mut().unwrap().entry("uid").or_insert(json!(format!("uid-{name}")));
        metadata["resourceVersion"] = json!(version.to_string());
        if !namespace.is_empty() {
            metadata["namespace"] = json!(namespace);
        }
        let key = (namespace.to_owned(), name.to_owned());
        let of_kind = served.objects.entry(plural.to_owned()).or_default();
        let kind = if of_kind.contains_key(&key) { "MODIFIED" } else { "ADDED" };
        of_kind.insert(key, object.clone());
        self.say(&mut served, plural, version, json!({ "type": kind, "object": object }));
    }

    /// Removes an object, and tells the watches unless `silently`.
    pub fn remove(&self, plural: &str, namespace: &str, name: &str, silently: bool) {
        let mut served = self.state.lock().unwrap();
        served.version += 1;
        let version = served.version;
        let key = (namespace.to_owned(), name.to_owned());
        let mut object = served.objects.get_mut(plural).unwrap().remove(&key).unwrap();
        object["metadata"]["resourceVersion"] = json!(version.to_string());
        if !silently {
            self.say(&mut served, plural, version, json!({ "type": "DELETED", "object": object }));
        }
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

async fn answer(
    State(api): State<FakeApi>,
    uri: Uri,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let path: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
    match path.as_slice() {
        ["apis"] => groups(&api).into_response(),
        ["apis", group, version] => resources(&api, group, version).into_response(),
        ["api", "v1", plural] | ["apis", _, _, plural] => {
            let served = api.state.lock().unwrap();
            if served.absent.contains(*plural) || served.failing.contains(*plural) {
                return not_found();
            }
            match query.contains_key("watch") {
                true => watch(&api, &served, plural, &query).into_response(),
                false => list(&served, plural).into_response(),
            }
        }
        _ => not_found(),
    }
}

fn not_found() -> Response {
    let status = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure",
        "reason": "NotFound", "message": "the server could not find it", "code": 404 });
    (StatusCode::NOT_FOUND, status.to_string()).into_response()
}

fn groups(api: &FakeApi) -> String {
    let served = api.state.lock().unwrap();
    let served =
        KINDS.iter().filter(|kind| !kind.group.is_empty() && !served.absent.contains(kind.plural));
    let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for kind in served {
        groups.entry(kind.group).or_default().insert(kind.version);
    }
    let groups = groups.iter().map(|(group, versions)| {
        let versions = versions.iter().map(
            |version| json!({ "groupVersion": format!("{group}/{version}"), "version": version }),
        );
        json!({ "name": group, "versions": versions.collect::<Value>() })
    });
    json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups.collect::<Value>() })
        .to_string()
}

fn resources(api: &FakeApi, group: &str, version: &str) -> String {
    let served = api.state.lock().unwrap();
    let of_group = KINDS.iter().filter(|kind| {
        (kind.group, kind.version) == (group, version) && !served.absent.contains(kind.plural)
    });
    let resources = of_group.map(|kind| {
        json!({ "name": kind.plural, "singularName": "", "namespaced": true, "kind": kind.kind,
            "verbs": ["list", "watch"] })
    });
    json!({ "kind": "APIResourceList", "apiVersion": "v1",
        "groupVersion": format!("{group}/{version}"), "resources": resources.collect::<Value>() })
    .to_string()
}

fn list(served: &Served, plural: &str) -> String {
    let items: Value =
        served.objects.get(plural).into_iter().flat_map(BTreeMap::values).cloned().collect();
    json!({ "kind": "List", "apiVersion": "v1", "items": items,
        "metadata": { "resourceVersion": served.version.to_string() } })
    .to_string()
}

fn watch(
    api: &FakeApi,
    served: &Served,
    plural: &str,
    query: &BTreeMap<String, String>,
) -> Response {
    let from: u64 = query.get("resourceVersion").and_then(|text| text.parse().ok()).unwrap_or(0);
    let plural = plural.to_owned();
    let live = BroadcastStream::new(api.events.subscribe()).map(Result::unwrap);
    let events = futures::stream::iter(served.history.clone()).chain(live).filter(move |said| {
        let is_ours = match said {
            Said::Line { plural: of, version, .. } => *of == plural && *version > from,
            Said::Cut { plural: of } => *of == plural,
        };
        std::future::ready(is_ours)
    });
    let lines = events.take_while(|said| std::future::ready(matches!(said, Said::Line { .. })));
    let lines = lines.map(|said| match said {
        Said::Line { line, .. } => Ok::<_, Infallible>(format!("{line}\n")),
        Said::Cut { .. } => unreachable!("the stream has ended"),
    });
    Body::from_stream(lines).into_response()
}
