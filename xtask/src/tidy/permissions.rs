//! docs/permissions.md has a row with a reason for everything that the manifests ask for, and no other.
//!
//! A permission without a reason is one that nobody will ever dare to take away.

use std::collections::BTreeSet;

use super::finding::Finding;

const PAGE: &str = "docs/permissions.md";

/// Compares the first cells of the tables in `page` with what `manifests` ask for.
pub(crate) fn check(page: &str, manifests: &str) -> Vec<Finding> {
    let (said, asked) = (said(page), asked(manifests));
    if asked.is_empty() {
        return vec![Finding::file("deploy/manifests/ringfence.yaml", "asks for nothing at all")];
    }
    let missing =
        asked.difference(&said).map(|one| format!("`{one}` is asked for without a reason"));
    let stale = said.difference(&asked).map(|one| format!("`{one}` is not asked for any more"));
    missing.chain(stale).map(|what| Finding::file(PAGE, what)).collect()
}

fn said(page: &str) -> BTreeSet<String> {
    let cells = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    cells.map(|(word, _)| word.to_owned()).collect()
}

fn asked(manifests: &str) -> BTreeSet<String> {
    manifests.lines().flat_map(|line| of_line(line.trim())).collect()
}

/// What one line asks for. The chart writes each list in one line.
fn of_line(line: &str) -> Vec<String> {
    const SETTINGS: [&str; 4] = ["runAsUser: 0", "Unconfined", "hostPID", "privileged: true"];
    let lists = ["resources: [", "add: ["].iter().filter_map(|key| line.strip_prefix(key));
    let words =
        lists.flat_map(|rest| rest.trim_end_matches(']').split(", ").map(ToOwned::to_owned));
    let folder =
        line.split_once("hostPath: {path: ").and_then(|(_, rest)| rest.split([',', '}']).next());
    let settings = SETTINGS.iter().filter(|setting| line.contains(*setting));
    let network = line.strip_suffix(": true").filter(|key| *key == "hostNetwork");
    words
        .chain(folder.map(ToOwned::to_owned))
        .chain(settings.map(|setting| (*setting).to_owned()))
        .chain(network.map(ToOwned::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::finding::lines;

    const MANIFESTS: &str = "  resources: [pods, nodes]\n  hostNetwork: true\n    add: [NET_ADMIN]\n\
        - {name: run, hostPath: {path: /run/x, type: Directory}}\n  runAsUser: 0\n";
    const PAGE: &str = "| `pods` | why |\n| `nodes` | why |\n| `hostNetwork` | why |\n| `NET_ADMIN` | why |\n\
        | `/run/x` | read | why |\n| `runAsUser: 0` | why |\n";

    #[test]
    fn each_permission_has_a_row_and_each_row_a_permission() {
        assert_eq!(check(PAGE, MANIFESTS), []);
        for row in PAGE.lines() {
            let less = PAGE.replace(row, "");
            assert_eq!(check(&less, MANIFESTS).len(), 1, "{row}");
        }
        let more = format!("{PAGE}| `secrets` | why |\n");
        let expected = ["docs/permissions.md: `secrets` is not asked for any more"];
        assert_eq!(lines(check(&more, MANIFESTS)), expected);
    }

    #[test]
    fn manifests_that_ask_for_nothing_were_not_read() {
        assert_eq!(check("", "").len(), 1);
    }
}
