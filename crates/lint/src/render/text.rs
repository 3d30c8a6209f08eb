//! For people: each finding with its line of YAML, then what was suppressed, then the counts.
//!
//! It is written here and not by miette, whose report looks for every line from the start of its
//! file: with twenty thousand findings in one file that takes minutes.

use std::fmt::Write as _;

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
    let paint = Paint(style.colour);
    let mut out = String::new();
    for finding in report.open() {
        finding_text(&mut out, finding, paint, detail);
    }
    suppressed(&mut out, report, paint);
    for line in summary::unchecked(report) {
        push(&mut out, &format!("{} {line}", paint.dim("not checked:")));
    }
    for lint in &report.disabled {
        push(&mut out, &format!("{} {} ({})", paint.dim("switched off:"), lint.id, lint.slug));
    }
    if let Some(warning) = report.header.warning() {
        push(&mut out, warning);
    }
    let (read, header) = (summary::read(report), report.header.line());
    push(&mut out, &format!("checked: {read}, {header}"));
    push(&mut out, &format!("found: {}", summary::counts(report)));
    out
}

fn finding_text(out: &mut String, finding: &Finding, paint: Paint, detail: Detail) {
    let Finding { severity, cause, message, .. } = finding;
    let head = paint.severity(*severity, &format!("{severity}[{}]", cause.id()));
    push(out, &format!("{head} {message}"));
    let margin = " ".repeat(finding.spot.line.to_string().len());
    push(out, &format!("{margin}--> {}  {}", place(&finding.spot), paint.dim(&finding.object)));
    snippet(out, finding, paint, &margin);
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

/// The line, and carets under what is meant. Tabs and wide characters keep their width by being
/// repeated as they are or as two blanks.
fn snippet(out: &mut String, finding: &Finding, paint: Paint, margin: &str) {
    if finding.text.is_empty() {
        return;
    }
    let Spot { line, column, length, .. } = finding.spot;
    let before = finding.text.chars().take(column.saturating_sub(1) as usize);
    let indent: String = before
        .map(|c| match c {
            '\t' => "\t",
            c if c.is_ascii() => " ",
            _ => "  ",
        })
        .collect();
    let carets = paint.severity(finding.severity, &"^".repeat(length.max(1) as usize));
    push(out, &format!("{margin} |"));
    push(out, &format!("{line} | {}", finding.text));
    push(out, &format!("{margin} | {indent}{carets}"));
}

fn suppressed(out: &mut String, report: &Report, paint: Paint) {
    for finding in &report.findings {
        let State::Suppressed { reason, .. } = &finding.state else { continue };
        let reason = if reason.is_empty() { "no reason given" } else { reason };
        let what = format!("{} {}", finding.cause.id(), place(&finding.spot));
        push(out, &format!("{} {what}: {reason}", paint.dim("suppressed:")));
    }
}

pub(super) fn place(spot: &Spot) -> String {
    format!("{}:{}:{}", spot.file, spot.line, spot.column)
}

fn push(out: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", line.trim_end());
}

/// Colours, or none.
#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn severity(self, severity: Severity, text: &str) -> String {
        self.with(
            text,
            match severity {
                Severity::Error => "1;31",
                Severity::Warning => "1;33",
                Severity::Info => "1;36",
            },
        )
    }

    fn dim(self, text: &str) -> String {
        self.with(text, "2")
    }

    fn with(self, text: &str, code: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
