//! For programs: the header beside the answers, as the schemas in docs/schema describe.
//!
//! Keys keep their order, so equal reports are equal bytes.

use serde::Serialize;

use crate::Header;

/// The shape's version: it changes when a key changes its meaning or goes.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'r, B> {
    version: u32,
    header: &'r Header,
    complete: bool,
    #[serde(flatten)]
    body: &'r B,
}

pub(crate) fn document<B: Serialize>(header: &Header, body: &B) -> String {
    let complete = header.is_full();
    text(serde_json::to_string_pretty(&Document { version: VERSION, header, complete, body }))
}

pub(crate) fn line<T: Serialize>(answer: &T) -> String {
    text(serde_json::to_string(answer))
}

/// Answers are plain structures with text as keys, which always become JSON.
fn text(json: serde_json::Result<String>) -> String {
    json.unwrap_or_default() + "\n"
}
