//! Reviews: who asks, and what they may do.
//!
//! They are written and never kept: the answer is the question with a status.

use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::{Served, refuse};

/// Who asks, by name.
const USER: &str = "somebody";

/// Answers a review by its plural.
pub(crate) fn answer(served: &Served, review: &str, body: &Bytes) -> Response {
    let mut asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let attributes = &asked["spec"]["resourceAttributes"];
    let word = |name: &str| attributes[name].as_str().unwrap_or_default();
    asked["status"] = match review {
        "selfsubjectreviews" => json!({ "userInfo": { "username": USER } }),
        "selfsubjectaccessreviews" => {
            json!({ "allowed": !served.is_forbidden(word("resource"), word("namespace")) })
        }
        _ => return refuse::not_found(),
    };
    asked.to_string().into_response()
}
