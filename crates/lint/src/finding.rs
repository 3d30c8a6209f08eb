//! One thing that was found: what, where, and how to recognise it tomorrow.
//!
//! All outputs are made from this and from nothing else, so they cannot disagree.

use std::sync::Arc;

use crate::lint::{Lint, Severity};

/// What found it: a lint, or the reading itself, which refused something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A row of the table.
    Lint(&'static Lint),
    /// An error of the reading, by its code; such objects are not understood.
    Problem(&'static str),
}

impl Cause {
    /// The id of the lint, or the code of the problem.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Lint(lint) => lint.id,
            Self::Problem(code) => code,
        }
    }

    /// The word for people: the slug of the lint, or the code of the problem.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Lint(lint) => lint.slug,
            Self::Problem(code) => code,
        }
    }
}

/// A stretch of one line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The file's name.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// How many characters are meant, at least one.
    pub length: u32,
}

/// Whether a finding counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It does.
    Open,
    /// Somebody said why not.
    Suppressed {
        /// Why, in their words; empty where they did not say.
        reason: String,
        /// Where they said it.
        at: Spot,
    },
    /// It was there when the baseline was written.
    Known,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What found it.
    pub cause: Cause,
    /// How bad it is here, after configuration.
    pub severity: Severity,
    /// Where.
    pub spot: Spot,
    /// The line at that place.
    pub text: String,
    /// The object, as `KIND NAMESPACE/NAME`.
    pub object: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub fix: Option<String>,
    /// Other places that belong to it.
    pub related: Vec<Spot>,
    /// Whether it counts.
    pub state: State,
    /// The same for the same finding after lines have moved.
    pub fingerprint: String,
}

impl Finding {
    /// Whether it counts.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self.state {
            State::Open => true,
            State::Suppressed { .. } | State::Known => false,
        }
    }
}
