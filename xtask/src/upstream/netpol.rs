//! Kubernetes' own end-to-end tests of NetworkPolicies, which every network plugin is measured by.
//!
//! Some of them open SCTP sockets. Where the kernel has none they would wait ten minutes each for
//! nothing, so they are left out by name; SCTP is tested by crafted packets in the lab.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::cluster::Cluster;
use super::report::{Case, Outcome, Report};
use crate::process::{self, ProcessError};

const PROGRAM: &str = "netpol.test";
const RUNNER: &str = "ginkgo";
/// So many tests at a time: each waits for pods and for time-outs much longer than it works.
const PROCESSES: u32 = 3;
/// Part of the name of every test that opens such sockets.
const SCTP: &str = "using SCTP";
/// What a kernel shows that has them.
const SCTP_STATE: &str = "/proc/net/sctp";

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NetpolError {
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("it wrote no report {}; its output is in {}", path.display(), log.display())]
    Missing { path: PathBuf, log: PathBuf, source: io::Error },
    #[error("cannot read its report {}", path.display())]
    Report { path: PathBuf, source: serde_json::Error },
}

/// Runs all of it, or what `only` is part of the name of.
pub(crate) fn run(
    cluster: &Cluster,
    folder: &Path,
    label: &str,
    only: &[String],
) -> Result<Report, NetpolError> {
    let file = format!("{label}.json");
    let (path, log) = (folder.join(&file), folder.join(format!("{label}.log")));
    for stale in [&path, &log] {
        // What is not there cannot be taken for today's.
        let _may_be_missing = fs::remove_file(stale);
    }
    println!("{label}: runs, and writes to {}", log.display());
    let mut suite = process::command(cluster.bin().join(RUNNER), folder);
    suite.args(["run", "--no-color", "-v", "--timeout=3h"]).arg(format!("--procs={PROCESSES}"));
    suite.arg(format!("--json-report={file}"));
    suite.arg(format!("--output-dir={}", folder.display()));
    let asked = Asked { is_all: only.is_empty(), has_sctp: Path::new(SCTP_STATE).exists() };
    if !asked.has_sctp {
        suite.arg(format!("--skip={SCTP}"));
    }
    suite.args(only.iter().map(|name| format!("--focus={name}")));
    suite.arg(cluster.bin().join(PROGRAM)).arg("--");
    suite.arg(format!("--kubeconfig={}", cluster.kubeconfig().display()));
    suite.args(["--provider=skeleton", "--num-nodes=2"]);
    // Whether tests failed is in the report.
    process::succeeds(&mut suite, Some(&log))?;
    let missing = |source| NetpolError::Missing { path: path.clone(), log: log.clone(), source };
    let text = fs::read_to_string(&path).map_err(missing)?;
    let failed = |source| NetpolError::Report { path: path.clone(), source };
    read(&text, asked).map_err(failed)
}

/// Why a test may not have run.
#[derive(Clone, Copy, Debug)]
struct Asked {
    is_all: bool,
    has_sctp: bool,
}

/// The parts of ginkgo's report that count.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    #[serde(default)]
    spec_reports: Vec<Spec>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Spec {
    #[serde(default)]
    container_hierarchy_texts: Option<Vec<String>>,
    leaf_node_type: String,
    leaf_node_text: String,
    state: String,
    /// In nanoseconds.
    run_time: u64,
    #[serde(default)]
    failure: Failure,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Failure {
    #[serde(default)]
    message: String,
}

fn read(text: &str, asked: Asked) -> Result<Report, serde_json::Error> {
    let written: Vec<Written> = serde_json::from_str(text)?;
    let specs = written.into_iter().flat_map(|report| report.spec_reports);
    let mut report = Report::new("netpol");
    report.cases = specs.filter_map(|spec| case(spec, asked)).collect();
    Ok(report)
}

/// A test that was asked for, or a step before or after all of them that failed.
fn case(spec: Spec, asked: Asked) -> Option<Case> {
    let is_test = spec.leaf_node_type == "It";
    let mut words = spec.container_hierarchy_texts.unwrap_or_default();
    words.push(spec.leaf_node_text);
    let name = if is_test { words.join(" ") } else { spec.leaf_node_type };
    let outcome = match spec.state.as_str() {
        "passed" => Outcome::Passed,
        "skipped" | "pending" => skipped(&name, spec.failure.message, asked)?,
        state => Outcome::Failed { why: format!("{state}: {}", spec.failure.message) },
    };
    let counts = is_test || matches!(outcome, Outcome::Failed { .. });
    counts.then(|| Case { name, outcome, took: Duration::from_nanos(spec.run_time) })
}

/// A test may say itself why it does not run. One that was to run and did not, because the suite was
/// interrupted, has failed.
fn skipped(name: &str, said: String, asked: Asked) -> Option<Outcome> {
    match said {
        said if !said.is_empty() => Some(Outcome::Skipped { why: said }),
        _ if !asked.has_sctp && name.contains(SCTP) => {
            Some(Outcome::Skipped { why: "this kernel has no SCTP sockets".into() })
        }
        _ if asked.is_all => Some(Outcome::Failed { why: "it was not run".into() }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Outcome, read};

    const ALL: Asked = Asked { is_all: true, has_sctp: false };

    fn outcome(kind: &str, name: &str, state: &str, said: &str, asked: Asked) -> Option<Outcome> {
        let text = format!(
            r#"[{{"SpecReports": [{{"ContainerHierarchyTexts": ["Netpol"], "LeafNodeType": "{kind}",
                "LeafNodeText": "{name}", "State": "{state}", "RunTime": 7,
                "Failure": {{"Message": "{said}"}}}}]}}]"#
        );
        let report = read(&text, asked).expect("it is a report");
        report.cases.into_iter().next().map(|case| case.outcome)
    }

    fn skipped(why: &str) -> Option<Outcome> {
        Some(Outcome::Skipped { why: why.into() })
    }

    fn failed(why: &str) -> Option<Outcome> {
        Some(Outcome::Failed { why: why.into() })
    }

    #[test]
    fn every_state_that_is_neither_passed_nor_skipped_is_a_failure() {
        assert_eq!(outcome("It", "denies", "passed", "", ALL), Some(Outcome::Passed));
        for state in ["failed", "panicked", "timedout", "interrupted", "aborted", "invalid"] {
            assert_eq!(outcome("It", "denies", state, "so", ALL), failed(&format!("{state}: so")));
        }
    }

    #[test]
    fn a_step_before_all_tests_counts_only_where_it_failed() {
        assert_eq!(outcome("SynchronizedBeforeSuite", "", "passed", "", ALL), None);
        assert_eq!(
            outcome("SynchronizedBeforeSuite", "", "failed", "so", ALL),
            failed("failed: so")
        );
    }

    #[test]
    fn what_needs_sctp_says_so_where_there_is_none_and_has_to_run_where_there_is() {
        let name = "should work when using SCTP";
        let with = Asked { has_sctp: true, ..ALL };
        assert_eq!(
            outcome("It", name, "skipped", "", ALL),
            skipped("this kernel has no SCTP sockets")
        );
        assert_eq!(outcome("It", name, "skipped", "", with), failed("it was not run"));
        assert_eq!(outcome("It", name, "skipped", "so", with), skipped("so"));
    }

    #[test]
    fn what_was_not_asked_for_is_nothing_and_what_was_and_did_not_run_failed() {
        let some = Asked { is_all: false, ..ALL };
        assert_eq!(outcome("It", "denies", "skipped", "", some), None);
        assert_eq!(outcome("It", "denies", "skipped", "", ALL), failed("it was not run"));
    }
}
