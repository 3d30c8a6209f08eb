//! Workflow commands: GitHub shows them at the line in the pull request.
//!
//! Their two escapes differ: a property may not hold the signs that end it.

use crate::finding::Finding;
use crate::lint::Severity;
use crate::report::Report;

pub(super) fn render(report: &Report) -> String {
    report.open().map(command).collect()
}

fn command(finding: &Finding) -> String {
    let word = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let spot = &finding.spot;
    let title = format!("{} {}", finding.cause.id(), finding.cause.word());
    let fix = finding.fix.iter().map(|fix| format!("\nfix: {fix}")).collect::<String>();
    format!(
        "::{word} file={},line={},col={},endColumn={},title={}::{}\n",
        property(&spot.file),
        spot.line,
        spot.column,
        spot.column + spot.length,
        property(&title),
        message(&format!("{}: {}{fix}", finding.object, finding.message)),
    )
}

fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
