//! Test Anything Protocol, version 14: one test for each lint that was judged.
//!
//! What fails the check is `not ok`; what is only worth knowing is a comment.

use std::collections::BTreeMap;

use ::report::TapTest;

use super::{Style, text::place};
use crate::finding::Finding;
use crate::lints;
use crate::report::Report;

pub(super) fn render(report: &Report, style: Style) -> String {
    let mut by_id: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in report.open() {
        by_id.entry(finding.cause.id()).or_default().push(finding);
    }
    let problems = report.causes().into_iter().map(|cause| (cause.id(), cause.word()));
    let mut tests: Vec<(&str, &str)> =
        lints::all().map(|lint| (lint.id, lint.slug)).chain(problems).collect();
    tests.sort_unstable();
    tests.dedup();
    let test = |(id, word)| {
        let found = by_id.get(id).map_or(&[][..], Vec::as_slice);
        TapTest {
            ok: !found.iter().any(|finding| finding.severity >= style.fail_on),
            name: format!("{id} {word}"),
            skipped: unchecked(report, id),
            comments: found.iter().map(|finding| comment(finding)).collect(),
        }
    };
    ::report::tap(&tests.into_iter().map(test).collect::<Vec<_>>())
}

fn comment(finding: &Finding) -> String {
    let message = finding.message.replace('\n', " ");
    format!("{} {} {}: {message}", finding.severity, place(&finding.spot), finding.object)
}

fn unchecked(report: &Report, id: &str) -> Option<String> {
    let unchecked = report.unchecked.iter().find(|one| one.lint.id == id);
    let disabled = report.disabled.iter().any(|lint| lint.id == id);
    match unchecked {
        _ if disabled => Some("switched off".to_owned()),
        Some(one) => {
            let lacks: Vec<&str> = one.lacks.iter().map(|need| need.name()).collect();
            Some(format!("no {}", lacks.join(", no ")))
        }
        None => None,
    }
}
