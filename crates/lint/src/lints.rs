//! The table of lints: help, documents, SARIF rules and tests are made from it.
//!
//! Ids stand in people's files, so a row that goes leaves its id behind for ever.

mod error;
mod info;
mod rollout;
mod warning_meaning;
mod warning_reach;
mod warning_text;

use crate::lint::Lint;

/// Writes a row with the examples of its id.
macro_rules! lint {
    ($id:literal, $slug:literal, $severity:ident,
     why: $why:literal, fix: $fix:literal,
     elsewhere: [$(($list:ident, $there:literal)),*], needs: [$($need:ident),*], check: $check:expr) => {
        $crate::lint::Lint {
            id: $id,
            slug: $slug,
            severity: $crate::lint::Severity::$severity,
            why: $why,
            fix: $fix,
            elsewhere: &[$(($crate::lint::List::$list, $there)),*],
            needs: &[$($crate::lint::Need::$need),*],
            fires: include_str!(concat!("../../examples/", $id, ".fires.yaml")),
            twin: include_str!(concat!("../../examples/", $id, ".twin.yaml")),
            check: $check,
        }
    };
}

use lint;

/// All rows in the order of their ids.
pub fn all() -> impl Iterator<Item = &'static Lint> + Clone {
    let parts = [
        error::ROWS,
        warning_meaning::ROWS,
        warning_reach::ROWS,
        warning_text::ROWS,
        info::ROWS,
        rollout::ROWS,
    ];
    parts.into_iter().flatten()
}

/// The row with this id or slug.
#[must_use]
pub fn find(name: &str) -> Option<&'static Lint> {
    all().find(|lint| lint.id == name || lint.slug == name)
}
