//! One thing that is not as the project says.
//!
//! A finding names the place first, so that editors can jump to it.

use std::fmt;

/// Where, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    line: Option<usize>,
    what: String,
}

impl Finding {
    /// About a whole file.
    pub(crate) fn file(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { path: path.into(), line: None, what: what.into() }
    }

    /// About one line, counted from 1.
    pub(crate) fn line(path: impl Into<String>, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.into(), line: Some(line), what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.what),
            None => write!(f, "{}: {}", self.path, self.what),
        }
    }
}

/// The findings as lines, for the tests of the checks.
#[cfg(test)]
pub(crate) fn lines(findings: impl IntoIterator<Item = Finding>) -> Vec<String> {
    findings.into_iter().map(|finding| finding.to_string()).collect()
}

/// A file for the tests of the checks.
#[cfg(test)]
pub(crate) fn text(path: &str, content: &str) -> crate::files::Text {
    crate::files::Text { path: path.to_owned(), content: content.to_owned() }
}
