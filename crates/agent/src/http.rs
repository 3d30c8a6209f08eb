//! Health and metrics, and what there is to say of the node, over HTTP.
//!
//! It answers nothing that could be changed by asking.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::{mpsc, oneshot};

use crate::flow_record::FlowRecords;
use crate::worker::Ask;
use crate::{Health, Metrics, flow_page, path_page};

/// What the format calls itself, see the OpenMetrics specification.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug)]
pub(crate) struct Served {
    pub(crate) health: Health,
    pub(crate) metrics: Metrics,
    pub(crate) asks: mpsc::Sender<Ask>,
    pub(crate) flows: FlowRecords,
}

/// All pages.
pub(crate) fn router(served: Served) -> Router {
    let pages =
        flow_page::router(served.flows.clone()).merge(path_page::router(served.asks.clone()));
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/status", get(status))
        .with_state(served)
        .merge(pages)
}

async fn healthz(State(served): State<Served>) -> Response {
    match served.health.is_alive() {
        true => "ok\n".into_response(),
        false => (StatusCode::INTERNAL_SERVER_ERROR, "the agent hangs\n").into_response(),
    }
}

async fn readyz(State(served): State<Served>) -> Response {
    let lacks = served.health.lacks();
    match lacks.is_empty() {
        true => "ok\n".into_response(),
        false => {
            let lines: String = lacks.iter().map(|line| format!("{line}\n")).collect();
            (StatusCode::SERVICE_UNAVAILABLE, lines).into_response()
        }
    }
}

async fn metrics(State(served): State<Served>) -> Response {
    match served.metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn status(State(served): State<Served>) -> Response {
    let (reply, answer) = oneshot::channel();
    let ended = || (StatusCode::SERVICE_UNAVAILABLE, "the agent ends\n").into_response();
    if served.asks.send(Ask::Status(reply)).await.is_err() {
        return ended();
    }
    match answer.await {
        Ok(Ok(status)) => match serde_json::to_string(&status) {
            Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        },
        Ok(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, error).into_response(),
        Err(_) => ended(),
    }
}
