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
    let path = folder.join(format!("{label}.json"));
    let log = folder.join(format!("{label}.log"));
    for stale in [&path, &log] {
        // What is not there cannot be taken for today's.
        let _may_be_missing = fs::remove_file(stale);
    }
    println!("{label}: runs, and writes to {}", log.display());
    let mut suite = process::command(cluster.bin().join(PROGRAM), folder);
    suite.arg(format!("--kubeconfig={}", cluster.kubeconfig().display()));
    suite.args(["--provider=skeleton", "--num-nodes=2", "--test.timeout=0", "--ginkgo.timeout=3h"]);
    suite.args(["--ginkgo.no-color", "--ginkgo.v"]);
    suite.arg(format!("--ginkgo.json-report={}", path.display()));
    let lacks_sctp = !Path::new(SCTP_STATE).exists();
    if lacks_sctp {
        suite.arg(format!("--ginkgo.skip={SCTP}"));
    }
    suite.args(only.iter().map(|name| format!("--ginkgo.focus={name}")));
    // Whether tests failed is in the report.
    process::succeeds(&mut suite, Some(&log))?;
    let missing = |source| NetpolError::Missing { path: path.clone(), log: log.clone(), source };
    let text = fs::read_to_string(&path).map_err(missing)?;
    let failed = |source| NetpolError::Report { path: path.clone(), source };
    read(&text, lacks_sctp).map_err(failed)
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

fn read(text: &str, lacks_sctp: bool) -> Result<Report, serde_json::Error> {
    let written: Vec<Written> = serde_json::from_str(text)?;
    let specs = written.into_iter().flat_map(|report| report.spec_reports);
    let mut report = Report::new("netpol");
    report.cases = specs.filter_map(|spec| case(spec, lacks_sctp)).collect();
    Ok(report)
}

/// A test, or a step before or after all of them that failed: without it nothing would have run.
fn case(spec: Spec, lacks_sctp: bool) -> Option<Case> {
    let mut words = spec.container_hierarchy_texts.unwrap_or_default();
    words.push(spec.leaf_node_text);
    let name = words.join(" ").trim().to_owned();
    let is_test = spec.leaf_node_type == "It";
    let outcome = match spec.state.as_str() {
        "passed" => Outcome::Passed,
        "skipped" | "pending" if lacks_sctp && name.contains(SCTP) => {
            Outcome::Skipped { why: "this kernel has no SCTP sockets".into() }
        }
        "skipped" | "pending" if spec.failure.message.is_empty() => {
            Outcome::Skipped { why: "not asked for".into() }
        }
        "skipped" | "pending" => Outcome::Skipped { why: spec.failure.message },
        state => Outcome::Failed { why: format!("{state}: {}", spec.failure.message) },
    };
    let counts = is_test || matches!(outcome, Outcome::Failed { .. });
    let name = if is_test { name } else { spec.leaf_node_type };
    counts.then(|| Case { name, outcome, took: Duration::from_nanos(spec.run_time) })
}

#[cfg(test)]
mod tests {
    use super::{Outcome, read};

    fn outcome(kind: &str, name: &str, state: &str, lacks_sctp: bool) -> Option<Outcome> {
        let text = format!(
            r#"[{{"SpecReports": [{{"ContainerHierarchyTexts": ["Netpol"], "LeafNodeType": "{kind}",
                "LeafNodeText": "{name}", "State": "{state}", "RunTime": 7,
                "Failure": {{"Message": "said so"}}}}]}}]"#
        );
        let report = read(&text, lacks_sctp).expect("it is a report");
        report.cases.into_iter().next().map(|case| case.outcome)
    }

    #[test]
    fn every_state_that_is_neither_passed_nor_skipped_is_a_failure() {
        assert_eq!(outcome("It", "denies", "passed", true), Some(Outcome::Passed));
        for state in ["failed", "panicked", "timedout", "interrupted", "aborted", "invalid"] {
            let why = format!("{state}: said so");
            assert_eq!(outcome("It", "denies", state, true), Some(Outcome::Failed { why }));
        }
    }

    #[test]
    fn a_step_before_all_tests_counts_only_where_it_failed() {
        assert_eq!(outcome("SynchronizedBeforeSuite", "", "passed", true), None);
        let why = "failed: said so".to_owned();
        let failed = outcome("SynchronizedBeforeSuite", "", "failed", true);
        assert_eq!(failed, Some(Outcome::Failed { why }));
    }

    #[test]
    fn what_needs_sctp_says_so_where_there_is_none() {
        let name = "should work when using SCTP";
        let why = "this kernel has no SCTP sockets".to_owned();
        assert_eq!(outcome("It", name, "skipped", true), Some(Outcome::Skipped { why }));
        let why = "said so".to_owned();
        assert_eq!(outcome("It", name, "skipped", false), Some(Outcome::Skipped { why }));
    }
}
