//! `make mutants`: breaks a copy of the tree on purpose, one small patch at a time.
//!
//! Tests that let a wrong verdict pass prove nothing; each mutant is a wrong verdict, and the tier
//! that notices it is printed. The tree itself is never touched.

mod judge;
mod patch;
mod report;
mod sample;
mod scratch;
mod seed;
mod tiers;
#[cfg(test)]
mod whole;

use std::fs;
use std::path::Path;

use crate::Ended;
use crate::cli;
use crate::files::FilesError;
use crate::process::{self, ProcessError};
use crate::workspace::WorkspaceError;
use judge::{Tiers, Verdict};
use patch::PatchError;
pub(crate) use patch::{Mutant, read_all};
use report::{Page, Report};
use scratch::Scratch;
use tiers::KernelAndCore;

/// Where the patches are.
pub(crate) const FOLDER: &str = "tests/mutants";

/// Why mutants could not be judged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MutantsError {
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error(transparent)]
    Patch(#[from] PatchError),
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    #[error("there is no mutant to judge in {FOLDER}")]
    None,
    #[error("the tiers of the kernel need root; `--tier core` does without")]
    NoRoot,
    #[error("without any mutant the tests already fail or do not compile: see {log}")]
    Baseline { log: String },
}

/// Judges the chosen mutants of the tree in `root`.
pub(crate) fn run(root: &Path, options: &cli::Mutants) -> Result<Ended, MutantsError> {
    let folder = process::cache().join("mutants");
    seed::seed(&seed::built(root), &Scratch::new(root, &folder)?.target())?;
    let report = judge_in(&folder, root, options)?;
    if let Some(page) = &options.write {
        write(page, root, &report)?;
    }
    let tally = report.tally();
    println!("{tally}");
    Ok(if tally.all_caught() { Ended::Well } else { Ended::Badly })
}

/// Writes the page anew. Rows of mutants that were not judged now stay, if there are such mutants.
fn write(page: &Path, root: &Path, report: &Report) -> Result<(), MutantsError> {
    let before = if page.exists() { fs::read_to_string(page) } else { Ok(String::new()) };
    let before = before.map_err(FilesError::at(page))?;
    let numbers = read_all(&root.join(FOLDER))?.into_iter().map(|mutant| mutant.number);
    let written = Page::read(&before, &numbers.collect()).with(report).to_string();
    Ok(fs::write(page, written).map_err(FilesError::at(page))?)
}

/// As above, in a copy in `folder`.
fn judge_in(folder: &Path, root: &Path, options: &cli::Mutants) -> Result<Report, MutantsError> {
    let chosen = sample::choose(read_all(&root.join(FOLDER))?, options);
    if chosen.is_empty() {
        return Err(MutantsError::None);
    }
    // People go on editing while mutants are judged; what they were to see is what was there first.
    let snapshot = Scratch::new(root, &folder.join("snapshot"))?;
    snapshot.restore()?;
    let scratch = Scratch::new(&snapshot.tree(), folder)?;
    let mut tiers = KernelAndCore::new(&scratch, options.tier)?;
    baseline(&scratch, &mut tiers)?;
    let mut report = Report::default();
    for mutant in chosen {
        let verdict = judge_one(&scratch, &mut tiers, &mutant)?;
        println!("{:<9} {mutant}: {verdict}", verdict.word());
        report.add(mutant, verdict);
    }
    Ok(report)
}

/// A test that fails without a mutant would catch every mutant.
fn baseline(scratch: &Scratch, tiers: &mut impl Tiers) -> Result<(), MutantsError> {
    scratch.restore()?;
    match judge::judge(tiers, "baseline", &judge::ALL)? {
        Verdict::Survived => Ok(()),
        Verdict::Caught { .. } | Verdict::NotBuilt => {
            Err(MutantsError::Baseline { log: scratch.log("baseline").display().to_string() })
        }
    }
}

fn judge_one(
    scratch: &Scratch,
    tiers: &mut impl Tiers,
    mutant: &Mutant,
) -> Result<Verdict, MutantsError> {
    scratch.restore()?;
    scratch.apply(&mutant.path)?;
    Ok(judge::judge(tiers, &mutant.name(), mutant.place.tiers())?)
}
