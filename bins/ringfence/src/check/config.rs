//! The files beside the manifests: configuration and baseline.
//!
//! What cannot be read ends the check: a check with other rules than were meant proves nothing.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lint::{Baseline, BaselineError, Config, ConfigError};

use super::fix::FixError;
use crate::print::PrintError;

const FILE: &str = ".ringfence.yaml";

/// Why there is no report.
#[derive(Debug)]
pub(super) enum CheckError {
    /// A file cannot be read or written.
    File { path: PathBuf, cause: io::Error },
    /// The configuration has a word that is not known.
    Config { path: PathBuf, cause: ConfigError },
    /// The baseline is none.
    Baseline { path: PathBuf, cause: BaselineError },
    /// Nothing can be repaired safely.
    Fix(FixError),
    /// The report cannot be written.
    Print(PrintError),
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, cause } => write!(f, "{}: {cause}", path.display()),
            Self::Config { path, cause } => write!(f, "{}: {cause}", path.display()),
            Self::Baseline { path, cause } => write!(f, "{}: {cause}", path.display()),
            Self::Fix(cause) => cause.fmt(f),
            Self::Print(cause) => cause.fmt(f),
        }
    }
}

/// The configuration in `given`, else the one in the current folder, else none.
pub(super) fn config(given: Option<&Path>) -> Result<Config, CheckError> {
    let path = given.unwrap_or(Path::new(FILE));
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(cause) if given.is_none() && cause.kind() == io::ErrorKind::NotFound => {
            return Ok(Config::default());
        }
        Err(cause) => return Err(CheckError::File { path: path.to_owned(), cause }),
    };
    Config::read(&text).map_err(|cause| CheckError::Config { path: path.to_owned(), cause })
}

/// The baseline in `path`.
pub(super) fn baseline(path: &Path) -> Result<Baseline, CheckError> {
    let text = fs::read_to_string(path)
        .map_err(|cause| CheckError::File { path: path.to_owned(), cause })?;
    Baseline::read(&text).map_err(|cause| CheckError::Baseline { path: path.to_owned(), cause })
}

/// Writes a file of ours.
pub(super) fn write(path: &Path, text: &str) -> Result<(), CheckError> {
    fs::write(path, text).map_err(|cause| CheckError::File { path: path.to_owned(), cause })
}
