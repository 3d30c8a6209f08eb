//! Cyclonus: a few hundred generated policies, each with a truth table of who then reaches whom.
//!
//! It judges by a model of its own of what NetworkPolicies mean, which makes it a second opinion on
//! our oracle.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quick_junit::{TestCase, TestCaseStatus};

use super::cluster::Cluster;
use super::report::{Case, Outcome, Report};
use crate::process::{self, ProcessError};

const PROGRAM: &str = "cyclonus";

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CyclonusError {
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("it wrote no report {}; its output is in {}", path.display(), log.display())]
    Missing { path: PathBuf, log: PathBuf, source: io::Error },
    #[error("cannot read its report {}", path.display())]
    Report { path: PathBuf, source: quick_junit::DeserializeError },
}

/// Runs all of it, or what has one of the `tags`.
pub(crate) fn run(
    cluster: &Cluster,
    folder: &Path,
    label: &str,
    tags: &[String],
) -> Result<Report, CyclonusError> {
    let path = folder.join(format!("{label}.own.xml"));
    let log = folder.join(format!("{label}.log"));
    for stale in [&path, &log] {
        // What is not there cannot be taken for today's.
        let _may_be_missing = fs::remove_file(stale);
    }
    println!("{label}: runs, and writes to {}", log.display());
    let mut suite = process::command(cluster.bin().join(PROGRAM), folder);
    suite.args(["generate", "--server-protocol=TCP,UDP", "--perturbation-wait-seconds=1"]);
    // By itself it leaves out a half of its tests, and waits ten seconds for each of thousands of probes
    // that are denied.
    suite.args(["--exclude=", "--job-timeout-seconds=3"]);
    // It believes that policies can keep a pod from reaching itself (ruling N14).
    suite.arg("--ignore-loopback");
    suite.arg(format!("--include={}", tags.join(",")));
    suite.arg(format!("--junit-results-file={}", path.display()));
    suite.env("KUBECONFIG", cluster.kubeconfig());
    // Whether tests failed is in the report.
    process::succeeds(&mut suite, Some(&log))?;
    let missing = |source| CyclonusError::Missing { path: path.clone(), log: log.clone(), source };
    let text = fs::read_to_string(&path).map_err(missing)?;
    let failed = |source| CyclonusError::Report { path: path.clone(), source };
    read(&text).map_err(failed)
}

fn read(text: &str) -> Result<Report, quick_junit::DeserializeError> {
    // It writes one suite without what suites are in, and durations that are no numbers.
    let whole = format!("<testsuites>{}</testsuites>", text.replace(r#" time="""#, ""));
    let written = quick_junit::Report::deserialize_from_str(&whole)?;
    let tests = written.test_suites.iter().flat_map(|suite| &suite.test_cases);
    let mut report = Report::new("cyclonus");
    report.cases = tests.zip(1..).map(|(test, number)| case(number, test)).collect();
    Ok(report)
}

/// Several have the same name, so they are numbered as its log numbers them.
fn case(number: usize, test: &TestCase) -> Case {
    let outcome = match test.status {
        TestCaseStatus::Success { .. } => Outcome::Passed,
        TestCaseStatus::NonSuccess { .. } | TestCaseStatus::Skipped { .. } => {
            Outcome::Failed { why: format!("see test #{number} in the log") }
        }
    };
    let name = format!("#{number} {}", test.name.as_str());
    Case { name, outcome, took: Duration::ZERO }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn what_has_a_failure_failed() {
        let text = r#"<testsuite tests="0" failures="1" time="" name="cyclonus">
            <properties></properties>
            <testcase classname="" name="isn&#39;t served" time="">
                <failure message="" type=""></failure>
            </testcase>
            <testcase classname="" name="served" time=""></testcase>
        </testsuite>"#;
        let report = read(text).expect("it is a report");
        assert_eq!(report.closing(), "suite=cyclonus passed=1 failed=1 skipped=0");
        let names: Vec<_> = report.cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names, ["#1 isn't served", "#2 served"]);
    }

    #[test]
    fn a_report_that_is_cut_off_is_none() {
        assert!(read("<testsuite name=\"cyclonus\"><testcase name=").is_err());
    }
}
