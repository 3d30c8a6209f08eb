//! Results as TAP: counterexamples stand in comments.
//!
//! The format itself is that of every other command.

use ::report::TapTest;

use super::Report;

/// All results as TAP.
#[must_use]
pub fn tap(report: &Report) -> String {
    let tests = report.tests.iter().map(|test| {
        let place = format!("{}:{} {}", test.file, test.line, test.sentence());
        let why = test.why();
        let place = (!why.is_empty()).then_some(place);
        TapTest {
            ok: test.holds(),
            name: test.name.clone(),
            skipped: None,
            comments: place.into_iter().chain(why).collect(),
        }
    });
    ::report::tap(&tests.collect::<Vec<_>>())
}
