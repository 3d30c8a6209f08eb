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
        format!("{} {}, inputs {}{options}", self.tool, self.tool_version, self.inputs)
    }
}
