//! What can be typed after `ringfence check`.
//!
//! Kept apart from what it does, so that all its words stand in one place.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use lint::Severity;

use crate::cli::Input;

/// A report's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people, with the line of each finding
    Text,
    /// As text, with why it matters and where else it is checked
    Wide,
    /// One JSON document
    Json,
    /// One JSON object a line
    Jsonl,
    /// For spreadsheets
    Csv,
    /// For pull requests
    Md,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for CI
    Junit,
    /// Annotations of GitHub workflows
    Github,
    /// Test Anything Protocol
    Tap,
}

impl From<Format> for lint::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Text => Self::Text,
            Format::Wide => Self::Wide,
            Format::Json => Self::Json,
            Format::Jsonl => Self::Jsonl,
            Format::Csv => Self::Csv,
            Format::Md => Self::Markdown,
            Format::Sarif => Self::Sarif,
            Format::Junit => Self::Junit,
            Format::Github => Self::Github,
            Format::Tap => Self::Tap,
        }
    }
}

/// A severity as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Least {
    /// Any finding
    Info,
    /// Warnings and errors
    Warning,
    /// Errors only
    Error,
}

impl From<Least> for Severity {
    fn from(least: Least) -> Self {
        match least {
            Least::Info => Self::Info,
            Least::Warning => Self::Warning,
            Least::Error => Self::Error,
        }
    }
}

#[derive(Args, Debug)]
#[command(after_help = "\
Suppress a finding on the line above it, or in the object's annotations, with a reason:
  # ringfence:ignore RF012 reason=\"both namespaces are meant\"
  ringfence.io/ignore.RF012: both namespaces are meant

Examples:
  ringfence check -f manifests/
  ringfence check -f manifests/ -o sarif --output-file ringfence.sarif
  ringfence check -f manifests/ --baseline baseline.json --write-baseline
  ringfence check -f manifests/ --fix --write")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) input: Input,
    /// The least severity that ends with 1; .ringfence.yaml may say otherwise [default: warning]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(super) fail_on: Option<Least>,
    /// Findings that are known: only others count
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
    /// Write today's findings to the baseline
    #[arg(long, requires = "baseline")]
    pub(super) write_baseline: bool,
    /// Show as a patch what can be repaired without changing any meaning
    #[arg(long)]
    pub(super) fix: bool,
    /// Repair the files
    #[arg(long, requires = "fix")]
    pub(super) write: bool,
    /// Configuration, instead of .ringfence.yaml where that exists
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// List the lints and end
    #[arg(long, exclusive = true)]
    pub(super) list: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value = "text")]
    pub(super) output: Format,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(super) output_file: Option<PathBuf>,
}

impl Arguments {
    /// The options that change the answer, as they would be typed.
    pub(super) fn words(&self) -> Vec<String> {
        let file = |word, path: &Option<PathBuf>| {
            path.as_ref().map(|path| format!("--{word} {}", path.display()))
        };
        let files = [file("config", &self.config), file("baseline", &self.baseline)];
        self.input.reading.words().into_iter().chain(files.into_iter().flatten()).collect()
    }
}
