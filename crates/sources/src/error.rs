//! Why a source could not be read, one error per path.
//!
//! Each names the path that a person typed or that was found below it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use miette::Diagnostic;
use thiserror::Error;

/// A source that could not be read.
#[derive(Debug, Error, Diagnostic)]
pub enum SourceError {
    /// The file or directory cannot be read.
    #[error("cannot read {}", path.display())]
    #[diagnostic(code("source-unreadable"))]
    Read {
        /// The path as it was given or found.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Standard input cannot be read.
    #[error("cannot read standard input")]
    #[diagnostic(code("stdin-unreadable"))]
    Stdin {
        /// Why.
        source: io::Error,
    },
    /// The file's bytes are no text.
    #[error("{name}:{line}: byte {byte} is not UTF-8")]
    #[diagnostic(code("not-utf-8"))]
    NotUtf8 {
        /// The document's name.
        name: String,
        /// The line of the first wrong byte, from 1.
        line: usize,
        /// The position of that byte, from 0.
        byte: usize,
    },
    /// A renderer must turn this directory into manifests, and it is not there (ruling E6).
    #[error("{path} holds a {marker}, and `{renderer}` is not on the PATH to render it")]
    #[diagnostic(
        code("renderer-missing"),
        help("install {renderer}, or render elsewhere and pipe the result to `-`")
    )]
    RendererMissing {
        /// The directory.
        path: String,
        /// The file that says so.
        marker: &'static str,
        /// The renderer.
        renderer: &'static str,
    },
    /// A renderer refused this directory.
    #[error("`{command}` cannot render {path}")]
    #[diagnostic(code("not-rendered"), help("{said}"))]
    NotRendered {
        /// The directory.
        path: String,
        /// What was run.
        command: String,
        /// What it said.
        said: String,
    },
    /// There is no such revision, or no repository.
    #[error("git cannot read revision {revision}")]
    #[diagnostic(code("no-revision"), help("{said}"))]
    Revision {
        /// The revision as it was typed.
        revision: String,
        /// What git said.
        said: String,
    },
    /// A path outside of the repository has no revisions.
    #[error("{} is outside of the git repository here", path.display())]
    #[diagnostic(code("outside-repository"))]
    OutsideRepository {
        /// The path.
        path: PathBuf,
    },
    /// A path was given that is neither a file nor a directory.
    #[error("{} is neither a file nor a directory", path.display())]
    #[diagnostic(code("not-a-file"))]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Standard input was given twice.
    #[error("`-` stands for standard input, which can be read only once")]
    #[diagnostic(code("stdin-twice"))]
    StdinTwice,
}

/// All sources that could not be read; at least one.
#[derive(Debug)]
pub struct SourceErrors(pub(crate) Vec<SourceError>);

impl SourceErrors {
    /// The errors in the order of the paths.
    pub fn iter(&self) -> std::slice::Iter<'_, SourceError> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a SourceErrors {
    type Item = &'a SourceError;
    type IntoIter = std::slice::Iter<'a, SourceError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for SourceErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("a source cannot be read"),
            count => write!(f, "{count} sources cannot be read"),
        }
    }
}

impl std::error::Error for SourceErrors {}

impl Diagnostic for SourceErrors {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.0.iter().map(|error| error as &dyn Diagnostic)))
    }
}
