//! Lists, whole or page by page, of the cluster or of one namespace; and single objects.
//!
//! A page's token says where the next one begins, as that of a real API server does.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::{Served, refuse};

/// A list, or why there is none. An empty `namespace` is the whole cluster.
pub(crate) fn list(
    served: &mut Served,
    plural: &str,
    namespace: &str,
    query: &BTreeMap<String, String>,
) -> Response {
    if served.is_forbidden(plural, namespace) {
        return refuse::forbidden(plural);
    }
    if served.is_missing(plural) {
        return refuse::not_found();
    }
    let token = query.get("continue").filter(|token| !token.is_empty());
    if token.is_some() && served.forgets(plural) {
        return refuse::expired();
    }
    let from: usize = token.map_or(0, |token| token.parse().unwrap());
    let limit: usize = query.get("limit").map_or(usize::MAX, |limit| limit.parse().unwrap());
    let of_kind = served.objects.get(plural).into_iter().flatten();
    let only = only(query);
    let wanted = of_kind.map(|(_, object)| object);
    let wanted = wanted.filter(|object| is_of(object, namespace, &only));
    let wanted: Vec<&Value> = wanted.filter(|object| is_selected(object, query)).collect();
    let page: Vec<&Value> = wanted.iter().skip(from).take(limit).copied().collect();
    let next = from.saturating_add(page.len());
    let mut metadata = json!({ "resourceVersion": served.version.to_string() });
    if next < wanted.len() {
        metadata["continue"] = json!(next.to_string());
    }
    let list = json!({ "kind": "List", "apiVersion": "v1", "metadata": metadata, "items": page });
    list.to_string().into_response()
}

/// The one name that a field selector asks for, if it does.
pub(crate) fn only(query: &BTreeMap<String, String>) -> Option<String> {
    let selector = query.get("fieldSelector")?;
    Some(selector.strip_prefix("metadata.name=").unwrap().to_owned())
}

/// Whether an object has what `labelSelector` asks for: keys, or keys with values.
fn is_selected(object: &Value, query: &BTreeMap<String, String>) -> bool {
    let asked = query.get("labelSelector").into_iter().flat_map(|text| text.split(','));
    asked.filter(|word| !word.is_empty()).all(|word| {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let label = object["metadata"]["labels"].get(key);
        label.is_some_and(|label| value.is_empty() || label == value)
    })
}

/// Whether an object is in a namespace, or in any, and has the one name. What a watch says of itself
/// has neither.
pub(crate) fn is_of(object: &Value, namespace: &str, only: &Option<String>) -> bool {
    let metadata = &object["metadata"];
    let is_here = namespace.is_empty() || metadata["namespace"] == namespace;
    let is_named = only.as_ref().is_none_or(|only| metadata["name"] == *only);
    object["kind"] == "Status" || is_here && is_named
}

/// One object.
pub(crate) fn one(served: &Served, plural: &str, namespace: &str, name: &str) -> Response {
    if served.is_forbidden(plural, if namespace.is_empty() { name } else { namespace }) {
        return refuse::forbidden(plural);
    }
    let key = (namespace.to_owned(), name.to_owned());
    match served.objects.get(plural).and_then(|of_kind| of_kind.get(&key)) {
        Some(object) => object.to_string().into_response(),
        None => refuse::not_found(),
    }
}
