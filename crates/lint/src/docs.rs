//! The pages about lints, made from the table.
//!
//! A test compares them with docs/lints, so that help and pages say the same.

use crate::lint::{Check, Lint};
use crate::lints;

/// The page of one lint.
#[must_use]
pub fn page(lint: &Lint) -> String {
    let Lint { id, slug, severity, why, fix, .. } = lint;
    let mut page = format!("# {id} {slug}\n\n*{severity}*\n\n{why}\n\n**Fix.** {fix}\n");
    if !lint.needs.is_empty() {
        let needs: Vec<&str> = lint.needs.iter().map(|need| need.name()).collect();
        let needs = needs.join(", ");
        page.push_str(&format!("\nIt is judged where the input holds: {needs}.\n"));
    }
    page.push_str(&format!("\n## It fires\n\n```yaml\n{}```\n", lint.fires));
    page.push_str(&format!("\n## It does not\n\n```yaml\n{}```\n", lint.twin));
    page.push_str("\n## If it is meant\n\n");
    page.push_str(&suppression(lint));
    if !lint.elsewhere.is_empty() {
        page.push_str("\n## The same check elsewhere\n\n");
        for (list, there) in lint.elsewhere {
            page.push_str(&format!("- {}: {there}\n", list.name()));
        }
    }
    page
}

fn suppression(lint: &Lint) -> String {
    let id = lint.id;
    match lint.check {
        Check::Facts(_) => format!(
            "A comment on the line above, or an annotation of the object, with the reason:\n\n\
             ```yaml\n# ringfence:ignore {id} reason=\"why this is right here\"\n```\n\n\
             ```yaml\nmetadata:\n  annotations:\n    ringfence.io/ignore.{id}: why this is right here\n```\n"
        ),
        Check::Reading(_) | Check::Suppression => {
            format!(
                "It can be switched off in `.ringfence.yaml`: `lints: {{{id}: {{enabled: false}}}}`.\n"
            )
        }
    }
}

/// The page that lists them all.
#[must_use]
pub fn index() -> String {
    let mut page = String::from(
        "# Lints\n\nWhat `ringfence check` looks for. Errors do not do what they say, warnings are \
         probably not meant, infos are worth\nknowing. What an API server would refuse is no lint: \
         it is an error of reading.\n\n| id | | severity | why |\n|---|---|---|---|\n",
    );
    for Lint { id, slug, severity, why, .. } in lints::all() {
        page.push_str(&format!("| [{id}]({id}.md) | {slug} | {severity} | {why} |\n"));
    }
    page
}

/// One line for each lint, for the command line.
#[must_use]
pub fn list() -> String {
    let line = |lint: &Lint| {
        format!("{}  {:<8} {:<26} {}\n", lint.id, lint.severity.word(), lint.slug, lint.why)
    };
    lints::all().map(line).collect()
}
