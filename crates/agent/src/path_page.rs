//! `/path?from=NS/POD&to=NS/POD&port=80/tcp`: see `path`.
//!
//! The words are those of the command line, so that nobody learns them twice.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use model::Family;
use serde::Deserialize;
use tokio::sync::{mpsc, oneshot};

use crate::path::PathQuery;
use crate::worker::{Ask, Look};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    from: String,
    to: String,
    port: String,
    /// `4` or `6`.
    family: Option<String>,
}

pub(crate) fn router(asks: mpsc::Sender<Ask>) -> Router {
    Router::new().route("/path", get(page)).with_state(asks)
}

async fn page(State(asks): State<mpsc::Sender<Ask>>, Query(words): Query<Words>) -> Response {
    let query = match read(&words) {
        Ok(query) => query,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    };
    let (reply, answer) = oneshot::channel();
    let look = Look::new(move |agent| {
        // Who asked may be gone.
        let _ = reply.send(agent.path(&query));
    });
    let is_asked = asks.send(Ask::Look(look)).await.is_ok();
    match answer.await {
        Ok(Ok(path)) if is_asked => match serde_json::to_string(&path) {
            Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        },
        Ok(Err(error)) => (StatusCode::UNPROCESSABLE_ENTITY, format!("{error}\n")).into_response(),
        Ok(_) | Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the agent ends\n").into_response(),
    }
}

fn read(words: &Words) -> Result<PathQuery, String> {
    let text = |error: &dyn std::error::Error| error.to_string();
    let family = match words.family.as_deref() {
        None => None,
        Some("4") => Some(Family::V4),
        Some("6") => Some(Family::V6),
        Some(other) => return Err(format!("{other:?} is none of the families 4 and 6")),
    };
    Ok(PathQuery {
        from: words.from.parse().map_err(|error| text(&error))?,
        to: words.to.parse().map_err(|error| text(&error))?,
        port: words.port.parse().map_err(|error| text(&error))?,
        family,
    })
}
