//! `JUnit` XML: one suite of cases.
//!
//! Written by hand, because the libraries for it bring a clock and random names.

use std::fmt::Write as _;

/// One case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JunitCase {
    /// Its name.
    pub name: String,
    /// What it belongs to, for example its file.
    pub class: String,
    /// What became of it.
    pub result: JunitResult,
}

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JunitResult {
    /// It passed, and nothing is to be said.
    Passed,
    /// It passed, and this is to be said.
    Noted(String),
    /// It failed.
    Failed {
        /// A word for how.
        kind: String,
        /// One line.
        message: String,
        /// All of it.
        body: String,
    },
    /// It does not count, for this reason.
    Skipped(String),
}

/// A whole run.
#[must_use]
pub fn junit(suite: &str, cases: &[JunitCase]) -> String {
    let count =
        |wanted: fn(&JunitResult) -> bool| cases.iter().filter(|case| wanted(&case.result)).count();
    let failures = count(|result| matches!(result, JunitResult::Failed { .. }));
    let skipped = count(|result| matches!(result, JunitResult::Skipped(_)));
    let tests = cases.len();
    let counts = format!("tests=\"{tests}\" failures=\"{failures}\" skipped=\"{skipped}\"");
    let (suite, mut inside) = (escape(suite), String::new());
    cases.iter().for_each(|one| case(&mut inside, one));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{suite}\" \
         {counts} errors=\"0\">\n  <testsuite name=\"{suite}\" {counts} errors=\"0\">\n\
         {inside}  </testsuite>\n</testsuites>\n"
    )
}

fn case(out: &mut String, case: &JunitCase) {
    let (name, class) = (escape(&case.name), escape(&case.class));
    // Writing to a string cannot fail.
    let _ = match inside(&case.result) {
        None => writeln!(out, "    <testcase name=\"{name}\" classname=\"{class}\"/>"),
        Some(inside) => {
            writeln!(out, "    <testcase name=\"{name}\" classname=\"{class}\">{inside}</testcase>")
        }
    };
}

fn inside(result: &JunitResult) -> Option<String> {
    match result {
        JunitResult::Passed => None,
        JunitResult::Noted(text) => Some(format!("<system-out>{}</system-out>", escape(text))),
        JunitResult::Failed { kind, message, body } => {
            let (kind, message, body) = (escape(kind), escape(message), escape(body));
            Some(format!("<failure type=\"{kind}\" message=\"{message}\">{body}</failure>"))
        }
        JunitResult::Skipped(reason) => Some(format!("<skipped message=\"{}\"/>", escape(reason))),
    }
}

/// Text as text of XML, in and outside of attributes. What XML cannot hold at all becomes the
/// replacement character.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push('\t'),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_an_element_is_escaped_and_failures_are_counted() {
        let result = JunitResult::Failed {
            kind: "only".to_owned(),
            message: "a < \"b\"".to_owned(),
            body: "\u{1}".to_owned(),
        };
        let case = JunitCase { name: "x".to_owned(), class: "y".to_owned(), result };
        let text = junit("s", &[case]);
        assert!(text.contains("tests=\"1\" failures=\"1\""), "{text}");
        assert!(text.contains("message=\"a &lt; &quot;b&quot;\">\u{fffd}</failure>"), "{text}");
    }
}
