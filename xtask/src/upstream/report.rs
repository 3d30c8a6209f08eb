//! What came out of a suite: one form for all of them, whatever their own reports look like.
//!
//! The closing line is read by CI, the JUnit file by whoever shows results to people.

use std::fmt::Write as _;
use std::time::Duration;

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
    pub(crate) fn junit(&self, label: &str) -> String {
        let Counts { failed, skipped, .. } = self.counts();
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let (label, tests) = (escape(label), self.cases.len());
        let _infallible = writeln!(
            text,
            r#"<testsuite name="{label}" tests="{tests}" failures="{failed}" skipped="{skipped}">"#
        );
        for case in &self.cases {
            text.push_str(&case.junit(self.suite));
        }
        text.push_str("</testsuite>\n");
        text
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
    fn junit(&self, suite: &str) -> String {
        let (name, seconds) = (escape(&self.name), self.took.as_secs_f64());
        let head = format!(r#"  <testcase classname="{suite}" name="{name}" time="{seconds:.3}""#);
        match &self.outcome {
            Outcome::Passed => format!("{head}/>\n"),
            Outcome::Failed { why } => {
                format!("{head}><failure>{}</failure></testcase>\n", escape(why))
            }
            Outcome::Skipped { why } => {
                format!("{head}><skipped message=\"{}\"/></testcase>\n", escape(why))
            }
        }
    }
}

/// Text inside of XML, which has no way to write most control characters.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            control if control.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
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
    fn what_xml_cannot_hold_is_written_otherwise() {
        let escape = '\u{1b}';
        let failed = Outcome::Failed { why: format!("1 < 2\n{escape}[31m") };
        let wanted = concat!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
            "<testsuite name=\"run\" tests=\"1\" failures=\"1\" skipped=\"0\">\n",
            "  <testcase classname=\"netpol\" name=\"a &lt;b&gt; &amp; &quot;c&quot;\" time=\"1.500\">",
            "<failure>1 &lt; 2\n\u{fffd}[31m</failure></testcase>\n</testsuite>\n",
        );
        assert_eq!(report(&[failed]).junit("run"), wanted);
    }
}
