//! `cargo xtask suite NAME`: what others test network policies and plugins with, against Ringfence.
//!
//! Our own tests share our own misunderstandings. Each suite is built unchanged from its module of Go
//! and run on a cluster of this machine; what it could not run is named, and never counts as passed.

mod cluster;
mod cnp;
mod cyclonus;
mod go_test;
mod netpol;
mod report;
mod script;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::Ended;
use crate::cli::{self, SuiteName};
use crate::process::ProcessError;
use cluster::{Cluster, ClusterError, Variant};
use cnp::CnpError;
use cyclonus::CyclonusError;
use netpol::NetpolError;
use report::{JunitError, Outcome, Report};

/// Why a suite has no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    #[error("there is no cluster to run it on")]
    Cluster(#[from] ClusterError),
    #[error("the suite of NetworkPolicies")]
    Netpol(#[from] NetpolError),
    #[error("the suite of ClusterNetworkPolicies")]
    Cnp(#[from] CnpError),
    #[error("Cyclonus")]
    Cyclonus(#[from] CyclonusError),
    #[error("the results cannot be written as XML")]
    Junit(#[from] JunitError),
    #[error("the suite {suite} is one script: no part of it can be run alone")]
    Only { suite: &'static str },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Process(#[from] ProcessError),
}

/// Builds the suite, runs it on a cluster for each choice of families, and closes with one line.
pub(crate) fn run(root: &Path, options: &cli::Suite) -> Result<Ended, UpstreamError> {
    let suite = options.name.word();
    if options.name.is_script() && !options.only.is_empty() {
        return Err(UpstreamError::Only { suite });
    }
    let folder = results(root)?;
    if !options.bare {
        cluster::build_ringfence(root)?;
    }
    let mut all = Report::new(suite);
    for variant in variants(options) {
        let label = format!("{suite}-{}", variant.label());
        let cluster = Cluster::up(root, options.name.parts(), variant, options.keep)?;
        if !options.bare {
            cluster.enforce()?;
        }
        let report = match options.name {
            SuiteName::Check | SuiteName::Cni | SuiteName::Connectivity | SuiteName::Hard => {
                script::run(suite, &cluster, &folder, &label, &options.only)?
            }
            SuiteName::Cnp => cnp::run(&cluster, &folder, &label, &options.only)?,
            SuiteName::Cyclonus => cyclonus::run(&cluster, &folder, &label, &options.only)?,
            SuiteName::Netpol => netpol::run(&cluster, &folder, &label, &options.only)?,
        };
        let path = folder.join(format!("{label}.xml"));
        let failed = |source| UpstreamError::Write { path: path.clone(), source };
        fs::write(&path, report.junit(&label)?).map_err(failed)?;
        tell(&label, &report);
        all.add(report);
    }
    println!("{}", all.closing());
    Ok(if all.is_good() { Ended::Well } else { Ended::Badly })
}

/// The clusters that a suite is run on. One that knows a single family runs twice, so that each family
/// is once what a Service gets unasked; kube-proxy's modes come along with that.
fn variants(options: &cli::Suite) -> Vec<Variant> {
    let first = Variant::new("4 6", "nftables");
    let second = Variant::new("6 4", "iptables");
    let (families, proxy) = (&options.families, &options.proxy);
    if families.is_some() || proxy.is_some() {
        let families = families.clone().unwrap_or(first.families);
        let proxy = proxy.clone().unwrap_or(first.proxy);
        return vec![Variant { families, proxy }];
    }
    match options.name {
        SuiteName::Check => vec![first, second, Variant::new("6", "nftables")],
        SuiteName::Connectivity | SuiteName::Netpol => vec![first, second],
        SuiteName::Cni | SuiteName::Cnp | SuiteName::Cyclonus | SuiteName::Hard => vec![first],
    }
}

/// The folder for results, below the one for everything that is built.
fn results(root: &Path) -> Result<PathBuf, UpstreamError> {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let path = root.join(target).join("suites");
    let failed = |source| UpstreamError::Write { path: path.clone(), source };
    fs::create_dir_all(&path).map_err(failed)?;
    Ok(path)
}

/// Whatever did not pass has a line.
fn tell(label: &str, report: &Report) {
    for case in &report.cases {
        match &case.outcome {
            Outcome::Passed => {}
            Outcome::Failed { why } => {
                let first = why.lines().next().unwrap_or_default();
                println!("{label}: FAILED {}: {first}", case.name);
            }
            Outcome::Skipped { why } => println!("{label}: SKIPPED {}: {why}", case.name),
        }
    }
    println!("{label}: {}", report.closing());
}
