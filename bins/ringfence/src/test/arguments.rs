//! What can be typed after `ringfence test`.
//!
//! Kept apart from what it does, so that all its words stand in one place.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::Reading;

/// A result's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestFormat {
    /// For people
    Text,
    /// Test Anything Protocol
    Tap,
    /// JUnit XML, for CI
    Junit,
    /// One JSON document
    Json,
}

#[derive(Args, Debug)]
#[command(after_help = "\
A test says what must hold, whichever policies make it so:
  - name: only billing reaches the ledger
    only: {from: [payments/deploy/billing], to: [payments/sts/ledger], ports: [5432]}
The others are allow, deny, never and reachableBy. only and never are also about pods that do not
exist yet, with any labels in any namespace.

Examples:
  ringfence test -f manifests/
  ringfence test shop.policytest.yaml -f manifests/ -o junit --output-file result.xml
  ringfence test -f manifests/ --record > today.policytest.yaml")]
pub(crate) struct Arguments {
    /// Files or directories of tests; where none are named, the tests among the manifests
    #[arg(value_name = "TESTS")]
    pub(super) tests: Vec<PathBuf>,
    /// Manifest files or directories, charts, kustomizations; `-` for standard input
    #[arg(short = 'f', long = "filename", value_name = "PATH", required_unless_present_any = [
        "live", "context", "kubeconfig", "all_namespaces",
    ])]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) reading: Reading,
    /// Write what holds today as tests, instead of judging any
    #[arg(long, conflicts_with_all = ["tests", "output"])]
    pub(super) record: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value = "text")]
    pub(super) output: TestFormat,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(super) output_file: Option<PathBuf>,
}
