//! `/flows`: the record as lines of JSON, and what comes after it for who follows.
//!
//! Who reads too slowly is told how many lines went by; nobody else waits for them.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flows::{FlowLine, FlowQuery, Flows};
use futures::stream;
use tokio::sync::watch;

use crate::flow_record::FlowRecords;

const JSON_LINES: &str = "application/x-ndjson";

pub(crate) fn router(records: FlowRecords) -> Router {
    Router::new().route("/flows", get(page)).with_state(records)
}

async fn page(
    State(records): State<FlowRecords>,
    Query(words): Query<Vec<(String, String)>>,
) -> Response {
    let query = match FlowQuery::of_words(words) {
        Ok(query) => query,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    };
    // From here on everything is heard: what comes while the first lines are read is read next.
    let changed = records.subscribe();
    let found = records.read(0, &query.filter, query.last.unwrap_or(usize::MAX));
    let first = lines(&Flows { gone: 0, ..found.clone() });
    let kind = [(header::CONTENT_TYPE, JSON_LINES)];
    if !query.follow {
        return (kind, first).into_response();
    }
    let reader = Reader { records, query, changed, next: found.next };
    let begun = stream::once(std::future::ready(Ok::<_, Infallible>(first)));
    let rest = stream::unfold(reader, Reader::more);
    let body = Body::from_stream(futures::StreamExt::chain(begun, rest));
    (kind, body).into_response()
}

struct Reader {
    records: FlowRecords,
    query: FlowQuery,
    changed: watch::Receiver<()>,
    next: u64,
}

impl Reader {
    /// What is new, as soon as something is; the end where nobody writes any more.
    async fn more(mut self) -> Option<(Result<String, Infallible>, Self)> {
        loop {
            self.changed.changed().await.ok()?;
            let found = self.records.read(self.next, &self.query.filter, usize::MAX);
            self.next = found.next;
            let text = lines(&found);
            if !text.is_empty() {
                return Some((Ok(text), self));
            }
        }
    }
}

fn lines(found: &Flows) -> String {
    let lost = (found.gone > 0).then_some(FlowLine::Lost { lost: found.gone });
    let records = found.records.iter().map(|record| FlowLine::Record(Box::new(record.clone())));
    // Plain structures always become JSON.
    let line = |line| serde_json::to_string(&line).unwrap_or_default() + "\n";
    lost.into_iter().chain(records).map(line).collect()
}
