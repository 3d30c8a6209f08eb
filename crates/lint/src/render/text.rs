//! For people: each finding with its line of YAML, then what was suppressed, then the counts.
//!
//! It is written here and not by miette, whose report looks for every line from the start of its
//! file: with twenty thousand findings in one file that takes minutes.

use std::fmt::Write as _;

use ::report::{Colour, caret_indent};

use super::{Style, summary};
use crate::finding::{Cause, Finding, Spot, State};
use crate::lint::Severity;
use crate::report::Report;

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    Plain,
    Wide,
}

pub(super) fn render(report: &Report, style: Style, detail: Detail) -> String {
    let colour = style.colour;
    let mut out = String::new();
    for finding in report.open() {
        finding_text(&mut out, finding, colour, detail);
    }
    suppressed(&mut out, report, colour);
    for line in summary::unchecked(report) {
        push(&mut out, &format!("{} {line}", colour.dim("not checked:")));
    }
    for lint in &report.disabled {
        push(&mut out, &format!("{} {} ({})", colour.dim("switched off:"), lint.id, lint.slug));
    }
    if let Some(warning) = report.header.warning() {
        push(&mut out, &warning);
    }
    let (read, header) = (summary::read(report), report.header.line());
    push(&mut out, &format!("checked: {read}, {header}"));
    push(&mut out, &format!("found: {}", summary::counts(report)));
    out
}

fn finding_text(out: &mut String, finding: &Finding, colour: Colour, detail: Detail) {
    let Finding { severity, cause, message, .. } = finding;
    let head = severity_colour(colour, *severity, &format!("{severity}[{}]", cause.id()));
    push(out, &format!("{head} {message}"));
    let margin = " ".repeat(finding.spot.line.to_string().len());
    push(out, &format!("{margin}--> {}  {}", place(&finding.spot), colour.dim(&finding.object)));
    snippet(out, finding, colour, &margin);
    for related in &finding.related {
        push(out, &format!("{margin} = see also {}", place(related)));
    }
    if let Some(fix) = &finding.fix {
        push(out, &format!("{margin} = fix: {fix}"));
    }
    if let (Detail::Wide, Cause::Lint(lint)) = (detail, cause) {
        push(out, &format!("{margin} = why: {}", lint.why));
        let elsewhere = lint.elsewhere.iter();
        let names: Vec<String> =
            elsewhere.map(|(list, id)| format!("{} {id}", list.name())).collect();
        if !names.is_empty() {
            push(out, &format!("{margin} = also: {}", names.join(", ")));
        }
        push(out, &format!("{margin} = page: {} ({})", lint.page(), lint.slug));
    }
    out.push('\n');
}

/// The line, and carets under what is meant.
fn snippet(out: &mut String, finding: &Finding, colour: Colour, margin: &str) {
    if finding.text.is_empty() {
        return;
    }
    let Spot { line, column, length, .. } = finding.spot;
    let indent = caret_indent(&finding.text, column);
    let carets = severity_colour(colour, finding.severity, &"^".repeat(length.max(1) as usize));
    push(out, &format!("{margin} |"));
    push(out, &format!("{line} | {}", finding.text));
    push(out, &format!("{margin} | {indent}{carets}"));
}

fn suppressed(out: &mut String, report: &Report, colour: Colour) {
    for finding in &report.findings {
        let State::Suppressed { reason, .. } = &finding.state else { continue };
        let reason = if reason.is_empty() { "no reason given" } else { reason };
        let what = format!("{} {}", finding.cause.id(), place(&finding.spot));
        push(out, &format!("{} {what}: {reason}", colour.dim("suppressed:")));
    }
}

pub(super) fn place(spot: &Spot) -> String {
    format!("{}:{}:{}", spot.file, spot.line, spot.column)
}

fn push(out: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", line.trim_end());
}

fn severity_colour(colour: Colour, severity: Severity, text: &str) -> String {
    match severity {
        Severity::Error => colour.bad(text),
        Severity::Warning => colour.warning(text),
        Severity::Info => colour.info(text),
    }
}
