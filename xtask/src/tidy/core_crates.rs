//! The core crates reach nothing that has a clock, randomness, files, the network or a kernel.
//!
//! Clippy forbids naming such things; this forbids getting them from somebody else's crate.

use std::path::Path;

use super::finding::Finding;
use crate::process::{self, ProcessError};
use crate::workspace::Workspace;

/// The crates that decide. Everything else is an edge.
pub(crate) const CORE: [&str; 14] = [
    "model", "policy", "manifest", "compile", "abi", "packet", "plan", "analysis", "report",
    "lint", "words", "explain", "intent", "graph",
];

/// What none of them may reach, whoever brings it.
const FORBIDDEN: [&str; 19] = [
    "async-std",
    "aya",
    "chrono",
    "futures",
    "getrandom",
    "jiff",
    "k8s-openapi",
    "kube",
    "mio",
    "netlink-sys",
    "nix",
    "notify",
    "rand",
    "rtnetlink",
    "socket2",
    "tempfile",
    "time",
    "tokio",
    "uuid",
];

/// What one core crate reaches by normal dependencies.
pub(crate) struct Reach {
    /// The crate's folder.
    pub(crate) folder: String,
    /// Names of packages, of our own edges too.
    pub(crate) packages: Vec<String>,
}

/// Asks cargo what each core crate reaches.
pub(crate) fn read(root: &Path, workspace: &Workspace) -> Result<Vec<Reach>, ProcessError> {
    let core = workspace.members.iter().filter(|member| CORE.contains(&member.short_name()));
    core.map(|member| {
        let mut cargo = process::command("cargo", root);
        cargo.args(["tree", "--edges", "normal", "--prefix", "none", "--format", "{p}"]);
        let listing = process::output(cargo.args(["--package", &member.package]))?;
        Ok(Reach { folder: member.folder.clone(), packages: packages(&listing) })
    })
    .collect()
}

/// Finds what a core crate must not reach.
pub(crate) fn check(reaches: &[Reach]) -> Vec<Finding> {
    reaches.iter().flat_map(check_one).collect()
}

fn check_one(reach: &Reach) -> impl Iterator<Item = Finding> {
    let bad = reach.packages.iter().filter(|package| is_forbidden(package));
    bad.map(|package| {
        Finding::file(
            format!("{}/Cargo.toml", reach.folder),
            format!("a core crate reaches `{package}`"),
        )
    })
}

/// Our own crates are known by their prefix, and of them only core may be reached.
fn is_forbidden(package: &str) -> bool {
    match package.strip_prefix("ringfence-") {
        Some(ours) => !CORE.contains(&ours),
        None => FORBIDDEN.contains(&package),
    }
}

fn packages(listing: &str) -> Vec<String> {
    let mut names: Vec<_> =
        listing.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::{Reach, check, packages};
    use crate::tidy::finding::lines;

    fn reach(listing: &str) -> Vec<String> {
        let reach = Reach { folder: "crates/model".into(), packages: packages(listing) };
        lines(check(&[reach]))
    }

    #[test]
    fn a_clock_and_an_edge_are_found_whoever_brings_them() {
        assert_eq!(
            reach(
                "ringfence-model v0.1.0 (/t)\nringfence-lab v0.1.0 (/t)\nipnet v2\ntokio v1 (*)\ntokio v1\n"
            ),
            [
                "crates/model/Cargo.toml: a core crate reaches `ringfence-lab`",
                "crates/model/Cargo.toml: a core crate reaches `tokio`",
            ]
        );
    }

    #[test]
    fn the_core_may_reach_the_core() {
        assert_eq!(
            reach("ringfence-compile v0.1.0 (/t)\nringfence-model v0.1.0 (/t)\nserde v1\n"),
            [""; 0]
        );
    }
}
