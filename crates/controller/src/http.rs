//! Health and metrics over HTTP, at the paths where the agent has them.
//!
//! It answers nothing that could be changed by asking.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::metrics::Metrics;

/// What the format calls itself, see the OpenMetrics specification.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Who has not looked for so long hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whether the controller looks, and what it lacks.
#[derive(Clone, Debug)]
pub(crate) struct Health(Arc<Mutex<(Instant, Vec<&'static str>)>>);

impl Default for Health {
    fn default() -> Self {
        Self(Arc::new(Mutex::new((Instant::now(), vec!["everything"]))))
    }
}

impl Health {
    /// It looked, and these kinds are not known yet.
    pub(crate) fn say(&self, missing: Vec<&'static str>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), missing);
    }

    fn is_alive(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.elapsed() < PATIENCE
    }

    fn missing(&self) -> Vec<&'static str> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Served {
    pub(crate) health: Health,
    pub(crate) metrics: Metrics,
}

/// All pages.
pub(crate) fn router(served: Served) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(served)
}

async fn healthz(State(served): State<Served>) -> Response {
    match served.health.is_alive() {
        true => "ok\n".into_response(),
        false => (StatusCode::INTERNAL_SERVER_ERROR, "the controller hangs\n").into_response(),
    }
}

/// Ready is who could write, whether or not it is its turn.
async fn readyz(State(served): State<Served>) -> Response {
    let missing = served.health.missing();
    match missing.is_empty() {
        true => "ok\n".into_response(),
        false => {
            let line = format!("not listed: {}\n", missing.join(", "));
            (StatusCode::SERVICE_UNAVAILABLE, line).into_response()
        }
    }
}

async fn metrics(State(served): State<Served>) -> Response {
    match served.metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
