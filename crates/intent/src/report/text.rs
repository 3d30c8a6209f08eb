//! Results for people: a line for each test, then why some do not hold.
//!
//! It looks as developers know it from their own tests.

use std::fmt::Write as _;

use ::report::Colour;

use super::{Report, TestResult};

/// All results as text.
#[must_use]
pub fn text(report: &Report, colour: Colour) -> String {
    let mut out = String::new();
    let mut file = "";
    for test in &report.tests {
        if file != &*test.file {
            file = &test.file;
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{file}");
        }
        let word = if test.holds() { colour.good("ok") } else { colour.bad("FAILED") };
        let _ = writeln!(out, "  test {} ... {word}", test.name);
    }
    let failed = report.tests.iter().filter(|test| !test.holds());
    failed.for_each(|test| failure(&mut out, test));
    let (held, failed) = (report.held, report.failed);
    let word = if failed == 0 { colour.good("ok") } else { colour.bad("FAILED") };
    let _ = writeln!(out, "\nresult: {word}. {held} held, {failed} failed");
    out
}

fn failure(out: &mut String, test: &TestResult) {
    let _ = writeln!(out, "\n{}:{}: {}", test.file, test.line, test.name);
    let _ = writeln!(out, "  {} ({})", test.sentence(), test.kind);
    for paragraph in test.why() {
        for line in paragraph.lines() {
            let _ = writeln!(out, "    {line}");
        }
    }
}
