//! A report in every format, made from the report alone.
//!
//! Each format is a file; all of them take the same report and give text.

mod csv;
mod github;
mod json;
mod junit;
mod markdown;
mod sarif;
mod summary;
mod tap;
mod text;

use crate::lint::Severity;
use crate::report::Report;

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people, with the line of each finding.
    Text,
    /// As text, with why each lint matters and where else it is checked.
    Wide,
    /// One JSON document.
    Json,
    /// One JSON object a line: the findings.
    Jsonl,
    /// A table for spreadsheets.
    Csv,
    /// A table for pull requests.
    Markdown,
    /// SARIF 2.1.0 for code scanning.
    Sarif,
    /// `JUnit` XML for CI.
    Junit,
    /// Workflow annotations of GitHub.
    Github,
    /// Test Anything Protocol.
    Tap,
}

/// How text looks, and what fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether words are coloured.
    pub colour: ::report::Colour,
    /// The least severity that fails the check.
    pub fail_on: Severity,
}

/// The report as text.
#[must_use]
pub fn render(report: &Report, format: Format, style: Style) -> String {
    match format {
        Format::Text => text::render(report, style, text::Detail::Plain),
        Format::Wide => text::render(report, style, text::Detail::Wide),
        Format::Json => json::document(report, style),
        Format::Jsonl => json::lines(report),
        Format::Csv => csv::render(report),
        Format::Markdown => markdown::render(report),
        Format::Sarif => sarif::render(report),
        Format::Junit => junit::render(report, style),
        Format::Github => github::render(report),
        Format::Tap => tap::render(report, style),
    }
}
