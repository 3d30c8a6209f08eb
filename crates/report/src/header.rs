//! What a report says of itself: which tool, what it read, under which options, and whether all of
//! it was understood.
//!
//! Two reports can only be compared if this is known of both.

use serde::Serialize;

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
    /// Whether every object was understood (ruling E4).
    #[serde(skip)]
    pub complete: bool,
}

impl Header {
    /// The line that text formats begin with where an object was not understood.
    #[must_use]
    pub fn warning(&self) -> Option<&'static str> {
        (!self.complete)
            .then_some("INCOMPLETE: some objects were not understood, so this answer may be wrong")
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
