//! The shape that other programs read, as docs/schema/check.json describes it.
//!
//! A type of its own, so that a field that is renamed inside does not rename it outside.

use report::Header;
use serde::Serialize;

use super::Style;
use crate::finding::{Cause, Finding, Spot, State};
use crate::report::Report;

#[derive(Serialize)]
struct DocumentOut<'r> {
    version: u32,
    header: &'r Header,
    complete: bool,
    fails: bool,
    files: usize,
    objects: usize,
    counts: CountsOut,
    findings: Vec<FindingOut<'r>>,
    not_checked: Vec<UncheckedOut>,
    switched_off: Vec<&'static str>,
}

#[derive(Serialize)]
struct CountsOut {
    error: usize,
    warning: usize,
    info: usize,
    suppressed: usize,
    baseline: usize,
}

#[derive(Serialize)]
struct FindingOut<'r> {
    id: &'static str,
    slug: &'static str,
    kind: &'static str,
    severity: &'static str,
    file: &'r str,
    line: u32,
    column: u32,
    end_column: u32,
    object: &'r str,
    message: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'r str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<PlaceOut<'r>>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'r str>,
    fingerprint: &'r str,
}

#[derive(Serialize)]
struct PlaceOut<'r> {
    file: &'r str,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct UncheckedOut {
    id: &'static str,
    lacks: Vec<&'static str>,
}

/// One document.
pub(super) fn document(report: &Report, style: Style) -> String {
    let counts = report.counts();
    let unchecked = report.unchecked.iter().map(|one| UncheckedOut {
        id: one.lint.id,
        lacks: one.lacks.iter().map(|need| need.name()).collect(),
    });
    let out = DocumentOut {
        version: 1,
        header: &report.header,
        complete: report.header.complete,
        fails: report.fails(style.fail_on),
        files: report.files,
        objects: report.objects,
        counts: CountsOut {
            error: counts.error,
            warning: counts.warning,
            info: counts.info,
            suppressed: counts.suppressed,
            baseline: counts.known,
        },
        findings: report.findings.iter().map(FindingOut::from).collect(),
        not_checked: unchecked.collect(),
        switched_off: report.disabled.iter().map(|lint| lint.id).collect(),
    };
    text(serde_json::to_string_pretty(&out))
}

/// One object for each finding.
pub(super) fn lines(report: &Report) -> String {
    let findings = report.findings.iter().map(FindingOut::from);
    findings.map(|finding| text(serde_json::to_string(&finding))).collect()
}

/// Plain structures always become JSON.
pub(super) fn text(json: serde_json::Result<String>) -> String {
    json.unwrap_or_default() + "\n"
}

impl<'r> From<&'r Finding> for FindingOut<'r> {
    fn from(finding: &'r Finding) -> Self {
        let (state, reason) = match &finding.state {
            State::Open => ("open", None),
            State::Suppressed { reason, .. } => ("suppressed", Some(reason.as_str())),
            State::Known => ("baseline", None),
        };
        let kind = match finding.cause {
            Cause::Lint(_) => "lint",
            Cause::Problem(_) => "problem",
        };
        let Spot { file, line, column, length } = &finding.spot;
        Self {
            id: finding.cause.id(),
            slug: finding.cause.word(),
            kind,
            severity: finding.severity.word(),
            file,
            line: *line,
            column: *column,
            end_column: column + length,
            object: &finding.object,
            message: &finding.message,
            fix: finding.fix.as_deref(),
            related: finding.related.iter().map(PlaceOut::from).collect(),
            state,
            reason,
            fingerprint: &finding.fingerprint,
        }
    }
}

impl<'r> From<&'r Spot> for PlaceOut<'r> {
    fn from(spot: &'r Spot) -> Self {
        Self { file: &spot.file, line: spot.line, column: spot.column }
    }
}
