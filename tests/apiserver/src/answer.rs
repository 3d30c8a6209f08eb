//! What is answered to a request.
//!
//! Lists and watches of any kind come from the same objects, so that they cannot disagree.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use cluster::KINDS;
use futures::StreamExt;
use hyper::upgrade::OnUpgrade;
use serde_json::{Value, json};
use tokio_stream::wrappers::BroadcastStream;

use crate::target::Target;
use crate::{FakeApi, Said, Served, list, refuse, review, stream};

pub(crate) async fn answer(
    State(api): State<FakeApi>,
    method: Method,
    uri: Uri,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    upgrade: Option<Extension<OnUpgrade>>,
    body: Bytes,
) -> Response {
    let path: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
    let target = Target::of(&path);
    if let (Some(target), true) = (&target, method != Method::GET) {
        api.let_go(&target.plural).await;
    }
    let mut served = api.state.lock().unwrap();
    served.asked.push(uri.to_string());
    if method != Method::GET {
        served.others.note(&method, uri.path());
    }
    if served.is_unknown_user {
        return refuse::unauthorized();
    }
    match (path.as_slice(), target) {
        (["api", "v1", "namespaces", _, "pods", _, "exec" | "portforward"], _) => match upgrade {
            Some(Extension(upgrade)) => stream::stream(&served, &uri, &headers, upgrade),
            None => refuse::not_found(),
        },
        (["api", "v1", "namespaces", namespace, "pods", name, "log"], _) => {
            served.others.said_by(&format!("{namespace}/{name}")).into_response()
        }
        (["version"], _) => VERSION.into_response(),
        (["apis"], _) => groups(&served).into_response(),
        (["apis", group, version], _) => resources(&served, group, version).into_response(),
        (["apis", "authentication.k8s.io" | "authorization.k8s.io", "v1", review], _) => {
            review::answer(&served, review, &body)
        }
        (_, Some(target)) if method != Method::GET => {
            api.write(&mut served, &method, &target, &query, (&headers, &body))
        }
        (_, Some(Target { plural, namespace, name: Some(name), subresource: None })) => {
            list::one(&served, &plural, &namespace, &name)
        }
        (_, Some(Target { plural, namespace, name: None, .. })) if query.contains_key("watch") => {
            watch(&api, &served, &plural, &namespace, &query)
        }
        (_, Some(Target { plural, namespace, name: None, .. })) => {
            list::list(&mut served, &plural, &namespace, &query)
        }
        _ => refuse::not_found(),
    }
}

/// What a server says of itself.
const VERSION: &str = r#"{"major":"1","minor":"36","gitVersion":"v1.36.0","gitCommit":"",
    "gitTreeState":"","buildDate":"","goVersion":"","compiler":"","platform":""}"#;

/// Group, version and plural of everything that discovery tells of.
fn discovered() -> impl Iterator<Item = (&'static str, &'static str, &'static str, &'static str)> {
    let built_in = KINDS.iter().map(|kind| (kind.group, kind.version, kind.plural, kind.kind));
    let own = api::DEFINITIONS.iter().map(|one| (api::GROUP, api::VERSION, one.plural, one.kind));
    built_in.filter(|(group, ..)| !group.is_empty()).chain(own)
}

fn groups(served: &Served) -> String {
    let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (group, version, plural, _) in discovered() {
        if !served.absent.contains(plural) {
            groups.entry(group).or_default().insert(version);
        }
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

fn resources(served: &Served, group: &str, version: &str) -> String {
    let of_group = discovered().filter(|(of, at, plural, _)| {
        (*of, *at) == (group, version) && !served.absent.contains(*plural)
    });
    let resources = of_group.map(|(_, _, plural, kind)| {
        json!({ "name": plural, "singularName": "", "namespaced": true, "kind": kind,
            "verbs": ["list", "watch"] })
    });
    json!({ "kind": "APIResourceList", "apiVersion": "v1",
        "groupVersion": format!("{group}/{version}"), "resources": resources.collect::<Value>() })
    .to_string()
}

/// A watch of the cluster, or of one namespace where that is not empty.
fn watch(
    api: &FakeApi,
    served: &Served,
    plural: &str,
    namespace: &str,
    query: &BTreeMap<String, String>,
) -> Response {
    if served.is_missing(plural) {
        return refuse::not_found();
    }
    if served.is_forbidden(plural, namespace) {
        return refuse::forbidden(plural);
    }
    let (namespace, only) = (namespace.to_owned(), list::only(query));
    let from: u64 = query.get("resourceVersion").and_then(|text| text.parse().ok()).unwrap_or(0);
    let plural = plural.to_owned();
    let live = BroadcastStream::new(api.events.subscribe()).map(Result::unwrap);
    let events = futures::stream::iter(served.history.clone()).chain(live).filter(move |said| {
        let is_ours = match said {
            Said::Line { plural: of, version, line } => {
                *of == plural && *version > from && list::is_of(&line["object"], &namespace, &only)
            }
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
