//! `cargo xtask coverage`: how much of the packet parser's twin the corpus reaches, branch by branch.
//!
//! Measured by the compiler's own counters with the pinned toolchain, so that the figure changes with
//! the corpus and the twin only. Branches of `match` are counted as lines; both must be covered.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::Ended;
use crate::process::{self, ProcessError};
use crate::suite;

const PACKAGE: &str = "ringfence-packets";
const TEST: &str = "corpus";
const FOLDER: &str = "crates/packet/src";
const PERCENT_MIN: f64 = 95.0;

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CoverageError {
    #[error("cannot measure")]
    Process(#[from] ProcessError),
    #[error("cargo has not built the test `{TEST}`")]
    NotBuilt,
    #[error("cannot use the folder of the counters")]
    Folder(#[from] std::io::Error),
    #[error("cannot read what llvm-cov says")]
    Read(#[from] serde_json::Error),
    #[error("llvm-cov names no file of {FOLDER}")]
    Nothing,
}

/// Builds, runs and reports. Badly, where less is covered than must be.
pub(crate) fn run(root: &Path) -> Result<Ended, CoverageError> {
    process::output(process::command(root.join("scripts/setup.sh"), root).arg("coverage"))?;
    let folder = folder(root);
    let program = build(root, &folder)?;
    let counters = empty(folder.join("counters"))?;
    let profile = folder.join("profile");
    let mut run = process::command(&program, &root.join("tests/packets"));
    process::output(run.env("LLVM_PROFILE_FILE", counters.join("%p.profraw")))?;
    merge(root, &counters, &profile)?;
    let mut export = tool(root, "llvm-cov")?;
    export.args(["export", "-summary-only", "-instr-profile"]).arg(&profile);
    export.arg(&program).arg("-sources").arg(root.join(FOLDER));
    report(&process::output(&mut export)?)
}

/// A build folder of its own, because everything in it is instrumented.
fn folder(root: &Path) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    root.join(target).join("coverage")
}

/// Counters of an earlier run are not counted again.
fn empty(folder: PathBuf) -> Result<PathBuf, std::io::Error> {
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn build(root: &Path, folder: &Path) -> Result<PathBuf, CoverageError> {
    let mut cargo = process::command("cargo", root);
    cargo
        .args(["test", "--package", PACKAGE, "--test", TEST, "--no-run"])
        .args(["--quiet", "--message-format=json"])
        .env("CARGO_TARGET_DIR", folder)
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "0")
        // Programs that run while building are instrumented too; what they count is thrown away.
        .env("LLVM_PROFILE_FILE", folder.join("counters/build-%p.profraw"))
        // Branches are counted behind an unstable option, of this compiler and no other.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-C instrument-coverage -Z coverage-options=branch");
    let messages = process::output(&mut cargo)?;
    suite::binaries(&messages).pop().map(|binary| binary.program).ok_or(CoverageError::NotBuilt)
}

fn merge(root: &Path, counters: &Path, profile: &Path) -> Result<(), CoverageError> {
    let mut command = tool(root, "llvm-profdata")?;
    command.args(["merge", "-sparse", "-o"]).arg(profile);
    for entry in std::fs::read_dir(counters)? {
        command.arg(entry?.path());
    }
    process::output(&mut command)?;
    Ok(())
}

/// A tool of the toolchain itself, which alone understands its counters.
fn tool(root: &Path, name: &str) -> Result<std::process::Command, ProcessError> {
    let libraries =
        process::output(process::command("rustc", root).args(["--print", "target-libdir"]))?;
    let folder = Path::new(libraries.trim()).with_file_name("bin");
    Ok(process::command(folder.join(name), root))
}

#[derive(Deserialize)]
struct Told {
    data: Vec<Data>,
}

#[derive(Deserialize)]
struct Data {
    totals: Totals,
}

#[derive(Deserialize)]
struct Totals {
    branches: Share,
    lines: Share,
    regions: Share,
}

#[derive(Clone, Copy, Deserialize)]
struct Share {
    count: u64,
    covered: u64,
}

impl Share {
    fn percent(self) -> f64 {
        self.covered as f64 * 100.0 / self.count.max(1) as f64
    }
}

fn report(told: &str) -> Result<Ended, CoverageError> {
    let told: Told = serde_json::from_str(told)?;
    let totals = &told.data.first().ok_or(CoverageError::Nothing)?.totals;
    if totals.branches.count == 0 {
        return Err(CoverageError::Nothing);
    }
    let share =
        |share: Share| format!("{}/{} ({:.1} %)", share.covered, share.count, share.percent());
    println!(
        "coverage of {FOLDER}: branches={} lines={} regions={}",
        share(totals.branches),
        share(totals.lines),
        share(totals.regions)
    );
    let enough = [totals.branches, totals.lines].iter().all(|one| one.percent() >= PERCENT_MIN);
    if !enough {
        println!("branches and lines must be {PERCENT_MIN} % at least: a case is missing");
    }
    Ok(if enough { Ended::Well } else { Ended::Badly })
}

#[cfg(test)]
mod tests {
    use super::{CoverageError, report};
    use crate::Ended;

    fn ended(branches: u64, lines: u64) -> Result<Ended, CoverageError> {
        let share = |covered| format!("{{\"count\":100,\"covered\":{covered}}}");
        report(&format!(
            "{{\"data\":[{{\"totals\":{{\"branches\":{},\"lines\":{},\"regions\":{}}}}}]}}",
            share(branches),
            share(lines),
            share(0)
        ))
    }

    #[test]
    fn branches_and_lines_must_both_be_covered() {
        for (branches, lines, expected) in
            [(95, 95, Ended::Well), (94, 100, Ended::Badly), (100, 94, Ended::Badly)]
        {
            assert_eq!(ended(branches, lines).expect("it is readable"), expected);
        }
    }

    #[test]
    fn nothing_is_not_everything() {
        let nothing = r#"{"data":[{"totals":{"branches":{"count":0,"covered":0},
            "lines":{"count":0,"covered":0},"regions":{"count":0,"covered":0}}}]}"#;
        assert!(matches!(report(nothing), Err(CoverageError::Nothing)));
        assert!(report("{}").is_err());
    }
}
