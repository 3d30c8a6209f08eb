//! The events that Go's own test runner writes, one JSON object a line, as a report.
//!
//! A suite that is an ordinary Go test has hundreds of steps in a few tests; a test counts once, as its
//! authors count it, and what its steps said is why it failed.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::report::{Case, Outcome, Report};

/// So much of what a failed test said is kept, from its end.
const WHY_MAX: usize = 20_000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    action: String,
    #[serde(default)]
    test: String,
    #[serde(default)]
    elapsed: f64,
    #[serde(default)]
    output: String,
}

#[derive(Default)]
struct Test {
    said: String,
    ended: Option<(String, Duration)>,
}

/// Reads `events` of the test `whole`, whose own tests are counted.
///
/// Where `whole` failed and none of them did, it is a failure by itself: before they ran, or between.
pub(crate) fn read(suite: &'static str, whole: &str, events: &str) -> Report {
    let mut tests: BTreeMap<String, Test> = BTreeMap::new();
    // Lines that are no events come from a program that ends without a word.
    for event in events.lines().filter_map(|line| serde_json::from_str::<Event>(line).ok()) {
        let Some(name) = counted(whole, &event.test) else { continue };
        let test = tests.entry(name.to_owned()).or_default();
        test.said.push_str(&event.output);
        let is_itself = event.test == whole || event.test == format!("{whole}/{name}");
        if is_itself && matches!(event.action.as_str(), "pass" | "fail" | "skip") {
            test.ended = Some((event.action, Duration::from_secs_f64(event.elapsed.max(0.0))));
        }
    }
    let whole_test = tests.remove(whole).unwrap_or_default();
    let mut report = Report::new(suite);
    report.cases = tests.into_iter().map(|(name, test)| case(name, &test)).collect();
    let whole_case = case(whole.to_owned(), &whole_test);
    if matches!(whole_case.outcome, Outcome::Failed { .. }) && report.is_good_or_empty() {
        report.cases.push(whole_case);
    }
    report
}

/// The test that an event of `test` counts for: the one directly below `whole`, or `whole` itself.
fn counted<'a>(whole: &'a str, test: &'a str) -> Option<&'a str> {
    if test == whole {
        return Some(whole);
    }
    let below = test.strip_prefix(whole)?.strip_prefix('/')?;
    below.split('/').next()
}

fn case(name: String, test: &Test) -> Case {
    let why = || end(&test.said).to_owned();
    let (outcome, took) = match &test.ended {
        Some((action, took)) if action == "pass" => (Outcome::Passed, *took),
        Some((action, took)) if action == "skip" => (Outcome::Skipped { why: why() }, *took),
        Some((_, took)) => (Outcome::Failed { why: why() }, *took),
        None => (Outcome::Failed { why: format!("it never ended\n{}", why()) }, Duration::ZERO),
    };
    Case { name, outcome, took }
}

fn end(said: &str) -> &str {
    let from = said.floor_char_boundary(said.len().saturating_sub(WHY_MAX));
    said.get(from..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::upstream::report::Outcome;

    fn events(lines: &[(&str, &str)]) -> String {
        let line = |(action, test): &(&str, &str)| {
            format!(r#"{{"Action":"{action}","Test":"{test}","Elapsed":1.5,"Output":"said\n"}}"#)
        };
        lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn steps_count_for_their_test_and_not_by_themselves() {
        let lines = [("pass", "All/a/1"), ("fail", "All/b/1"), ("pass", "All/b/b")];
        let ends = [("pass", "All/a"), ("fail", "All/b"), ("skip", "All/c"), ("fail", "All")];
        let report = read("cnp", "All", &events(&[lines.as_slice(), &ends].concat()));
        let names: Vec<_> = report.cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(report.closing(), "suite=cnp passed=1 failed=1 skipped=1");
        let failed = report.cases.iter().find(|case| case.name == "b").map(|case| &case.outcome);
        assert_eq!(failed, Some(&Outcome::Failed { why: "said\n".repeat(3) }));
    }

    #[test]
    fn a_failure_before_the_first_test_is_one() {
        let report = read("cnp", "All", &events(&[("fail", "All")]));
        assert_eq!(report.closing(), "suite=cnp passed=0 failed=1 skipped=0");
        let report = read("cnp", "All", &events(&[("pass", "All/a"), ("pass", "All")]));
        assert_eq!(report.closing(), "suite=cnp passed=1 failed=0 skipped=0");
    }

    #[test]
    fn a_test_that_never_ends_failed_and_so_did_a_program_without_a_word() {
        let report = read("cnp", "All", &events(&[("run", "All/a"), ("fail", "All")]));
        assert_eq!(report.closing(), "suite=cnp passed=0 failed=1 skipped=0");
        assert_eq!(
            read("cnp", "All", "panic: no\n").closing(),
            "suite=cnp passed=0 failed=1 skipped=0"
        );
    }
}
