//! `cargo xtask soak`: churn, crashes and upgrades under traffic that is judged packet by packet.
//!
//! The soak is a program of its own, because it needs clang and root, and nothing else of xtask does.

use std::path::Path;

use crate::previous::{self, PreviousError};
use crate::process::{self, ProcessError};
use crate::{Ended, cli};

const PACKAGE: &str = "ringfence-soak";
const WHY_ROOT: &str = "to make network namespaces and load BPF programs";

/// Why there was no soak.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SoakError {
    #[error("cannot run the soak")]
    Run(#[from] ProcessError),
    #[error("cannot build the agent of the version before")]
    Previous(#[from] PreviousError),
}

/// Builds as whoever we are and soaks as root.
pub(crate) fn run(root: &Path, options: &cli::Soak) -> Result<Ended, SoakError> {
    let mut build = process::command("cargo", root);
    if !process::succeeds(build.args(["build", "--package", PACKAGE]), None)? {
        return Ok(Ended::Badly);
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let mut soak = process::command(root.join("scripts/setup.sh"), root);
    soak.args(["root", WHY_ROOT]).arg(root.join(target).join("debug/soak"));
    soak.args(["--duration", &options.duration]);
    if let Some(seed) = options.seed {
        soak.args(["--seed", &seed.to_string()]);
    }
    if options.versions {
        soak.arg("--previous").arg(previous::agent(root)?);
    }
    Ok(if process::succeeds(&mut soak, None)? { Ended::Well } else { Ended::Badly })
}
