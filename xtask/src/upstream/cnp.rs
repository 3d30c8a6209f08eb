//! The conformance suite of ClusterNetworkPolicies, with everything that is experimental.
//!
//! Its pods serve SCTP, and would never be ready on a kernel without it; so they run an image of the
//! name that they ask for in which SCTP is spoken by hand (`tests/cluster/modules/kubernetes/sctp`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::cluster::Cluster;
use super::go_test;
use super::report::Report;
use crate::process::{self, ProcessError};

const PROGRAM: &str = "cnp.test";
const WHOLE: &str = "TestConformanceProfiles";

/// What the suite's own report says of who was tested.
const IMPLEMENTATION: [&str; 6] = [
    "-organization=ringfence",
    "-project=ringfence",
    "-url=https://github.com/ringfence/ringfence",
    "-contact=ringfence",
    "-additional-info=cargo xtask suite cnp",
    concat!("-version=", env!("CARGO_PKG_VERSION")),
];

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CnpError {
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("the kinds of policies cannot be installed")]
    Kinds,
    #[error("cannot read its events in {}", path.display())]
    Events { path: PathBuf, source: io::Error },
}

/// Runs all of it, or what `only` is part of the name of.
pub(crate) fn run(
    cluster: &Cluster,
    folder: &Path,
    label: &str,
    only: &[String],
) -> Result<Report, CnpError> {
    let mut kinds = cluster.kubectl();
    kinds.args(["apply", "--server-side", "--filename"]).arg(cluster.bin().join("kinds"));
    if !process::succeeds(&mut kinds, None)? {
        return Err(CnpError::Kinds);
    }
    let path = folder.join(format!("{label}.events"));
    // What is not there cannot be taken for today's.
    let _may_be_missing = fs::remove_file(&path);
    println!("{label}: runs, and writes to {}", path.display());
    let mut suite = process::command("go", folder);
    suite.args(["tool", "test2json", "-t"]).arg(cluster.bin().join(PROGRAM));
    suite.args(["-test.v=test2json", "-test.timeout=0"]);
    suite.arg(match only.join("|") {
        all if all.is_empty() => format!("-test.run=^{WHOLE}$"),
        some => format!("-test.run=^{WHOLE}$/{some}"),
    });
    suite.args(["-conformance-profiles=ClusterNetworkPolicy", "-all-features"]);
    suite.args(IMPLEMENTATION);
    suite.arg(format!("-report-output={}", folder.join(format!("{label}.yaml")).display()));
    suite.env("KUBECONFIG", cluster.kubeconfig());
    // Whether tests failed is in the events.
    process::succeeds(&mut suite, Some(&path))?;
    let failed = |source| CnpError::Events { path: path.clone(), source };
    Ok(go_test::read("cnp", WHOLE, &fs::read_to_string(&path).map_err(failed)?))
}
