//! A patch that is shown, and then written if that was asked for.
//!
//! Nobody lets a tool remove rules from their files unseen.

use std::fmt;
use std::fs;

use lint::Repaired;

use crate::check::fix::{FixError, unchanged};
use crate::print::PrintError;

/// Edited documents.
pub(super) struct Patch {
    pub(super) documents: Vec<Repaired>,
}

/// Why nothing was removed.
pub(super) enum PatchError {
    /// Some objects were not understood, so the meaning of the rest is not known.
    Incomplete,
    /// It is written in a form that is not edited here.
    NotPlain { what: String },
    /// The edited files would not say what they should.
    ReadsOtherwise,
    /// A file cannot be written.
    File(FixError),
    /// The patch cannot be shown.
    Print(PrintError),
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete => {
                f.write_str("some objects were not understood: correct these first")
            }
            Self::NotPlain { what } => {
                write!(f, "{what} is not written in a form that can be edited: nothing was removed")
            }
            Self::ReadsOtherwise => {
                f.write_str("the edited files would say something else: nothing was removed")
            }
            Self::File(error) => error.fmt(f),
            Self::Print(error) => error.fmt(f),
        }
    }
}

impl Patch {
    pub(super) fn show(
        &self,
        print: impl FnOnce(&str) -> Result<(), PrintError>,
    ) -> Result<(), PatchError> {
        let text: String = self.documents.iter().map(Repaired::patch).collect();
        let places: usize = self.documents.iter().map(|one| one.places).sum();
        eprintln!("{places} places in {} files", self.documents.len());
        print(&text).map_err(PatchError::Print)
    }

    /// Writes every file that still holds what was read.
    pub(super) fn write(&self) -> Result<(), PatchError> {
        let files = self.documents.iter().map(unchanged).collect::<Result<Vec<_>, _>>();
        for (path, one) in files.map_err(PatchError::File)?.iter().zip(&self.documents) {
            fs::write(path, &one.after)
                .map_err(|cause| PatchError::File(FixError::File { path: path.clone(), cause }))?;
        }
        Ok(())
    }
}
