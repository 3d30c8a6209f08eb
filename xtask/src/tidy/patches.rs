//! Every mutant still fits the code that it breaks.
//!
//! Code moves; a patch that no longer fits would be noticed only by whoever next runs them all.

use std::path::Path;

use super::finding::Finding;
use crate::mutants::{self, Mutant};
use crate::process::{self, ProcessError};

/// Tries the patches of the tree in `root`, changing nothing.
pub(crate) fn check(root: &Path) -> Result<Vec<Finding>, ProcessError> {
    let folder = root.join(mutants::FOLDER);
    match mutants::read_all(&folder) {
        Ok(all) => all.iter().filter_map(|mutant| misfit(root, mutant).transpose()).collect(),
        Err(error) => Ok(vec![Finding::file(mutants::FOLDER, error.to_string())]),
    }
}

fn misfit(root: &Path, mutant: &Mutant) -> Result<Option<Finding>, ProcessError> {
    let mut git = process::command("git", root);
    match process::output(git.args(["apply", "--check"]).arg(&mutant.path)) {
        Ok(_) => Ok(None),
        Err(ProcessError::Status { stderr, .. }) => {
            let path = mutant.path.strip_prefix(root).unwrap_or(&mutant.path);
            Ok(Some(Finding::file(path.display().to_string(), stderr)))
        }
        Err(error @ (ProcessError::Start { .. } | ProcessError::Log { .. })) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::check;
    use crate::tidy::finding::lines;

    const PATCH: &str = "# what: the answer is wrong\n# where: oracle\n\
        diff --git a/answer.rs b/answer.rs\n--- a/answer.rs\n+++ b/answer.rs\n\
        @@ -1 +1 @@\n-fn answer() -> u8 { 42 }\n+fn answer() -> u8 { 43 }\n";

    fn findings(source: &str, patch: &str) -> Vec<String> {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(root.path().join("tests/mutants")).expect("a folder");
        fs::write(root.path().join("tests/mutants/01-answer.patch"), patch).expect("a file");
        fs::write(root.path().join("answer.rs"), source).expect("a file");
        lines(check(root.path()).expect("git starts"))
    }

    #[test]
    fn a_patch_that_fits_passes_and_changes_nothing() {
        assert_eq!(findings("fn answer() -> u8 { 42 }\n", PATCH), [""; 0]);
    }

    #[test]
    fn a_patch_that_does_not_fit_or_says_too_little_is_found() {
        let moved = findings("fn answer() -> u16 { 42 }\n", PATCH);
        let place = "tests/mutants/01-answer.patch: ";
        assert!(matches!(&moved[..], [one] if one.starts_with(place)), "{moved:?}");
        assert_eq!(findings("", "diff --git a/x b/x\n").len(), 1);
    }
}
