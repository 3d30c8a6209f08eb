//! A table for a pull request's comment.
//!
//! What people wrote is escaped, so that a name cannot become markup.

use report::markdown_escape as escape;

use super::{summary, text::place};
use crate::finding::{Cause, Finding, State};
use crate::report::Report;

pub(super) fn render(report: &Report) -> String {
    let mut lines = vec![format!("**ringfence check**: {}", summary::counts(report))];
    if let Some(warning) = report.header.warning() {
        lines.extend(warning.lines().map(|line| format!("\n**{}**", escape(line))));
    }
    if report.open().next().is_some() {
        lines
            .push("\n| | id | place | object | what | fix |\n|---|---|---|---|---|---|".to_owned());
        lines.extend(report.open().map(row));
    }
    let suppressed = report.findings.iter().filter_map(|finding| match &finding.state {
        State::Suppressed { reason, .. } => Some((finding, reason)),
        State::Open | State::Known => None,
    });
    let suppressed: Vec<String> = suppressed
        .map(|(finding, reason)| {
            let place = place(&finding.spot);
            format!("- {} `{}`: {}", finding.cause.id(), code(&place), escape(reason))
        })
        .collect();
    if !suppressed.is_empty() {
        lines.push("\nSuppressed:\n".to_owned());
        lines.extend(suppressed);
    }
    let unchecked = summary::unchecked(report);
    if !unchecked.is_empty() {
        lines.push("\nNot checked:\n".to_owned());
        lines.extend(unchecked.iter().map(|line| format!("- {line}")));
    }
    lines.push(format!(
        "
{}",
        escape(&report.header.line())
    ));
    lines.into_iter().map(|line| line + "\n").collect()
}

fn row(finding: &Finding) -> String {
    let id = match finding.cause {
        Cause::Lint(lint) => format!("{} {}", lint.id, lint.slug),
        Cause::Problem(code) => code.to_owned(),
    };
    format!(
        "| {} | {id} | `{}` | {} | {} | {} |",
        finding.severity,
        code(&place(&finding.spot)),
        escape(&finding.object),
        escape(&finding.message),
        escape(finding.fix.as_deref().unwrap_or_default()),
    )
}

fn code(text: &str) -> String {
    text.replace('`', "'").replace('|', "\\|").replace('\n', " ")
}
