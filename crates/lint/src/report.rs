//! Everything that one check has to say.
//!
//! A report is plain data in a fixed order: equal inputs give equal bytes in every format.

use report::Header;

use crate::finding::{Cause, Finding, State};
use crate::lint::{Lint, Need, Severity};

/// A lint that could not be judged, and what the input lacks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchecked {
    /// The lint.
    pub lint: &'static Lint,
    /// What is missing.
    pub lacks: Vec<Need>,
}

/// How many findings there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Open errors.
    pub error: usize,
    /// Open warnings.
    pub warning: usize,
    /// Open remarks.
    pub info: usize,
    /// Findings that somebody suppressed.
    pub suppressed: usize,
    /// Findings of the baseline.
    pub known: usize,
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What was checked, by what, and whether all of it was understood.
    pub header: Header,
    /// Files that were read.
    pub files: usize,
    /// Objects that were understood or skipped knowingly.
    pub objects: usize,
    /// The findings by file, line, column and id.
    pub findings: Vec<Finding>,
    /// Lints for which the input lacks something.
    pub unchecked: Vec<Unchecked>,
    /// Lints that the configuration switched off.
    pub disabled: Vec<&'static Lint>,
}

impl Report {
    /// The findings that count.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.is_open())
    }

    /// How many there are of each kind.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for finding in &self.findings {
            let counter = match (&finding.state, finding.severity) {
                (State::Suppressed { .. }, _) => &mut counts.suppressed,
                (State::Known, _) => &mut counts.known,
                (State::Open, Severity::Error) => &mut counts.error,
                (State::Open, Severity::Warning) => &mut counts.warning,
                (State::Open, Severity::Info) => &mut counts.info,
            };
            *counter += 1;
        }
        counts
    }

    /// Whether a finding that counts is at least as bad as `limit`.
    #[must_use]
    pub fn fails(&self, limit: Severity) -> bool {
        self.open().any(|finding| finding.severity >= limit)
    }

    /// What found the findings, each once, in the order of the table; problems last.
    #[must_use]
    pub fn causes(&self) -> Vec<Cause> {
        let mut causes: Vec<Cause> = self.findings.iter().map(|finding| finding.cause).collect();
        let order = |cause: &Cause| match cause {
            Cause::Lint(lint) => (0, lint.id),
            Cause::Problem(code) => (1, *code),
        };
        causes.sort_by_key(order);
        causes.dedup();
        causes
    }
}
