//! A cluster for the time of one run, by the scripts of `tests/cluster`.
//!
//! The suites have a number of their own, so that they never end the cluster that somebody made with
//! `make cluster`; whoever wants several runs at a time gives each another one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, ProcessError};

const WHY_ROOT: &str = "to make the namespaces of nodes";
/// What `tests/cluster/ringfence.sh` puts on every node, and the command line.
const PROGRAMS: [&str; 4] =
    ["ringfence", "ringfence-agent", "ringfence-cni", "ringfence-controller"];
/// The last number that there is; `CLUSTER` in the environment is another one.
const NUMBER: &str = "48";

/// Why there is no cluster.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClusterError {
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("`{script}` failed")]
    Script { script: &'static str },
    #[error("cannot keep what is said in {}", path.display())]
    Log { path: PathBuf, source: io::Error },
}

/// What is different between the clusters that a suite is run on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variant {
    /// `CLUSTER_FAMILIES` of the scripts.
    pub(crate) families: String,
    /// `CLUSTER_PROXY` of the scripts.
    pub(crate) proxy: String,
}

impl Variant {
    pub(crate) fn new(families: &str, proxy: &str) -> Self {
        Self { families: families.to_owned(), proxy: proxy.to_owned() }
    }

    /// As part of the names of files.
    pub(crate) fn label(&self) -> String {
        format!("{}-{}", self.families.replace(' ', "-"), self.proxy)
    }
}

/// Two nodes; they are gone with the value, unless they are to be kept.
#[derive(Debug)]
pub(crate) struct Cluster {
    root: PathBuf,
    number: String,
    variant: Variant,
    is_kept: bool,
}

impl Cluster {
    /// Builds `parts` of what a cluster runs, as whoever we are, and brings one up as root.
    pub(crate) fn up(
        root: &Path,
        parts: &[&str],
        variant: Variant,
        is_kept: bool,
    ) -> Result<Self, ClusterError> {
        let number = std::env::var("CLUSTER").unwrap_or_else(|_| NUMBER.to_owned());
        let cluster = Self { root: root.to_path_buf(), number, variant, is_kept };
        succeed("build.sh", cluster.script("build.sh").args(parts))?;
        succeed("up.sh", &mut cluster.as_root("up.sh"))?;
        Ok(cluster)
    }

    /// Puts Ringfence on every node; it was built by `build_ringfence`.
    pub(crate) fn enforce(&self) -> Result<(), ClusterError> {
        let mut enforce = self.as_root("ringfence.sh");
        succeed("ringfence.sh", enforce.arg(self.programs()))
    }

    /// Where `build_ringfence` put what it built.
    fn programs(&self) -> PathBuf {
        let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        self.root.join(target).join("debug")
    }

    /// What its programs were built into.
    pub(crate) fn bin(&self) -> PathBuf {
        process::cache().join("cluster/bin")
    }

    /// The administrator's.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        process::cache().join(format!("cluster/rfbox{}/admin.kubeconfig", self.number))
    }

    /// The cluster's own client, as the administrator.
    pub(crate) fn kubectl(&self) -> Command {
        let mut command = process::command(self.bin().join("kubectl"), &self.root);
        command.arg("--kubeconfig").arg(self.kubeconfig());
        command
    }

    /// What one of our scripts says to the end, well or not, as root; it is kept in `log`.
    pub(crate) fn said_by(
        &self,
        script: &str,
        words: &[String],
        log: &Path,
    ) -> Result<String, ClusterError> {
        let failed = |source| ClusterError::Log { path: log.to_path_buf(), source };
        fs::write(log, "").map_err(failed)?;
        process::succeeds(self.as_root(script).args(words), Some(log))?;
        fs::read_to_string(log).map_err(failed)
    }

    fn script(&self, name: &str) -> Command {
        process::command(self.root.join("tests/cluster").join(name), &self.root)
    }

    fn as_root(&self, name: &str) -> Command {
        let mut command = process::command(self.root.join("scripts/setup.sh"), &self.root);
        command.args(["root", WHY_ROOT, "env"]);
        command.arg(format!("RINGFENCE_CACHE={}", process::cache().display()));
        command.arg(format!("RINGFENCE_PROGRAMS={}", self.programs().display()));
        command.arg(format!("CLUSTER={}", self.number));
        command.arg(format!("CLUSTER_FAMILIES={}", self.variant.families));
        command.arg(format!("CLUSTER_PROXY={}", self.variant.proxy));
        command.arg(self.root.join("tests/cluster").join(name));
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.is_kept {
            println!("kept: export KUBECONFIG={}", self.kubeconfig().display());
        } else if let Err(error) = succeed("down.sh", &mut self.as_root("down.sh")) {
            eprintln!("error: the cluster stays: {error}");
        }
    }
}

/// Builds what `enforce` puts on nodes, and the command line, as whoever we are.
pub(crate) fn build_ringfence(root: &Path) -> Result<(), ClusterError> {
    let mut build = process::command("cargo", root);
    build.arg("build").args(PROGRAMS.iter().flat_map(|program| ["--package", program]));
    succeed("cargo build", &mut build)
}

fn succeed(script: &'static str, command: &mut Command) -> Result<(), ClusterError> {
    if process::succeeds(command, None)? { Ok(()) } else { Err(ClusterError::Script { script }) }
}
