//! The report as JUnit XML, for CI: one suite per sender, one case per probe.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::report::{ProbeResult, RunReport};

/// Why the XML cannot be written.
pub type JunitError = quick_junit::SerializeError;

/// The report as XML.
///
/// # Errors
/// Where a name cannot be written as XML.
pub fn junit(report: &RunReport) -> Result<String, JunitError> {
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    for result in &report.results {
        let from = result.probe.from.as_str();
        suites.entry(from).or_insert_with(|| TestSuite::new(from)).add_test_case(case(result));
    }
    let mut control = TestSuite::new("control run, nothing enforced");
    for (probe, outcome) in &report.control_failed {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(outcome.to_string());
        let name = format!("{} to {} {}", probe.from, probe.to, probe.flow.traffic());
        control.add_test_case(TestCase::new(name, status));
    }
    let mut document = Report::new(format!("ringfence lab {}", report.lab));
    document.add_test_suites(suites.into_values().chain([control]));
    document.to_string()
}

fn case(result: &ProbeResult) -> TestCase {
    let probe = &result.probe;
    let verdict = probe.decision.verdict();
    let name = format!("{verdict} {} at {} {}", probe.to, probe.destination, probe.flow.traffic());
    let status = match result.differences.first() {
        None => TestCaseStatus::success(),
        Some(first) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let all: Vec<String> = result.differences.iter().map(ToString::to_string).collect();
            status.set_message(first.to_string()).set_description(all.join("\n"));
            status
        }
    };
    TestCase::new(name, status)
}
