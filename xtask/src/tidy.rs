//! `make tidy`: what the project says about itself must be true of its tree.
//!
//! A drawing, a list or a habit that nothing compares with the code rots. Each check is one file
//! here and has a test that shows it a bad example.

mod arrows;
mod book;
mod clippy;
mod codemap;
mod core_crates;
mod dependencies;
mod finding;
mod header;
mod length;
mod license;
mod links;
mod names;
mod outside;
mod patches;
mod permissions;
mod refused;

use std::path::Path;

use crate::Ended;
use crate::files::{self, FilesError, Text};
use crate::process::ProcessError;
use crate::workspace::{Workspace, WorkspaceError};
use finding::Finding;

/// Why the tree could not be looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TidyError {
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    #[error(transparent)]
    Process(#[from] ProcessError),
}

/// Prints everything in `root` that is not as the project says.
pub(crate) fn run(root: &Path) -> Result<Ended, TidyError> {
    let findings = look(root)?;
    for finding in &findings {
        println!("{finding}");
    }
    println!("tidy: {} findings", findings.len());
    Ok(if findings.is_empty() { Ended::Well } else { Ended::Badly })
}

fn look(root: &Path) -> Result<Vec<Finding>, TidyError> {
    let workspace = Workspace::read(root)?;
    let texts = files::texts(root)?;
    let mut findings = look_at_texts(&texts);
    findings.extend(look_at_documents(&texts, &workspace));
    findings.extend(links::check(&texts, &files::paths(root)?));
    findings.extend(clippy::check(root));
    findings.extend(patches::check(root)?);
    findings.extend(core_crates::check(&core_crates::read(root, &workspace)?));
    Ok(findings)
}

/// What holds for each file by itself.
fn look_at_texts(texts: &[Text]) -> Vec<Finding> {
    let checks = [header::check, length::check, license::check, outside::check, refused::check];
    let mut findings: Vec<_> =
        texts.iter().flat_map(|text| checks.iter().flat_map(|check| check(text))).collect();
    findings.extend(length::check_list(texts));
    findings
}

/// What documents say about other files.
fn look_at_documents(texts: &[Text], workspace: &Workspace) -> Vec<Finding> {
    let content = |path: &str| {
        texts.iter().find(|text| text.path == path).map_or("", |text| text.content.as_str())
    };
    let architecture = content("ARCHITECTURE.md");
    let mut findings = arrows::check(architecture, workspace);
    findings.extend(codemap::check(architecture, workspace));
    findings.extend(dependencies::check(architecture, workspace));
    findings.extend(book::check(texts));
    findings.extend(names::check(content("Makefile"), content("README.md")));
    let (page, manifests) = ("docs/permissions.md", "deploy/manifests/ringfence.yaml");
    findings.extend(permissions::check(content(page), content(manifests)));
    findings
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_tree_is_tidy() {
        let findings = super::look(&crate::workspace::root()).expect("the tree is readable");
        let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{} findings:\n{}", lines.len(), lines.join("\n"));
    }
}
