//! `cargo xtask bench-datapath`: measures the programs and writes the page of figures.
//!
//! The measurements are a program of their own, because they need clang and root, and nothing else
//! of xtask does.

use std::path::Path;

use crate::Ended;
use crate::process::{self, ProcessError};

const PACKAGE: &str = "ringfence-bench-datapath";
const WHY_ROOT: &str = "to load the BPF programs that are measured";

/// Builds as whoever we are and measures as root. With `quick` the figures are printed only, because
/// they are good for nothing but showing that everything works.
pub(crate) fn run(root: &Path, quick: bool) -> Result<Ended, ProcessError> {
    let mut build = process::command("cargo", root);
    build.args(["build", "--release", "--package", PACKAGE]);
    if !process::succeeds(&mut build, None)? {
        return Ok(Ended::Badly);
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let program = root.join(target).join("release/bench-datapath");
    let mut measure = process::command(root.join("scripts/setup.sh"), root);
    let to = if quick { "--quick" } else { "docs/benchmarks.md" };
    measure.args(["root", WHY_ROOT]).arg(program).arg(to);
    Ok(if process::succeeds(&mut measure, None)? { Ended::Well } else { Ended::Badly })
}
