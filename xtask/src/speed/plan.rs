//! What is measured: the generated trees, our commands, and the tools that people use today.
//!
//! A tool's tree grows only as far as the tool is known to finish; it is asked what answers the same
//! question as ours.

use std::path::{Path, PathBuf};

/// A generated cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tree {
    pub(crate) workloads: usize,
    pub(crate) seed: u64,
}

impl Tree {
    /// All that are measured. The second of two equal sizes is what `diff` compares with.
    pub(crate) const ALL: [Self; 6] = [
        Self { workloads: 300, seed: 1 },
        Self { workloads: 300, seed: 2 },
        Self { workloads: 1_000, seed: 1 },
        Self { workloads: 1_000, seed: 2 },
        Self { workloads: 10_000, seed: 1 },
        Self { workloads: 10_000, seed: 2 },
    ];

    pub(crate) fn path(self, folder: &Path) -> PathBuf {
        folder.join(format!("{}-{}", self.workloads, self.seed))
    }
}

/// One line of the page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) workloads: usize,
    /// The tool and its command, as the page names it.
    pub(crate) title: String,
    pub(crate) words: Vec<String>,
    pub(crate) runs: u32,
    /// The most seconds that are asked of it.
    pub(crate) seconds_max: Option<f64>,
}

impl Row {
    /// Whether its program is there.
    pub(crate) fn is_installed(&self) -> bool {
        let Some(program) = self.words.first() else { return false };
        let path = std::env::var_os("PATH").unwrap_or_default();
        Path::new(program).is_file()
            || std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    }
}

/// Everything, in the order of the page.
pub(crate) fn rows(ringfence: &Path, folder: &Path) -> Vec<Row> {
    let sizes = [300, 1_000, 10_000];
    sizes.into_iter().flat_map(|size| of_size(size, ringfence, folder)).collect()
}

fn of_size(workloads: usize, ringfence: &Path, folder: &Path) -> Vec<Row> {
    let [one, two] = [1, 2].map(|seed| shown(&Tree { workloads, seed }.path(folder)));
    let ours = ours(&one, &two).into_iter().map(|(words, seconds_max)| Row {
        workloads,
        title: format!("ringfence {}", words.first().cloned().unwrap_or_default()),
        words: std::iter::once(shown(ringfence)).chain(words).collect(),
        runs: 3,
        seconds_max: seconds_max.filter(|_| workloads == 10_000),
    });
    let theirs = theirs(workloads, &one, &two).into_iter().map(|words| Row {
        workloads,
        title: words.iter().take(2).cloned().collect::<Vec<_>>().join(" "),
        words,
        runs: 1,
        seconds_max: None,
    });
    ours.chain(theirs).collect()
}

/// Our commands, and what is asked of each with ten thousand workloads.
fn ours(one: &str, two: &str) -> [(Vec<String>, Option<f64>); 6] {
    let pair = ["--from", "ns0/deploy/app0", "--to", "ns1/deploy/app21", "--port", "8080"];
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    [
        (words(&["check", one]), Some(3.0)),
        (words(&["reach", one, "-o", "json"]), Some(3.0)),
        (words(&[&["explain", one], pair.as_slice()].concat()), Some(1.5)),
        (words(&["diff", one, two, "-o", "json"]), Some(5.0)),
        (words(&["exposure", one, "-o", "json"]), None),
        (words(&["prune", one]), Some(20.0)),
    ]
}

/// Others that answer `reach`, `diff` and `check`. Where they are known not to finish, they are not
/// started.
fn theirs(workloads: usize, one: &str, two: &str) -> Vec<Vec<String>> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let lint = words(&["kube-linter", "lint", one]);
    match workloads {
        300 => vec![
            words(&["k8snetpolicy", "list", "--dirpath", one, "-q"]),
            words(&["k8snetpolicy", "diff", "--dir1", one, "--dir2", two, "-q"]),
            lint,
        ],
        _ => vec![lint],
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
