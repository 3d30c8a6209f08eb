//! Results as `JUnit` XML: one case for each test, in the class of its file.
//!
//! The format itself is that of every other command.

use ::report::{JunitCase, JunitResult};

use super::{Report, TestResult};

/// All results as `JUnit` XML.
#[must_use]
pub fn junit(report: &Report) -> String {
    let case = |test: &TestResult| JunitCase {
        name: test.name.clone(),
        class: test.file.to_string(),
        result: result(test),
    };
    ::report::junit("ringfence test", &report.tests.iter().map(case).collect::<Vec<_>>())
}

fn result(test: &TestResult) -> JunitResult {
    if test.holds() {
        return JunitResult::Passed;
    }
    let place = format!("{}:{}", test.file, test.line);
    JunitResult::Failed {
        kind: test.kind.to_string(),
        message: test.sentence(),
        body: std::iter::once(place).chain(test.why()).collect::<Vec<_>>().join("\n"),
    }
}
