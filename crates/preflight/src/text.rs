//! Findings for people and for programs.
//!
//! Both are made from the same findings, so that a script sees no more and no less than a reader.

use serde::Serialize;

use crate::finding::{Finding, Outcome, blocks};

/// One line for each finding, and what follows below it.
#[must_use]
pub fn text(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.check.len()).max().unwrap_or_default();
    let mut text = String::new();
    for Finding { check, outcome, found, advice } in findings {
        text.push_str(&format!("{:<8} {check:<width$} {found}\n", outcome.word()));
        if let Some(advice) = advice {
            text.push_str(&format!("{:<8} {:<width$} -> {advice}\n", "", ""));
        }
    }
    let count = |wanted| findings.iter().filter(|finding| finding.outcome == wanted).count();
    let [warnings, unknown] = [Outcome::Warning, Outcome::Unknown].map(count);
    text.push_str(&format!(
        "{} that block, {warnings} warnings, {unknown} unknown\n",
        blocks(findings).count()
    ));
    text
}

/// One JSON document.
///
/// # Errors
/// Never in practice: findings are texts.
pub fn json(findings: &[Finding]) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Document<'a> {
        blocks: usize,
        findings: &'a [Finding],
    }
    let document = Document { blocks: blocks(findings).count(), findings };
    Ok(format!("{}\n", serde_json::to_string_pretty(&document)?))
}
