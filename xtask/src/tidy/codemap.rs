//! Every crate has its place in ARCHITECTURE.md's code map.
//!
//! A heading names the crate's folder, so that a reader who has a folder finds its text.

use super::finding::Finding;
use crate::workspace::Workspace;

/// Compares the headings of `architecture` with the folders of `workspace`.
pub(crate) fn check(architecture: &str, workspace: &Workspace) -> Vec<Finding> {
    let headings: Vec<_> = architecture.lines().filter(|line| line.starts_with('#')).collect();
    let is_named = |folder: &str| {
        let name = format!("`{folder}`");
        headings.iter().any(|heading| heading.contains(&name))
    };
    let folders = workspace.members.iter().map(|member| member.folder.as_str());
    let missing = folders.filter(|folder| !is_named(folder));
    let what = |folder| format!("no heading of the code map names `{folder}`");
    missing.map(|folder| Finding::file("ARCHITECTURE.md", what(folder))).collect()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::arrows::tests::workspace;
    use crate::tidy::finding::lines;

    #[test]
    fn a_crate_without_a_heading_is_found() {
        let map = "### `crates/a`, `crates/b`\nText about `tests/t`.\n";
        let expected = ["ARCHITECTURE.md: no heading of the code map names `tests/t`"];
        assert_eq!(lines(check(map, &workspace())), expected);
        assert_eq!(lines(check(&format!("{map}### `tests/t`\n"), &workspace())), [""; 0]);
    }
}
