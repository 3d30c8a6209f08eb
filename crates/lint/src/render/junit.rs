//! `JUnit` XML: one case for each finding that counts, and one that passes where there is none.
//!
//! What is suppressed or known is a skipped case, so that a report shows that it was seen.

use ::report::{JunitCase, JunitResult};

use super::Style;
use crate::finding::{Finding, State};
use crate::report::Report;

pub(super) fn render(report: &Report, style: Style) -> String {
    let case = |finding: &Finding| JunitCase {
        name: name(finding),
        class: finding.spot.file.to_string(),
        result: result(finding, style),
    };
    let mut cases: Vec<JunitCase> = report.findings.iter().map(case).collect();
    if cases.is_empty() {
        cases.push(JunitCase {
            name: "no findings".to_owned(),
            class: "ringfence".to_owned(),
            result: JunitResult::Passed,
        });
    }
    ::report::junit("ringfence check", &cases)
}

fn result(finding: &Finding, style: Style) -> JunitResult {
    match &finding.state {
        State::Open if finding.severity >= style.fail_on => JunitResult::Failed {
            kind: finding.severity.to_string(),
            message: finding.message.clone(),
            body: body(finding),
        },
        State::Open => JunitResult::Noted(body(finding)),
        State::Suppressed { reason, .. } => JunitResult::Skipped(reason.clone()),
        State::Known => JunitResult::Skipped("in the baseline".to_owned()),
    }
}

fn name(finding: &Finding) -> String {
    let spot = &finding.spot;
    format!("{} {} {}:{}", finding.cause.id(), finding.object, spot.line, spot.column)
}

fn body(finding: &Finding) -> String {
    let spot = &finding.spot;
    let fix = finding.fix.iter().map(|fix| format!("\nfix: {fix}")).collect::<String>();
    format!(
        "{}:{}:{}\n{}\n{}{fix}",
        spot.file, spot.line, spot.column, finding.text, finding.message
    )
}
