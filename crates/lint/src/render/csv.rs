//! A row for each finding, as RFC 4180 has it.
//!
//! The cells are those of the JSON, so that both can be joined by the fingerprint.

use report::csv_line;

use crate::finding::{Finding, State};
use crate::report::Report;

const HEADER: [&str; 12] = [
    "severity",
    "id",
    "slug",
    "file",
    "line",
    "column",
    "object",
    "message",
    "fix",
    "state",
    "reason",
    "fingerprint",
];

pub(super) fn render(report: &Report) -> String {
    let rows = report.findings.iter().map(row);
    std::iter::once(HEADER.map(str::to_owned)).chain(rows).map(csv_line).collect()
}

fn row(finding: &Finding) -> [String; 12] {
    let (state, reason) = match &finding.state {
        State::Open => ("open", ""),
        State::Suppressed { reason, .. } => ("suppressed", reason.as_str()),
        State::Known => ("known", ""),
    };
    let (line, column) = (finding.spot.line.to_string(), finding.spot.column.to_string());
    [
        finding.severity.word(),
        finding.cause.id(),
        finding.cause.word(),
        &finding.spot.file,
        &line,
        &column,
        &finding.object,
        &finding.message,
        finding.fix.as_deref().unwrap_or_default(),
        state,
        reason,
        &finding.fingerprint,
    ]
    .map(str::to_owned)
}
