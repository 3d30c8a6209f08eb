//! What a report says of itself: which tool, what it read, under which options, and whether all of
//! it was understood.
//!
//! Two reports can only be compared if this is known of both.

use serde::Serialize;

const INCOMPLETE: &str =
    "INCOMPLETE: some objects were not understood, so this answer may be wrong";

/// The header of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Header {
    /// The command, for example `ringfence reach`.
    pub tool: String,
    /// The tool's version.
    pub tool_version: String,
    /// A digest of the names and texts of all documents.
    pub inputs: String,
    /// The options that change the answer, as they would be typed.
    pub options: Vec<String>,
    /// How many policies are staged (ruling N37); without `--staged` they are left out.
    #[serde(skip_serializing_if = "is_none")]
    pub staged: usize,
    /// What could not be read of a cluster and may change the answer: kinds and where.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// Whether every object was understood (ruling E4).
    #[serde(skip)]
    pub complete: bool,
}

impl Header {
    /// The lines that text formats begin with where an object was not understood, or could not be
    /// read at all.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let incomplete = (!self.complete).then(|| INCOMPLETE.to_owned());
        let unknown = self.unknown.iter().map(|what| format!("UNKNOWN: {what} could not be read"));
        let lines: Vec<String> = incomplete.into_iter().chain(unknown).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// Whether all that the answer depends on was read and understood.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.complete && self.unknown.is_empty()
    }

    /// One line for people.
    #[must_use]
    pub fn line(&self) -> String {
        let options = match self.options.is_empty() {
            true => String::new(),
            false => format!(", {}", self.options.join(" ")),
        };
        let staged = self.staged().map(|staged| format!(", {staged}")).unwrap_or_default();
        format!("{} {}, inputs {}{options}{staged}", self.tool, self.tool_version, self.inputs)
    }

    /// How many policies are staged, in words, if any is.
    #[must_use]
    pub fn staged(&self) -> Option<String> {
        (self.staged > 0).then(|| format!("{} staged", self.staged))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_none(count: &usize) -> bool {
    *count == 0
}
