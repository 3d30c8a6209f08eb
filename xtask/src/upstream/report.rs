//! What came out of a suite: one form for all of them, whatever their own reports look like.
//!
//! The closing line is read by CI, the JUnit file by whoever shows results to people.

use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

/// Why the XML cannot be written.
pub(crate) type JunitError = quick_junit::SerializeError;

/// One test of a suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    /// As the suite calls it.
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed { why: String },
    Skipped { why: String },
}

/// All tests of a suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    suite: &'static str,
    pub(crate) cases: Vec<Case>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Report {
    /// Nothing yet of `suite`.
    pub(crate) fn new(suite: &'static str) -> Self {
        Self { suite, cases: Vec::new() }
    }

    /// Takes over the tests of another run.
    pub(crate) fn add(&mut self, other: Self) {
        self.cases.extend(other.cases);
    }

    /// A suite in which nothing ran has shown nothing.
    pub(crate) fn is_good(&self) -> bool {
        let counts = self.counts();
        counts.failed == 0 && counts.passed > 0
    }

    /// Whether nothing failed, be it because there is nothing.
    pub(crate) fn is_good_or_empty(&self) -> bool {
        self.counts().failed == 0
    }

    /// The last line.
    pub(crate) fn closing(&self) -> String {
        let Counts { passed, failed, skipped } = self.counts();
        format!("suite={} passed={passed} failed={failed} skipped={skipped}", self.suite)
    }

    /// The file that programs show to people, for the run called `label`.
    ///
    /// # Errors
    /// Where a text cannot be written as XML.
    pub(crate) fn junit(&self, label: &str) -> Result<String, JunitError> {
        let mut suite = TestSuite::new(label);
        suite.add_test_cases(self.cases.iter().map(|case| case.junit(self.suite)));
        let mut document = quick_junit::Report::new(self.suite);
        document.add_test_suite(suite);
        document.to_string()
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for case in &self.cases {
            match case.outcome {
                Outcome::Passed => counts.passed += 1,
                Outcome::Failed { .. } => counts.failed += 1,
                Outcome::Skipped { .. } => counts.skipped += 1,
            }
        }
        counts
    }
}

impl Case {
    fn junit(&self, suite: &str) -> TestCase {
        let status = match &self.outcome {
            Outcome::Passed => TestCaseStatus::success(),
            Outcome::Failed { why } => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_description(why.as_str());
                status
            }
            Outcome::Skipped { why } => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(why.as_str());
                status
            }
        };
        let mut case = TestCase::new(self.name.as_str(), status);
        case.set_classname(suite).set_time(self.took);
        case
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Case, Outcome, Report};

    fn report(outcomes: &[Outcome]) -> Report {
        let case = |outcome: &Outcome| Case {
            name: "a <b> & \"c\"".into(),
            outcome: outcome.clone(),
            took: Duration::from_millis(1_500),
        };
        Report { suite: "netpol", cases: outcomes.iter().map(case).collect() }
    }

    #[test]
    fn a_failure_is_bad_and_so_is_a_suite_of_which_nothing_ran() {
        let failed = Outcome::Failed { why: String::new() };
        let skipped = Outcome::Skipped { why: String::new() };
        assert!(report(&[Outcome::Passed, skipped.clone()]).is_good());
        assert!(!report(&[Outcome::Passed, failed]).is_good());
        assert!(!report(&[skipped]).is_good());
        assert!(!report(&[]).is_good());
    }

    #[test]
    fn the_closing_line_counts_each_outcome() {
        let failed = Outcome::Failed { why: "no".into() };
        let outcomes = [Outcome::Passed, Outcome::Passed, failed.clone(), failed.clone(), failed];
        assert_eq!(report(&outcomes).closing(), "suite=netpol passed=2 failed=3 skipped=0");
    }

    #[test]
    fn what_is_written_says_of_each_test_what_became_of_it() {
        let escape = '\u{1b}';
        let failed = Outcome::Failed { why: format!("1 < 2\n{escape}[31m") };
        let skipped = Outcome::Skipped { why: "no \"SCTP\"".into() };
        let xml = report(&[Outcome::Passed, failed, skipped]).junit("run").expect("it is text");
        let read = quick_junit::Report::deserialize_from_str(&xml).expect("it is JUnit");
        let suite = read.test_suites.first().expect("there is a suite");
        assert_eq!((suite.tests, suite.failures), (3, 1));
        let case = suite.test_cases.first().expect("there is a case");
        assert_eq!(case.name.as_str(), "a <b> & \"c\"");
        assert_eq!(case.time, Some(Duration::from_millis(1_500)));
    }
}
