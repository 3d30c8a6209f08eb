//! `make fuzz`: every fuzz target for a while.
//!
//! The targets are a workspace of their own in `fuzz/`, because they need an unstable compiler.

use std::path::{Path, PathBuf};

use crate::Ended;
use crate::cli;
use crate::process::{self, ProcessError};

/// Runs each target in `fuzz/` in turn and stops at the first finding.
pub(crate) fn run(root: &Path, options: &cli::Fuzz) -> Result<Ended, ProcessError> {
    let targets = process::output(fuzz(root).arg("list"))?;
    let limit = format!("-max_total_time={}", options.seconds);
    for target in targets.lines() {
        println!("fuzzing {target} for {} s", options.seconds);
        if !process::succeeds(fuzz(root).args(["run", target, "--", &limit]), None)? {
            return Ok(Ended::Badly);
        }
    }
    Ok(Ended::Well)
}

fn fuzz(root: &Path) -> std::process::Command {
    let tool: PathBuf = process::cache().join("tools/bin/cargo-fuzz");
    let mut command = process::command(tool, root);
    command.env("RUSTUP_TOOLCHAIN", "nightly").arg("fuzz");
    command
}
