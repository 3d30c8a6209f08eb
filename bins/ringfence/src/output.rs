//! How reports are asked for, the same for every command that prints one.
//!
//! Who learned the options of one command knows those of all.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use report::{Format, Report};
use serde::Serialize;

use crate::exit::Exit;
use crate::print::{print, width};

/// A report's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    Text,
    /// As text, with more columns
    Wide,
    /// One JSON document
    Json,
    /// One JSON object a line
    Jsonl,
    /// For spreadsheets
    Csv,
    /// For pull requests
    Md,
}

impl From<ReportFormat> for Format {
    fn from(format: ReportFormat) -> Self {
        match format {
            ReportFormat::Text => Self::Text,
            ReportFormat::Wide => Self::Wide,
            ReportFormat::Json => Self::Json,
            ReportFormat::Jsonl => Self::Jsonl,
            ReportFormat::Csv => Self::Csv,
            ReportFormat::Md => Self::Markdown,
        }
    }
}

/// Where a report goes, and in which format.
#[derive(Args, Debug)]
pub(crate) struct Output {
    /// How to print
    #[arg(short, long, value_enum, default_value = "text")]
    pub(crate) output: ReportFormat,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output_file: Option<PathBuf>,
}

impl Output {
    /// Prints a report; incomplete input ends in 2 whatever the answer was (ruling E4).
    pub(crate) fn say<B: Serialize, L: Serialize>(&self, report: &Report<'_, B, L>) -> Exit {
        let text = report.render(self.output.into(), width(self.output_file.as_deref()));
        let printed = Exit::of(print(&text, self.output_file.as_deref()));
        printed.unless_incomplete(report.header)
    }
}
