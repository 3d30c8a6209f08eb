//! The arrows drawn in ARCHITECTURE.md are the ones that cargo knows.
//!
//! The drawing is a fenced block named `arrows`, one crate a line: `compile -> model, abi`.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Finding;
use crate::workspace::{Member, Workspace};

const FILE: &str = "ARCHITECTURE.md";

type Arrows<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// Compares the drawing in `architecture` with the crates and programs of `workspace`.
pub(crate) fn check(architecture: &str, workspace: &Workspace) -> Vec<Finding> {
    let Some(drawn) = drawn(architecture) else {
        return vec![Finding::file(FILE, "there is no fenced block named `arrows`")];
    };
    let real = real(workspace);
    let names: BTreeSet<_> = drawn.keys().chain(real.keys()).copied().collect();
    names.into_iter().filter_map(|name| difference(name, &drawn, &real)).collect()
}

fn difference(name: &str, drawn: &Arrows<'_>, real: &Arrows<'_>) -> Option<Finding> {
    let what = match (drawn.get(name), real.get(name)) {
        (drawn, real) if drawn == real => return None,
        (Some(_), None) => format!("`{name}` is drawn, but is no crate"),
        (None, _) => format!("`{name}` is not drawn"),
        (Some(drawn), Some(real)) => {
            format!(
                "`{name} -> {}` is drawn, but cargo has `{name} -> {}`",
                list(drawn),
                list(real)
            )
        }
    };
    Some(Finding::file(FILE, what))
}

fn list(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join(", ")
}

fn drawn(architecture: &str) -> Option<Arrows<'_>> {
    let block = architecture.split_once("```arrows\n")?.1.split_once("```")?.0;
    Some(block.lines().filter_map(arrow).collect())
}

fn arrow(line: &str) -> Option<(&str, BTreeSet<&str>)> {
    let (from, to) = line.split_once("->")?;
    let to = to.split(',').map(str::trim).filter(|name| !name.is_empty());
    Some((from.trim(), to.collect()))
}

fn real(workspace: &Workspace) -> Arrows<'_> {
    let drawn =
        |member: &&Member| ["crates/", "bins/"].iter().any(|at| member.folder.starts_with(at));
    let members = workspace.members.iter().filter(drawn);
    members.map(|member| (member.short_name(), targets(member, workspace))).collect()
}

fn targets<'a>(member: &'a Member, workspace: &'a Workspace) -> BTreeSet<&'a str> {
    let normal = member.dependencies.iter().filter(|dependency| dependency.is_normal);
    let ours = normal.filter_map(|dependency| workspace.member(&dependency.package));
    ours.map(Member::short_name).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::check;
    use crate::tidy::finding::lines;
    use crate::workspace::{Dependency, Member, Workspace};

    fn member(folder: &str, package: &str, dependencies: &[(&str, bool)]) -> Member {
        let dependency = |(package, is_normal): &(&str, bool)| Dependency {
            package: (*package).into(),
            is_normal: *is_normal,
        };
        Member {
            package: package.into(),
            folder: folder.into(),
            is_default: true,
            dependencies: dependencies.iter().map(dependency).collect(),
        }
    }

    /// `a` of `b`, with a library of others; and a crate for tests that depends on both.
    pub(crate) fn workspace() -> Workspace {
        Workspace {
            members: vec![
                member("crates/a", "ringfence-a", &[("ringfence-b", true), ("ipnet", true)]),
                member("crates/b", "ringfence-b", &[("insta", false), ("ringfence-a", false)]),
                member("tests/t", "ringfence-t", &[("ringfence-a", true)]),
            ],
        }
    }

    fn findings(block: &str) -> Vec<String> {
        lines(check(&format!("text\n```arrows\n{block}```\n"), &workspace()))
    }

    #[test]
    fn a_true_drawing_passes() {
        assert_eq!(findings("a -> b\nb ->\n"), [""; 0]);
    }

    #[test]
    fn every_lie_is_found() {
        assert_eq!(
            findings("a ->\nc -> a\n"),
            [
                "ARCHITECTURE.md: `a -> ` is drawn, but cargo has `a -> b`",
                "ARCHITECTURE.md: `b` is not drawn",
                "ARCHITECTURE.md: `c` is drawn, but is no crate",
            ]
        );
        assert_eq!(lines(check("", &workspace())).len(), 1, "no drawing at all");
    }
}
