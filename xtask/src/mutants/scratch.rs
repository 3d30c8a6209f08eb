//! A copy of the tree that may be broken, with a build folder that is kept.
//!
//! It is outside of the tree, so that a run that is ended half-way leaves no wrong line in anybody's
//! work; files that are equal are not written again, so that cargo rebuilds only what a mutant broke.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::files::{self, FilesError};
use crate::process::{self, ProcessError};

/// The copy.
#[derive(Clone, Debug)]
pub(crate) struct Scratch {
    source: PathBuf,
    folder: PathBuf,
}

impl Scratch {
    /// A copy of `source` in `folder`, which is made where it is missing.
    pub(crate) fn new(source: &Path, folder: &Path) -> Result<Self, FilesError> {
        let scratch = Self { source: source.to_path_buf(), folder: folder.to_path_buf() };
        for folder in [scratch.tree(), scratch.folder.join("logs")] {
            fs::create_dir_all(&folder).map_err(FilesError::at(&folder))?;
        }
        Ok(scratch)
    }

    /// Where the copy is.
    pub(crate) fn tree(&self) -> PathBuf {
        self.folder.join("tree")
    }

    /// Where cargo builds it.
    pub(crate) fn target(&self) -> PathBuf {
        self.folder.join("target")
    }

    /// Where the output of the tests of `name` goes.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.folder.join("logs").join(format!("{name}.log"))
    }

    /// Makes the copy equal to the tree again.
    pub(crate) fn restore(&self) -> Result<(), FilesError> {
        let wanted: BTreeSet<_> = files::paths(&self.source)?.into_iter().collect();
        for path in files::paths(&self.tree())? {
            if !wanted.contains(&path) {
                let extra = self.tree().join(&path);
                fs::remove_file(&extra).map_err(FilesError::at(&extra))?;
            }
        }
        wanted.iter().try_for_each(|path| self.restore_one(path))
    }

    /// Breaks the copy by `patch`.
    pub(crate) fn apply(&self, patch: &Path) -> Result<(), ProcessError> {
        let mut command = process::command("git", &self.tree());
        // The copy may lie inside some other repository, whose paths the patch does not mean.
        command.env("GIT_CEILING_DIRECTORIES", &self.folder);
        process::output(command.arg("apply").arg(patch)).map(drop)
    }

    fn restore_one(&self, path: &Path) -> Result<(), FilesError> {
        let (from, to) = (self.source.join(path), self.tree().join(path));
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(FilesError::at(folder))?;
        }
        if from.is_symlink() { restore_link(&from, &to) } else { restore_file(&from, &to) }
    }
}

fn restore_link(from: &Path, to: &Path) -> Result<(), FilesError> {
    let target = fs::read_link(from).map_err(FilesError::at(from))?;
    if to.is_symlink() {
        fs::remove_file(to).map_err(FilesError::at(to))?;
    }
    std::os::unix::fs::symlink(target, to).map_err(FilesError::at(to))
}

fn restore_file(from: &Path, to: &Path) -> Result<(), FilesError> {
    let wanted = fs::read(from).map_err(FilesError::at(from))?;
    let is_there = to.exists() && fs::read(to).map_err(FilesError::at(to))? == wanted;
    if is_there { Ok(()) } else { fs::copy(from, to).map(drop).map_err(FilesError::at(to)) }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::Scratch;

    const PATCH: &str = "# what: the answer is wrong\n# where: oracle\n\
        diff --git a/src/answer.rs b/src/answer.rs\n--- a/src/answer.rs\n+++ b/src/answer.rs\n\
        @@ -1 +1 @@\n-fn answer() -> u8 { 42 }\n+fn answer() -> u8 { 43 }\n";

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        let write =
            |path: &str, text: &str| fs::write(root.path().join(path), text).expect("a file");
        fs::create_dir_all(root.path().join("source/src")).expect("a folder");
        write("source/src/answer.rs", "fn answer() -> u8 { 42 }\n");
        write("01-answer.patch", PATCH);
        std::os::unix::fs::symlink("answer.rs", root.path().join("source/src/link"))
            .expect("a link");
        root
    }

    fn read(path: &Path) -> String {
        fs::read_to_string(path).expect("it is there")
    }

    #[test]
    fn a_patch_breaks_the_copy_alone_and_restoring_mends_it() {
        let root = tree();
        let source = root.path().join("source");
        let scratch = Scratch::new(&source, &root.path().join("scratch")).expect("a scratch");
        scratch.restore().expect("it copies");
        scratch.apply(&root.path().join("01-answer.patch")).expect("it applies");
        let broken = scratch.tree().join("src/answer.rs");
        assert!(read(&broken).contains("43") && read(&source.join("src/answer.rs")).contains("42"));
        fs::write(scratch.tree().join("src/extra.rs"), "extra").expect("a file");
        scratch.restore().expect("it restores");
        assert!(read(&broken).contains("42") && !scratch.tree().join("src/extra.rs").exists());
        assert!(scratch.tree().join("src/link").is_symlink());
    }

    #[test]
    fn equal_files_keep_their_time_so_that_cargo_builds_nothing() {
        let root = tree();
        let scratch = Scratch::new(&root.path().join("source"), &root.path().join("scratch"))
            .expect("a scratch");
        scratch.restore().expect("it copies");
        let copy = scratch.tree().join("src/answer.rs");
        let time =
            |path: &Path| fs::metadata(path).and_then(|data| data.modified()).expect("a time");
        let before = time(&copy);
        scratch.restore().expect("it restores");
        assert_eq!(before, time(&copy));
    }

    #[test]
    fn a_patch_that_does_not_fit_is_an_error() {
        let root = tree();
        fs::write(root.path().join("source/src/answer.rs"), "fn other() {}\n").expect("a file");
        let scratch = Scratch::new(&root.path().join("source"), &root.path().join("scratch"))
            .expect("a scratch");
        scratch.restore().expect("it copies");
        assert!(scratch.apply(&root.path().join("01-answer.patch")).is_err());
    }
}
