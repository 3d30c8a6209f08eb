//! `make mutants`: breaks a copy of the tree on purpose, one small patch at a time.
//!
//! Tests that let a wrong verdict pass prove nothing; each mutant is a wrong verdict, and the tier
//! that notices it is printed. The tree itself is never touched.

mod judge;
mod patch;
mod sample;
mod scratch;
mod tiers;
#[cfg(test)]
mod whole;

use std::path::Path;

use crate::Ended;
use crate::cli;
use crate::files::FilesError;
use crate::process::{self, ProcessError};
use crate::workspace::WorkspaceError;
use judge::{Tally, Tiers, Verdict};
use patch::PatchError;
pub(crate) use patch::{Mutant, read_all};
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
    let tally = judge_in(&process::cache().join("mutants"), root, options)?;
    println!("{tally}");
    Ok(if tally.all_caught() { Ended::Well } else { Ended::Badly })
}

/// As above, in a copy in `folder`.
fn judge_in(folder: &Path, root: &Path, options: &cli::Mutants) -> Result<Tally, MutantsError> {
    let chosen = sample::choose(read_all(&root.join(FOLDER))?, options);
    if chosen.is_empty() {
        return Err(MutantsError::None);
    }
    let scratch = Scratch::new(root, folder)?;
    let mut tiers = KernelAndCore::new(&scratch, options.tier)?;
    baseline(&scratch, &mut tiers)?;
    let mut tally = Tally::default();
    for mutant in &chosen {
        let verdict = judge_one(&scratch, &mut tiers, mutant)?;
        println!("{:<9} {mutant}: {verdict}", verdict.word());
        tally.add(&verdict);
    }
    Ok(tally)
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
