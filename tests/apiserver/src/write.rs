//! What is created, replaced, patched and deleted, and who may not.
//!
//! A write that changes nothing is no write: it makes no version and no watch hears of it.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::apply::{apply, merge};
use crate::target::Target;
use crate::{FakeApi, Served, refuse};

/// A write that succeeded, whether or not it changed anything.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// Which kind.
    pub plural: String,
    /// Namespace and name.
    pub object: (String, String),
    /// Of the object's status alone.
    pub is_status: bool,
    /// Who says that they wrote it.
    pub manager: String,
    /// What was sent.
    pub body: Value,
    /// It was so already.
    pub is_idle: bool,
}

impl FakeApi {
    /// Everything that was written through the API, in order.
    #[must_use]
    pub fn written(&self) -> Vec<Written> {
        self.state.lock().unwrap().written.clone()
    }

    /// An object as it is now.
    #[must_use]
    pub fn get(&self, plural: &str, namespace: &str, name: &str) -> Option<Value> {
        let key = (namespace.to_owned(), name.to_owned());
        self.state.lock().unwrap().objects.get(plural)?.get(&key).cloned()
    }

    /// All objects of a kind.
    #[must_use]
    pub fn all(&self, plural: &str) -> Vec<Value> {
        let state = self.state.lock().unwrap();
        state.objects.get(plural).into_iter().flat_map(|all| all.values().cloned()).collect()
    }

    /// Writes to a plural wait until they are let go, as those to a slow server do.
    pub fn hold(&self, plural: &str, holds: bool) {
        self.held.send_modify(|held| {
            match holds {
                true => held.insert(plural.to_owned()),
                false => held.remove(plural),
            };
        });
    }

    /// Writes to a plural are forbidden, or no longer.
    pub fn forbid_writes(&self, plural: &str, forbids: bool) {
        let mut served = self.state.lock().unwrap();
        match forbids {
            true => served.read_only.insert(plural.to_owned()),
            false => served.read_only.remove(plural),
        };
    }

    /// Comes back when writes to the plural are not held.
    pub(crate) async fn let_go(&self, plural: &str) {
        let mut held = self.held.subscribe();
        drop(held.wait_for(|held| !held.contains(plural)).await.unwrap());
    }

    pub(crate) fn write(
        &self,
        served: &mut Served,
        method: &Method,
        target: &Target,
        query: &BTreeMap<String, String>,
        (headers, body): (&HeaderMap, &Bytes),
    ) -> Response {
        if served.is_missing(&target.plural) {
            return refuse::not_found();
        }
        let is_forbidden = served.is_forbidden(&target.plural, &target.namespace);
        if is_forbidden || served.read_only.contains(&target.plural) {
            return refuse::forbidden(&target.plural);
        }
        let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let mut target = target.clone();
        target.name = target.name.or_else(|| name_of(&body, served.version));
        let current = served.objects.get(&target.plural).and_then(|all| all.get(&target.key()));
        let current = current.cloned();
        let manager = query.get("fieldManager").cloned().unwrap_or_default();
        let content = headers.get(header::CONTENT_TYPE).map_or("", |kind| kind.to_str().unwrap());
        let new = match (method.as_str(), current.clone()) {
            ("POST", Some(_)) => return refuse::exists(),
            ("POST", None) => body.clone(),
            ("PUT", Some(current)) if is_stale(&current, &body) => return refuse::conflict(),
            ("PUT", Some(_)) => body.clone(),
            ("PATCH", current) if content.contains("apply-patch") => {
                if current.is_none() && target.subresource.is_some() {
                    return refuse::not_found();
                }
                let key = (target.clone(), manager.clone());
                let before = served.applied.insert(key, body.clone()).unwrap_or(Value::Null);
                let mut new = current.unwrap_or_else(|| json!({}));
                apply(&mut new, &before, &body);
                new
            }
            ("PATCH", Some(mut new)) => {
                merge(&mut new, &body);
                new
            }
            ("DELETE", Some(current)) => {
                self.delete(served, &target.plural, &target.key(), false);
                if target.plural == "namespaces" {
                    self.empty(served, &target.key().1);
                }
                return current.to_string().into_response();
            }
            _ => return refuse::not_found(),
        };
        let is_new = current.is_none();
        let new = of_part(current.as_ref(), new, target.subresource.is_some());
        let is_idle = current.as_ref() == Some(&new);
        served.written.push(Written {
            method: method.to_string(),
            plural: target.plural.clone(),
            object: target.key(),
            is_status: target.subresource.is_some(),
            manager,
            body,
            is_idle,
        });
        let stored = match is_idle {
            true => new,
            false => {
                let stored = self.store(served, &target.plural, target.key(), new);
                self.acted_on(served, &target, stored)
            }
        };
        let code = if is_new { StatusCode::CREATED } else { StatusCode::OK };
        (code, stored.to_string()).into_response()
    }
}

impl FakeApi {
    /// A namespace takes with it what is in it.
    fn empty(&self, served: &mut Served, namespace: &str) {
        let all = served.objects.iter();
        let all =
            all.flat_map(|(plural, of)| of.keys().map(move |key| (plural.clone(), key.clone())));
        let inside: Vec<_> = all.filter(|(_, key)| key.0 == namespace).collect();
        for (plural, key) in inside {
            self.delete(served, &plural, &key, false);
        }
    }

    /// Controllers and kubelets see an object that was written.
    fn acted_on(&self, served: &mut Served, target: &Target, stored: Value) -> Value {
        let Some(acts) = served.others.acts.clone() else { return stored };
        let mut new = stored.clone();
        (acts.0)(&target.plural, &mut new);
        match new == stored {
            true => stored,
            false => self.store(served, &target.plural, target.key(), new),
        }
    }
}

/// An object's own name, or one that the server makes.
fn name_of(object: &Value, version: u64) -> Option<String> {
    let word = |name: &str| object["metadata"][name].as_str().map(ToOwned::to_owned);
    word("name").or_else(|| Some(format!("{}{version}", word("generateName")?)))
}

/// A write to the status changes nothing else, and one to the object leaves the status alone.
fn of_part(current: Option<&Value>, mut new: Value, is_status: bool) -> Value {
    let Some(current) = current else { return new };
    if is_status {
        let mut whole = current.clone();
        whole["status"] = new["status"].take();
        return whole;
    }
    for name in ["uid", "resourceVersion", "generation"] {
        if let Some(value) = current["metadata"].get(name) {
            new["metadata"][name] = value.clone();
        }
    }
    if let Some(status) = current.get("status") {
        new["status"] = status.clone();
    }
    new
}

fn is_stale(current: &Value, body: &Value) -> bool {
    let version = body.pointer("/metadata/resourceVersion").and_then(Value::as_str);
    version.is_some_and(|version| current["metadata"]["resourceVersion"] != version)
}
