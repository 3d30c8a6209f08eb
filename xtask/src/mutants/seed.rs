//! What the tree's own build folder already has of other people's crates.
//!
//! They are the same for the copy, and building them a second time would take longer than all
//! mutants of a sample. Our own crates are never taken: theirs are the lines that get broken.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::files::FilesError;

/// What every package of ours has in the names of its results.
const OWN: &str = "ringfence";

/// Takes over into the build folder `to` what `from` has of other people's crates.
pub(super) fn seed(from: &Path, to: &Path) -> Result<(), FilesError> {
    for (folder, put) in [("deps", link as Put), ("build", copy), (".fingerprint", copy)] {
        let (from, to) = (from.join("debug").join(folder), to.join("debug").join(folder));
        if from.is_dir() {
            each(&from, &to, |name| !name.to_string_lossy().contains(OWN), put)?;
        }
    }
    Ok(())
}

/// Where cargo builds the tree in `root`.
pub(super) fn built(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |set| root.join(set))
}

type Put = fn(&Path, &Path) -> Result<(), FilesError>;

/// Puts the entries of `from` that `wanted` names where `to` lacks them.
fn each(
    from: &Path,
    to: &Path,
    wanted: impl Fn(&OsStr) -> bool,
    put: Put,
) -> Result<(), FilesError> {
    fs::create_dir_all(to).map_err(FilesError::at(to))?;
    for entry in fs::read_dir(from).map_err(FilesError::at(from))? {
        let name = entry.map_err(FilesError::at(from))?.file_name();
        let there = to.join(&name);
        if wanted(&name) && !there.exists() {
            put(&from.join(&name), &there)?;
        }
    }
    Ok(())
}

/// Compilers replace a library as a whole and never write into it, so one may have two names.
fn link(from: &Path, to: &Path) -> Result<(), FilesError> {
    if from.is_dir() || fs::hard_link(from, to).is_err() { copy(from, to) } else { Ok(()) }
}

/// With the time of the original, by which cargo knows what is fresh.
fn copy(from: &Path, to: &Path) -> Result<(), FilesError> {
    if from.is_dir() {
        return each(from, to, |_| true, copy);
    }
    let time = fs::metadata(from).and_then(|data| data.modified());
    let time = time.map_err(FilesError::at(from))?;
    fs::copy(from, to).map_err(FilesError::at(from))?;
    let file = fs::File::options().write(true).open(to).map_err(FilesError::at(to))?;
    file.set_modified(time).map_err(FilesError::at(to))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    use super::seed;

    fn write(folder: &Path, name: &str) {
        let path = folder.join("debug").join(name);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
        fs::write(&path, name).expect("a file");
        let file = fs::File::options().write(true).open(&path).expect("it is there");
        let long_ago = SystemTime::now() - Duration::from_secs(86_400);
        file.set_modified(long_ago).expect("it is ours");
    }

    #[test]
    fn other_peoples_crates_are_taken_over_with_their_time_and_ours_are_not() {
        let root = tempfile::tempdir().expect("a folder");
        let (from, to) = (root.path().join("from"), root.path().join("to"));
        let taken = ["deps/libaya-1.rlib", "build/libc-2/out/a", ".fingerprint/aya-1/lib-aya"];
        let left = ["deps/libringfence_abi-3.rlib", ".fingerprint/ringfence-abi-3/lib", "xtask"];
        taken.iter().chain(&left).for_each(|name| write(&from, name));
        seed(&from, &to).expect("it copies");
        for name in taken {
            let time = |folder: &Path| {
                let path = folder.join("debug").join(name);
                fs::metadata(path).and_then(|data| data.modified()).expect("it is there")
            };
            assert_eq!(time(&from), time(&to), "{name}");
        }
        assert!(left.iter().all(|name| !to.join("debug").join(name).exists()));
        seed(&from, &to).expect("a second time changes nothing");
    }

    #[test]
    fn a_tree_that_was_never_built_has_nothing_to_take() {
        let root = tempfile::tempdir().expect("a folder");
        assert!(seed(&root.path().join("from"), &root.path().join("to")).is_ok());
    }
}
