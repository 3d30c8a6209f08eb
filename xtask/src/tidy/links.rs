//! Every relative link of a document leads to a file of the tree.
//!
//! Files move; readers of a moved file's old address should not be the first to notice.

use std::path::{Component, Path, PathBuf};

use super::finding::Finding;
use crate::files::Text;

/// Follows the links of all documents among `texts` through the tree's `paths`.
pub(crate) fn check(texts: &[Text], paths: &[PathBuf]) -> Vec<Finding> {
    let documents = texts.iter().filter(|text| text.is(&[".md"]));
    documents.flat_map(|document| check_one(document, paths)).collect()
}

fn check_one(document: &Text, paths: &[PathBuf]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, content) in document.lines() {
        let dead = targets(content).filter(|target| !leads(&document.path, target, paths));
        let what = |target| format!("`{target}` leads to no file");
        findings.extend(dead.map(|target| Finding::line(&document.path, line, what(target))));
    }
    findings
}

/// What stands in `](...)`, without addresses of other places and without the part after `#`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let ends = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let inside = ends.map(|(target, _)| target.split('#').next().unwrap_or(target));
    inside.filter(|target| !target.is_empty() && !target.contains("://"))
}

fn leads(document: &str, target: &str, paths: &[PathBuf]) -> bool {
    let folder = Path::new(document).parent().unwrap_or(Path::new(""));
    match normal(&folder.join(target)) {
        Some(wanted) => paths.iter().any(|path| path.starts_with(&wanted)),
        None => false,
    }
}

/// `path` without `.` and `..`, unless it leaves the tree.
fn normal(path: &Path) -> Option<PathBuf> {
    path.components().try_fold(PathBuf::new(), |mut normal, component| match component {
        Component::Normal(name) => Some(normal.join(name)),
        Component::CurDir => Some(normal),
        Component::ParentDir => normal.pop().then_some(normal),
        Component::RootDir | Component::Prefix(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::check;
    use crate::tidy::finding::{lines, text};

    fn findings(link: &str) -> usize {
        let paths = ["docs/page.md", "docs/other.md", "crates/a/lib.rs"].map(PathBuf::from);
        lines(check(&[text("docs/page.md", &format!("see [it]({link})"))], &paths)).len()
    }

    #[test]
    fn links_to_files_folders_and_other_places_are_followed_or_left() {
        let alive = ["other.md", "other.md#part", "../crates/a", "#part", "https://example.org/x"];
        assert_eq!(alive.map(findings), [0; 5]);
    }

    #[test]
    fn a_dead_link_and_one_out_of_the_tree_are_found() {
        assert_eq!(["gone.md", "../../x", "/etc/passwd", "../crates/b"].map(findings), [1; 4]);
    }
}
