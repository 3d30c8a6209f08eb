//! The last lines of a report for people: what was read, what was found, what was not checked.
//!
//! Two formats end with them, and they must count alike.

use crate::report::Report;

/// `1 error, 2 warnings, 0 infos`.
pub(super) fn counts(report: &Report) -> String {
    let counts = report.counts();
    let mut parts = vec![
        plural(counts.error, "error"),
        plural(counts.warning, "warning"),
        plural(counts.info, "info"),
    ];
    if counts.suppressed > 0 {
        parts.push(format!("{} suppressed", counts.suppressed));
    }
    if counts.known > 0 {
        parts.push(format!("{} in the baseline", counts.known));
    }
    parts.join(", ")
}

/// What was read.
pub(super) fn read(report: &Report) -> String {
    format!("{}, {}", plural(report.files, "file"), plural(report.objects, "object"))
}

/// What could not be judged, one line for each thing that is missing.
pub(super) fn unchecked(report: &Report) -> Vec<String> {
    let mut lacks: Vec<_> = report.unchecked.iter().flat_map(|one| one.lacks.clone()).collect();
    lacks.sort_unstable();
    lacks.dedup();
    let ids = |need| {
        let lacking = report.unchecked.iter().filter(|one| one.lacks.contains(need));
        lacking.map(|one| one.lint.id).collect::<Vec<_>>().join(", ")
    };
    let lacking = if report.header.unknown.is_empty() { "no" } else { "not all" };
    lacks.iter().map(|need| format!("{lacking} {}: {}", need.name(), ids(need))).collect()
}

fn plural(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}
