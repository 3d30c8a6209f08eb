//! The workspace as cargo sees it: its members and what they depend on.
//!
//! Taken from `cargo metadata`, so that no list of crates is kept anywhere else.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::process::{self, ProcessError};

/// Why the workspace is not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkspaceError {
    #[error("cannot ask cargo for the workspace")]
    Ask(#[from] ProcessError),
    #[error("cannot read what cargo says about the workspace")]
    Read(#[from] serde_json::Error),
}

/// The crates of this project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Workspace {
    /// In the order of their folders.
    pub(crate) members: Vec<Member>,
}

/// One crate of this project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// The package's name.
    pub(crate) package: String,
    /// Relative to the root, with `/`.
    pub(crate) folder: String,
    /// Whether a bare `cargo test` runs it, that is whether it needs neither root nor clang.
    pub(crate) is_default: bool,
    /// What its manifest names.
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The package's name.
    pub(crate) package: String,
    /// Whether it stands under `[dependencies]`, not under dev or build.
    pub(crate) is_normal: bool,
}

impl Member {
    /// The last part of the folder, which is how people call the crate.
    pub(crate) fn short_name(&self) -> &str {
        self.folder.rsplit('/').next().unwrap_or(&self.folder)
    }
}

impl Workspace {
    /// The workspace whose root manifest is in `root`.
    pub(crate) fn read(root: &Path) -> Result<Self, WorkspaceError> {
        let arguments = ["metadata", "--no-deps", "--format-version", "1"];
        Self::parse(&process::output(process::command("cargo", root).args(arguments))?)
    }

    fn parse(metadata: &str) -> Result<Self, WorkspaceError> {
        let written: Metadata = serde_json::from_str(metadata)?;
        let mut members: Vec<_> = written.packages.iter().map(|one| written.member(one)).collect();
        members.sort_by(|a, b| a.folder.cmp(&b.folder));
        Ok(Self { members })
    }

    /// The member with this package name.
    pub(crate) fn member(&self, package: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.package == package)
    }
}

/// The folder above this crate's own.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_default_members: Vec<String>,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    name: String,
    kind: Option<String>,
}

impl Metadata {
    fn member(&self, package: &Package) -> Member {
        let folder = package.manifest_path.parent().unwrap_or(&package.manifest_path);
        let folder = folder.strip_prefix(&self.workspace_root).unwrap_or(folder);
        Member {
            package: package.name.clone(),
            folder: folder.to_string_lossy().into_owned(),
            is_default: self.workspace_default_members.contains(&package.id),
            dependencies: package.dependencies.iter().map(Line::dependency).collect(),
        }
    }
}

impl Line {
    fn dependency(&self) -> Dependency {
        Dependency { package: self.name.clone(), is_normal: self.kind.is_none() }
    }
}

#[cfg(test)]
mod tests {
    use super::Workspace;

    #[test]
    fn members_have_folders_defaults_and_dependencies() {
        let metadata = r#"{
            "workspace_root": "/tree", "workspace_default_members": ["a-id"],
            "packages": [
                {"id": "b-id", "name": "ringfence-b", "manifest_path": "/tree/crates/b/Cargo.toml",
                 "dependencies": [{"name": "ringfence-a", "kind": null}, {"name": "insta", "kind": "dev"}]},
                {"id": "a-id", "name": "ringfence-a", "manifest_path": "/tree/crates/a/Cargo.toml",
                 "dependencies": []}
            ]}"#;
        let workspace = Workspace::parse(metadata).expect("the text is as cargo writes it");
        let names: Vec<_> = workspace.members.iter().map(super::Member::short_name).collect();
        assert_eq!(names, ["a", "b"]);
        let b = workspace.member("ringfence-b").expect("it is listed");
        assert!(!b.is_default && workspace.member("ringfence-a").is_some_and(|a| a.is_default));
        let normal: Vec<_> = b.dependencies.iter().map(|one| one.is_normal).collect();
        assert_eq!(normal, [true, false]);
    }

    #[test]
    fn what_cargo_does_not_write_is_an_error() {
        assert!(Workspace::parse("{}").is_err());
    }
}
