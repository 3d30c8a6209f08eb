//! What is answered to a request.
//!
//! Lists and watches of any kind come from the same objects, so that they cannot disagree.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use cluster::KINDS;
use futures::StreamExt;
use serde_json::{Value, json};
use tokio_stream::wrappers::BroadcastStream;

use crate::{FakeApi, Said, Served, list, refuse};

pub(crate) async fn answer(
    State(api): State<FakeApi>,
    uri: Uri,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let mut served = api.state.lock().unwrap();
    served.asked.push(uri.to_string());
    if served.is_unknown_user {
        return refuse::unauthorized();
    }
    let path: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
    match path.as_slice() {
        ["apis"] => groups(&served).into_response(),
        ["apis", group, version] => resources(&served, group, version).into_response(),
        ["api", "v1", "namespaces", name] => list::one(&served, "namespaces", "", name),
        ["api", "v1", "namespaces", namespace, plural]
        | ["apis", _, _, "namespaces", namespace, plural] => {
            list::list(&mut served, plural, namespace, &query)
        }
        ["api", "v1", plural] | ["apis", _, _, plural] if query.contains_key("watch") => {
            match served.is_missing(plural) {
                true => refuse::not_found(),
                false => watch(&api, &served, plural, &query),
            }
        }
        ["api", "v1", plural] | ["apis", _, _, plural] => {
            list::list(&mut served, plural, "", &query)
        }
        _ => refuse::not_found(),
    }
}

fn groups(served: &Served) -> String {
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

fn resources(served: &Served, group: &str, version: &str) -> String {
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
