//! The agent of the version before: built once from its own tree, and kept in the cache.
//!
//! That tree has no soak, so the agent's few files are put into it. They speak to crates of either
//! version; what only ours can do is in a file that is replaced.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::files::{FilesError, texts};
use crate::process::{self, ProcessError};

/// The last commit before maps had the layout of version 3: what follows is this version's work.
const COMMIT: &str = "36fbe2eebf71a5a56206076d41c18b098a56a627";
/// Where the agent stands in our tree, and what replaces a part of it.
const AGENT: &str = "tests/soak/agent";
const REPLACED: &str = "tests/soak/previous";
/// Where it stands in the other tree.
const THERE: &str = "tests/soak-agent";
/// Its package there, which is none of those that are built by default.
const PACKAGE: &str = "ringfence-soak-agent";
const BINARY: &str = "soak-agent";

/// Why there is no agent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PreviousError {
    #[error("commit {COMMIT} is needed; a shallow clone does not have it")]
    NoCommit(#[source] ProcessError),
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("cargo cannot build it")]
    Build,
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// The program, built if it is not in the cache.
pub(crate) fn agent(root: &Path) -> Result<PathBuf, PreviousError> {
    let folder = process::cache().join("previous");
    let kept = folder.join(format!("{BINARY}-{:016x}", fingerprint(root)?));
    if !kept.exists() {
        let tree = Tree::check_out(root, &folder)?;
        let built = tree.build(root)?;
        fs::copy(&built, &kept).map_err(at(&kept))?;
        tree.remove()?;
    }
    Ok(kept)
}

/// Names what is built: the commit and the files that are put into it.
fn fingerprint(root: &Path) -> Result<u64, PreviousError> {
    let mut hasher = DefaultHasher::new();
    COMMIT.hash(&mut hasher);
    for folder in [AGENT, REPLACED] {
        for text in texts(&root.join(folder))? {
            (text.path, text.content).hash(&mut hasher);
        }
    }
    Ok(hasher.finish())
}

/// The other version's tree.
struct Tree {
    root: PathBuf,
    tree: PathBuf,
    target: PathBuf,
}

impl Tree {
    fn check_out(root: &Path, folder: &Path) -> Result<Self, PreviousError> {
        fs::create_dir_all(folder).map_err(at(folder))?;
        let (tree, target) = (folder.join("tree"), folder.join("target"));
        let this = Self { root: root.to_owned(), tree, target };
        // What a run that was ended left.
        this.remove()?;
        let mut add = process::command("git", root);
        add.args(["worktree", "add", "--quiet", "--detach"]).arg(&this.tree).arg(COMMIT);
        process::output(&mut add).map_err(PreviousError::NoCommit)?;
        Ok(this)
    }

    fn build(&self, root: &Path) -> Result<PathBuf, PreviousError> {
        let there = self.tree.join(THERE);
        fs::create_dir_all(&there).map_err(at(&there))?;
        for folder in [AGENT, REPLACED] {
            for text in texts(&root.join(folder))? {
                let name = if text.path == "manifest.toml" { "Cargo.toml" } else { &text.path };
                let path = there.join(name);
                fs::write(&path, text.content).map_err(at(&path))?;
            }
        }
        let manifest = self.tree.join("Cargo.toml");
        let workspace = fs::read_to_string(&manifest).map_err(FilesError::at(&manifest))?;
        fs::write(&manifest, with_member(&workspace)).map_err(at(&manifest))?;
        let mut cargo = process::command("cargo", &self.tree);
        cargo.env("CARGO_TARGET_DIR", &self.target).args(["build", "--package", PACKAGE]);
        match process::succeeds(&mut cargo, None)? {
            true => Ok(self.target.join("debug").join(BINARY)),
            false => Err(PreviousError::Build),
        }
    }

    fn remove(&self) -> Result<(), PreviousError> {
        for folder in [&self.tree, &self.target] {
            match fs::remove_dir_all(folder) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(at(folder)(source));
                }
                Ok(()) | Err(_) => {}
            }
        }
        let mut prune = process::command("git", &self.root);
        process::output(prune.args(["worktree", "prune"]))?;
        Ok(())
    }
}

fn with_member(workspace: &str) -> String {
    workspace.replacen("members = [", &format!("members = [\"{THERE}\", "), 1)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> PreviousError + use<> {
    let path = path.to_owned();
    move |source| PreviousError::Write { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agent_becomes_a_member_and_the_default_members_stay() {
        let workspace = "[workspace]\nmembers = [\"a\"]\ndefault-members = [\"a\"]\n";
        let wanted =
            "[workspace]\nmembers = [\"tests/soak-agent\", \"a\"]\ndefault-members = [\"a\"]\n";
        assert_eq!(with_member(workspace), wanted);
    }

    #[test]
    fn the_package_that_is_built_is_the_one_whose_manifest_is_put_there() {
        let files = texts(&crate::workspace::root().join(REPLACED)).expect("it has files");
        let manifest = files.iter().find(|text| text.path == "manifest.toml").expect("of its own");
        let names = [format!("name = \"{PACKAGE}\""), format!("name = \"{BINARY}\"")];
        assert!(names.iter().all(|name| manifest.content.contains(name)), "{names:?}");
    }

    #[test]
    fn what_is_replaced_is_there_to_be_replaced() {
        let root = crate::workspace::root();
        let own = texts(&root.join(AGENT)).expect("the agent has files");
        let replaced = texts(&root.join(REPLACED)).expect("some are replaced");
        let is_there = |name: &str| own.iter().any(|text| text.path == name);
        let known =
            |text: &&crate::files::Text| text.path == "manifest.toml" || is_there(&text.path);
        assert!(replaced.iter().all(|text| known(&text)) && replaced.len() == 2);
    }
}
