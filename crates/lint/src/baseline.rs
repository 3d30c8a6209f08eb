//! Baselines: the findings that were there before, so that only new ones fail.
//!
//! A finding is recognised by its fingerprint, and the rest of an entry is there for people.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, State};
use crate::report::Report;

const VERSION: u32 = 1;

/// The findings that are known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    version: u32,
    findings: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    fingerprint: String,
    id: String,
    file: String,
    object: String,
    message: String,
}

/// Why a baseline cannot be read.
#[derive(Debug)]
pub enum BaselineError {
    /// It is not the JSON that is written here.
    Json(serde_json::Error),
    /// It was written by a version that counts otherwise.
    Version {
        /// The version of the file.
        found: u32,
    },
}

impl fmt::Display for BaselineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(cause) => cause.fmt(f),
            Self::Version { found } => {
                write!(f, "version {found} of baselines is not {VERSION}: write it anew")
            }
        }
    }
}

impl std::error::Error for BaselineError {}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// Where it is not one.
    pub fn read(text: &str) -> Result<Self, BaselineError> {
        let baseline: Self = serde_json::from_str(text).map_err(BaselineError::Json)?;
        match baseline.version {
            VERSION => Ok(baseline),
            found => Err(BaselineError::Version { found }),
        }
    }

    /// The baseline of a report: its findings that count, or are known already.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let known = report.findings.iter().filter(|finding| match finding.state {
            State::Open | State::Known => true,
            State::Suppressed { .. } => false,
        });
        let mut findings: Vec<Entry> = known.map(Entry::from).collect();
        findings.sort_unstable();
        Self { version: VERSION, findings }
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> String {
        // Plain structures always become JSON.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Marks the findings of `report` that are known.
    pub fn apply(&self, report: &mut Report) {
        let known: BTreeSet<&str> =
            self.findings.iter().map(|entry| entry.fingerprint.as_str()).collect();
        for finding in &mut report.findings {
            if finding.is_open() && known.contains(finding.fingerprint.as_str()) {
                finding.state = State::Known;
            }
        }
    }
}

impl From<&Finding> for Entry {
    fn from(finding: &Finding) -> Self {
        Self {
            fingerprint: finding.fingerprint.clone(),
            id: finding.cause.id().to_owned(),
            file: finding.spot.file.to_string(),
            object: finding.object.clone(),
            message: finding.message.clone(),
        }
    }
}
