//! `cargo xtask speed`: whole processes on generated clusters, beside the tools that are installed.
//!
//! People wait for processes, not for functions: reading, deciding and printing count together.

mod measure;
mod page;
mod plan;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use self::measure::Measured;
pub(crate) use self::measure::{MeasureError, measure};
use self::plan::{Row, Tree};
use crate::Ended;
use crate::process::{self, ProcessError};

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpeedError {
    #[error("cannot build what is to be measured")]
    Process(#[from] ProcessError),
    #[error("cannot measure")]
    Measure(#[from] MeasureError),
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// Builds, generates, measures, and writes docs/speed.md.
pub(crate) fn run(root: &Path) -> Result<Ended, SpeedError> {
    let folder = process::cache().join("speed");
    let write = |path: &Path| {
        let path = path.to_owned();
        move |source| SpeedError::Write { path, source }
    };
    fs::create_dir_all(&folder).map_err(write(&folder))?;
    let bin = build(root)?;
    for tree in Tree::ALL {
        generate(root, &bin, tree, &folder)?;
    }
    let mut rows = Vec::new();
    for row in plan::rows(&bin.join("ringfence"), &folder) {
        rows.push(figures(row, root)?);
    }
    let page = root.join("docs/speed.md");
    fs::write(&page, page::text(&rows)).map_err(write(&page))?;
    eprintln!("{} is written", page.display());
    Ok(Ended::Well)
}

/// The folder of the release builds.
fn build(root: &Path) -> Result<PathBuf, SpeedError> {
    let mut cargo = process::command("cargo", root);
    cargo.args(["build", "--release", "--package", "ringfence"]);
    process::output(&mut cargo)?;
    let mut cargo = process::command("cargo", root);
    cargo.args(["build", "--release", "--package", "ringfence-testkit", "--example", "generate"]);
    process::output(&mut cargo)?;
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    Ok(root.join(target).join("release"))
}

fn generate(root: &Path, bin: &Path, tree: Tree, folder: &Path) -> Result<(), SpeedError> {
    let mut generate = process::command(bin.join("examples/generate"), root);
    generate.arg(tree.workloads.to_string()).arg(tree.path(folder)).arg(tree.seed.to_string());
    process::output(&mut generate)?;
    Ok(())
}

/// A row with what was measured; nothing where the tool is not there.
type Figures = (Row, Option<Measured>);

fn figures(row: Row, root: &Path) -> Result<Figures, SpeedError> {
    if !row.is_installed() {
        return Ok((row, None));
    }
    eprint!("{} workloads, {}: ", row.workloads, row.title);
    let measured = measure::best(&row.words, row.runs, root)?;
    eprintln!("{measured}");
    Ok((row, Some(measured)))
}
