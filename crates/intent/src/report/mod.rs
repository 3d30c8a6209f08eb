//! What became of all tests, as data; how it looks as text, TAP and `JUnit`.
//!
//! Every format says the same: which test, whether it holds, and the flows that say why not.

mod junit;
mod tap;
mod text;

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::{Case, Counterexample, Judge, Kind, Outcome, PolicyTest};

pub use junit::junit;
pub use tap::tap;
pub use text::text;

/// What became of all tests, in the order in which they were written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many hold.
    pub held: usize,
    /// How many do not, or cannot be shown to.
    pub failed: usize,
    /// One by one.
    pub tests: Vec<TestResult>,
}

/// What became of one test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TestResult {
    /// The file.
    pub file: Arc<str>,
    /// The line of its name.
    pub line: u32,
    /// The `PolicyTest` that it belongs to.
    pub policy_test: String,
    /// Its name.
    pub name: String,
    /// What it says.
    #[serde(serialize_with = "field")]
    pub kind: Kind,
    /// Whom it is about, in the words of the file.
    pub from: Vec<String>,
    /// Whom it is about, in the words of the file.
    pub to: Vec<String>,
    /// What became of it.
    pub result: Verdict,
    /// Flows that are not as it says: the first ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub counterexamples: Vec<Counterexample>,
    /// How many more were counted.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: u64,
}

/// What became of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It holds.
    Holds,
    /// Some flow is not as it says.
    Fails,
    /// No flow was found, but there were too many ways to try them all.
    NotProven,
    /// It asks about no flow at all.
    NoFlow,
    /// It depends on what could not be read.
    Unknown,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Holds => "it holds",
            Self::Fails => "some flow is not as it says",
            Self::NotProven => "no flow was found, but there were too many ways to try them all",
            Self::NoFlow => "it asks about no flow at all",
            Self::Unknown => "it depends on what could not be read",
        })
    }
}

fn field<S: serde::Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.field())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Report {
    /// Judges all tests.
    #[must_use]
    pub fn of(tests: &[PolicyTest], judge: &Judge<'_>) -> Self {
        Self::judged(tests, |case| judge.judge(case))
    }

    /// All tests, judged by `judge`.
    #[must_use]
    pub fn judged(tests: &[PolicyTest], judge: impl Fn(&Case) -> Outcome) -> Self {
        let all = tests.iter().flat_map(|test| test.cases.iter().map(move |case| (test, case)));
        let judged = all.map(|(test, case)| TestResult::new(test, case, judge(case)));
        let tests: Vec<TestResult> = judged.collect();
        Self::counted(tests)
    }

    fn counted(tests: Vec<TestResult>) -> Self {
        let held = tests.iter().filter(|test| test.holds()).count();
        Self { held, failed: tests.len() - held, tests }
    }

    /// What is so by both of two reports of the same tests; the rest is unknown.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        let both = self.tests.into_iter().zip(&other.tests);
        Self::counted(both.map(|(one, other)| one.and(other)).collect())
    }

    /// Whether no result is unknown.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.tests.iter().all(|test| test.result != Verdict::Unknown)
    }
}

impl TestResult {
    /// Two that fail are only certain to fail if one flow says so in both.
    fn and(mut self, other: &Self) -> Self {
        let is_shared = |one: &Counterexample| {
            other.counterexamples.iter().any(|other| other.is_same_flow(one))
        };
        let fails = self.result == Verdict::Fails;
        let is_same = self.result == other.result;
        if !is_same || (fails && !self.counterexamples.iter().any(is_shared)) {
            (self.result, self.more) = (Verdict::Unknown, 0);
            self.counterexamples.clear();
        }
        self
    }

    fn new(test: &PolicyTest, case: &Case, outcome: Outcome) -> Self {
        let result = match &outcome {
            outcome if outcome.holds() => Verdict::Holds,
            outcome if !outcome.counterexamples.is_empty() => Verdict::Fails,
            outcome if outcome.unproven => Verdict::NotProven,
            _ => Verdict::NoFlow,
        };
        Self {
            file: Arc::clone(&case.place.file),
            line: case.place.line,
            policy_test: test.name.clone(),
            name: case.name.clone(),
            kind: case.kind,
            from: case.from.words.clone(),
            to: case.to.words.clone(),
            result,
            counterexamples: outcome.counterexamples,
            more: outcome.more,
        }
    }

    /// Whether it holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.result == Verdict::Holds
    }

    /// What it says, in one line.
    fn sentence(&self) -> String {
        let words = |words: &[String]| match words {
            [] => "nobody".to_owned(),
            words => words.join(", "),
        };
        let (from, to) = (words(&self.from), words(&self.to));
        match self.kind {
            Kind::Allow => format!("{from} must reach {to}"),
            Kind::Deny => format!("{from} must not reach {to}"),
            Kind::Only => format!("only {from} may reach {to}"),
            Kind::Never => format!("{from} must never reach {to}"),
            Kind::ReachableBy => format!("exactly {from} must reach {to}"),
        }
    }

    /// Why it does not hold: one paragraph for each counterexample.
    fn why(&self) -> Vec<String> {
        let mut all: Vec<String> = self.counterexamples.iter().map(ToString::to_string).collect();
        if self.more > 0 {
            all.push(format!("and {} more", self.more));
        }
        if all.is_empty() && !self.holds() {
            all.push(self.result.to_string());
        }
        all
    }
}
