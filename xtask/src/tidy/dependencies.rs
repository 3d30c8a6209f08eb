//! Every foreign crate that a manifest names has a reason in ARCHITECTURE.md.
//!
//! The reasons are the rows of the table under the heading `Dependencies`: `| name | reason |`.

use std::collections::BTreeSet;

use super::finding::Finding;
use crate::workspace::Workspace;

/// Compares the table in `architecture` with the manifests of `workspace`.
pub(crate) fn check(architecture: &str, workspace: &Workspace) -> Vec<Finding> {
    let explained = explained(architecture);
    let used = used(workspace);
    let without_reason = used.difference(&explained).map(|name| format!("`{name}` has no reason"));
    let without_use = explained.difference(&used).map(|name| format!("nobody uses `{name}`"));
    let what = without_reason.chain(without_use);
    what.map(|what| Finding::file("ARCHITECTURE.md", format!("dependencies: {what}"))).collect()
}

fn explained(architecture: &str) -> BTreeSet<&str> {
    let section = architecture.split_once("\n## Dependencies\n").map_or("", |(_, after)| after);
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let names = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('|'));
    names
        .flat_map(|(names, _)| names.split(','))
        .map(|name| name.trim().trim_matches('`'))
        .collect()
}

fn used(workspace: &Workspace) -> BTreeSet<&str> {
    let all = workspace.members.iter().flat_map(|member| &member.dependencies);
    let foreign = all.filter(|dependency| workspace.member(&dependency.package).is_none());
    foreign.map(|dependency| dependency.package.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::arrows::tests::workspace;
    use crate::tidy::finding::lines;

    #[test]
    fn a_dependency_without_reason_and_a_reason_without_use_are_found() {
        let table = "\n## Dependencies\n\n| crate | why |\n|---|---|\n| `ipnet`, `tokio` | x |\n\n## Next\n| `insta` | y |\n";
        let expected = [
            "ARCHITECTURE.md: dependencies: `insta` has no reason",
            "ARCHITECTURE.md: dependencies: nobody uses `tokio`",
        ];
        assert_eq!(lines(check(table, &workspace())), expected);
    }

    #[test]
    fn a_full_table_passes() {
        let table = "\n## Dependencies\n| `ipnet` | x |\n| `insta` | y |\n";
        assert_eq!(lines(check(table, &workspace())), [""; 0]);
    }
}
