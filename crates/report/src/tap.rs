//! Test Anything Protocol, version 14.
//!
//! What a test found stands in comments under its line, so that every reader of TAP can show it.

use std::fmt::Write as _;

/// One line of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TapTest {
    /// Whether it passed.
    pub ok: bool,
    /// Its name.
    pub name: String,
    /// Why it was not judged.
    pub skipped: Option<String>,
    /// What it found, one line each.
    pub comments: Vec<String>,
}

/// A whole run.
#[must_use]
pub fn tap(tests: &[TapTest]) -> String {
    let mut out = format!("TAP version 14\n1..{}\n", tests.len());
    for (number, test) in (1..).zip(tests) {
        let ok = if test.ok { "ok" } else { "not ok" };
        let skipped = test.skipped.iter().map(|why| format!(" # SKIP {why}")).collect::<String>();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{ok} {number} - {}{skipped}", escape(&test.name));
        for comment in test.comments.iter().flat_map(|comment| comment.lines()) {
            let _ = writeln!(out, "# {comment}");
        }
    }
    out
}

/// A name must neither end its line nor begin a directive.
fn escape(name: &str) -> String {
    name.replace('\\', "\\\\").replace('#', "\\#").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_become_a_directive() {
        let test = TapTest { name: "a # SKIP b".to_owned(), ..TapTest::default() };
        assert_eq!(tap(&[test]), "TAP version 14\n1..1\nnot ok 1 - a \\# SKIP b\n");
    }
}
