//! One shape for every report: a header that says what was read, and a table of answers.
//!
//! Each command fills a [`Table`] and a serializable body; how these look as text, CSV, Markdown or
//! JSON is decided here once, so that all commands look alike.
//!
//! **Invariant:** equal reports give equal bytes in every format.
//! **Invariant:** no IO; whoever prints knows the terminal and says its width.

mod caret;
mod colour;
pub mod compare;
mod crowd;
mod csv;
pub mod diff;
mod ends;
pub mod exposure;
mod header;
mod json;
mod junit;
mod markdown;
mod networks;
pub mod prune;
pub mod reach;
mod table;
mod tap;
mod text;

pub use caret::caret_indent;
pub use colour::Colour;
pub use crowd::Crowds;
pub use csv::{cell as csv_cell, line as csv_line};
pub use header::Header;
pub use junit::{JunitCase, JunitResult, escape as xml_escape, junit};
pub use markdown::escape as markdown_escape;
pub use networks::words as network_words;
pub use table::{Column, Table};
pub use tap::{TapTest, tap};

use serde::Serialize;

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// As text, with the columns that are wide.
    Wide,
    /// One JSON document.
    Json,
    /// One JSON object a line: the answers.
    Jsonl,
    /// For spreadsheets.
    Csv,
    /// For pull requests.
    Markdown,
}

/// A report: the same answers as a table for people and as data for programs.
#[derive(Debug)]
pub struct Report<'r, B, L> {
    /// What was asked, of what.
    pub header: &'r Header,
    /// The answers as data; its fields stand beside the header's in JSON.
    pub body: &'r B,
    /// The answers one by one.
    pub lines: &'r [L],
    /// The answers as rows.
    pub table: &'r Table,
    /// What follows the table in text: counts, hints. One line each.
    pub closing: &'r [String],
}

impl<B: Serialize, L: Serialize> Report<'_, B, L> {
    /// The report as text. `width`: the terminal's columns, or nothing where lines may be long.
    #[must_use]
    pub fn render(&self, format: Format, width: Option<u16>) -> String {
        match format {
            Format::Text => text::render(self, text::Detail::Plain, width),
            Format::Wide => text::render(self, text::Detail::Wide, width),
            Format::Json => json::document(self.header, self.body),
            Format::Jsonl => self.lines.iter().map(json::line).collect(),
            Format::Csv => csv::render(self.table),
            Format::Markdown => markdown::render(self),
        }
    }
}

/// One in each line of a cell.
pub(crate) fn lines(all: &[impl ToString]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
