//! What is refused, and how a real API server says so.
//!
//! Kept together so that tests of what may not be read find every switch in one place.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::{FakeApi, Served};

impl FakeApi {
    /// Who asks may not list a plural, in one namespace or, if that is empty, anywhere.
    pub fn forbid(&self, plural: &str, namespace: &str) {
        let mut served = self.state.lock().unwrap();
        served.forbidden.insert((plural.to_owned(), namespace.to_owned()));
    }

    /// The list of a plural is forgotten while it is read page by page, so many times.
    pub fn expire(&self, plural: &str, times: usize) {
        self.state.lock().unwrap().expiring.insert(plural.to_owned(), times);
    }

    /// Nobody is known any longer.
    pub fn forget_users(&self) {
        self.state.lock().unwrap().is_unknown_user = true;
    }

    /// Everything that was asked for, in order: paths with their queries.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }
}

impl Served {
    /// Who may not list everywhere may still list somewhere.
    pub(crate) fn is_forbidden(&self, plural: &str, namespace: &str) -> bool {
        self.forbidden.contains(&(plural.to_owned(), namespace.to_owned()))
    }

    pub(crate) fn is_missing(&self, plural: &str) -> bool {
        self.absent.contains(plural) || self.failing.contains(plural)
    }

    pub(crate) fn forgets(&mut self, plural: &str) -> bool {
        match self.expiring.get_mut(plural) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            Some(_) | None => false,
        }
    }
}

pub(crate) fn not_found() -> Response {
    refused(StatusCode::NOT_FOUND, "NotFound", "the server could not find it")
}

pub(crate) fn forbidden(plural: &str) -> Response {
    let message = format!("{plural} is forbidden: User \"somebody\" cannot list them");
    refused(StatusCode::FORBIDDEN, "Forbidden", &message)
}

pub(crate) fn unauthorized() -> Response {
    refused(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized")
}

pub(crate) fn expired() -> Response {
    refused(StatusCode::GONE, "Expired", "the continue parameter is too old")
}

pub(crate) fn exists() -> Response {
    refused(StatusCode::CONFLICT, "AlreadyExists", "it is there already")
}

pub(crate) fn conflict() -> Response {
    refused(StatusCode::CONFLICT, "Conflict", "it has been modified meanwhile")
}

fn refused(code: StatusCode, reason: &str, message: &str) -> Response {
    let status = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure",
        "reason": reason, "message": message, "code": code.as_u16() });
    (code, status.to_string()).into_response()
}
