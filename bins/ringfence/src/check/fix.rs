//! `--fix`: shows the patch, and applies it where that was asked for.
//!
//! What is not understood is not touched, and neither are files that changed meanwhile.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lint::{Checked, Repaired};

use crate::exit::Exit;
use crate::print::{PrintError, print};

/// Why nothing was repaired.
#[derive(Debug)]
pub(crate) enum FixError {
    /// Some objects were not understood, so the meaning of the rest is not known.
    Incomplete,
    /// The document is no file that could be written.
    NotAFile { name: String },
    /// The file is not what was read.
    Changed { path: PathBuf },
    /// The file cannot be read or written.
    File { path: PathBuf, cause: io::Error },
    /// The patch cannot be shown.
    Print(PrintError),
}

impl fmt::Display for FixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete => {
                f.write_str("some objects were not understood: correct these first, then --fix")
            }
            Self::NotAFile { name } => write!(f, "{name} is no file that can be written"),
            Self::Changed { path } => {
                write!(f, "{} changed while it was checked: nothing was written", path.display())
            }
            Self::File { path, cause } => write!(f, "{}: {cause}", path.display()),
            Self::Print(cause) => cause.fmt(f),
        }
    }
}

/// Shows the patch; ends with 1 where something could be repaired and was not.
pub(super) fn run(checked: &Checked, write: bool) -> Result<Exit, FixError> {
    if !checked.report.header.complete {
        return Err(FixError::Incomplete);
    }
    let repaired = checked.repaired();
    let patch: String = repaired.iter().map(Repaired::patch).collect();
    print(&patch, None).map_err(FixError::Print)?;
    let places: usize = repaired.iter().map(|one| one.places).sum();
    if places == 0 {
        eprintln!("nothing to repair");
        return Ok(Exit::Good);
    }
    if !write {
        eprintln!("{places} places in {} files; --write applies this", repaired.len());
        return Ok(Exit::Bad);
    }
    let files = repaired.iter().map(unchanged).collect::<Result<Vec<_>, _>>()?;
    for (path, one) in files.iter().zip(&repaired) {
        fs::write(path, &one.after)
            .map_err(|cause| FixError::File { path: path.clone(), cause })?;
    }
    eprintln!("repaired {places} places in {} files", repaired.len());
    Ok(Exit::Good)
}

/// The file of a document, if it still holds what was read.
pub(crate) fn unchanged(one: &Repaired) -> Result<PathBuf, FixError> {
    let path = Path::new(&*one.name);
    if !path.is_file() {
        return Err(FixError::NotAFile { name: one.name.to_string() });
    }
    let text = fs::read_to_string(path)
        .map_err(|cause| FixError::File { path: path.to_owned(), cause })?;
    match text == *one.before {
        true => Ok(path.to_owned()),
        false => Err(FixError::Changed { path: path.to_owned() }),
    }
}
