//! The manifests of a revision: a checkout of it in a folder that goes when the reading is done.
//!
//! git itself is asked, because only it knows attributes, replacements and every form that a
//! revision can be typed in. Its index and its working tree are not touched.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::SourceError;

/// A revision as files.
#[derive(Debug)]
pub(crate) struct Checkout {
    revision: String,
    /// The top of the repository, where revisions' paths begin.
    top: PathBuf,
    folder: TempDir,
}

impl Checkout {
    pub(crate) fn new(revision: &str) -> Result<Self, SourceError> {
        let failed = |said: String| SourceError::Revision { revision: revision.to_owned(), said };
        let top =
            git(Command::new("git").args(["rev-parse", "--show-toplevel"])).map_err(failed)?;
        let top = PathBuf::from(top.trim_end());
        let folder = tempfile::tempdir().map_err(|error| failed(error.to_string()))?;
        let index = folder.path().join("index");
        let files = folder.path().join("files");
        let mut read = Command::new("git");
        read.arg("-C").arg(&top).env("GIT_INDEX_FILE", &index);
        git(read.args(["read-tree", "--end-of-options"]).arg(format!("{revision}^{{tree}}")))
            .map_err(failed)?;
        let mut write = Command::new("git");
        write.arg("-C").arg(&top).env("GIT_INDEX_FILE", &index);
        let prefix = format!("--prefix={}/", files.display());
        git(write.args(["checkout-index", "--all", &prefix])).map_err(failed)?;
        Ok(Self { revision: revision.to_owned(), top, folder })
    }

    fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// Where `path` of the working tree is at this revision.
    pub(crate) fn path(&self, path: &Path) -> Result<PathBuf, SourceError> {
        let outside = || SourceError::OutsideRepository { path: path.to_owned() };
        let here = std::path::absolute(path).map_err(|_| outside())?;
        // A path that is gone by now is no link; its folder may be behind one.
        let real = here.canonicalize().unwrap_or_else(|_| real_parent(&here));
        let inside = real.strip_prefix(&self.top).map_err(|_| outside())?;
        Ok(self.files().join(inside))
    }

    /// As git names it: the revision, and the path from the top of the repository.
    pub(crate) fn shown(&self, path: &Path) -> String {
        let inside = path.strip_prefix(self.files()).unwrap_or(path);
        format!("{}:{}", self.revision, inside.display())
    }
}

fn real_parent(path: &Path) -> PathBuf {
    let parent = path.parent().and_then(|parent| parent.canonicalize().ok());
    parent.zip(path.file_name()).map_or_else(|| path.to_owned(), |(at, name)| at.join(name))
}

/// What git prints, or what it complains of.
fn git(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("cannot run git: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).trim_end().to_owned()),
    }
}
