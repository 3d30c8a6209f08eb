//! `make test`: every test of the project, the four tiers included.
//!
//! The crates that need no root run first and as the user; without root the others are named as
//! SKIPPED, or are an error where `RINGFENCE_REQUIRE_KERNEL` says that nothing may be skipped.

use std::path::Path;

use crate::Ended;
use crate::process::ProcessError;
use crate::suite::{self, Outcome, Suite};
use crate::workspace::{Workspace, WorkspaceError};

/// Why the tests could not be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TestError {
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    #[error("cannot run the tests")]
    Run(#[from] ProcessError),
    #[error("RINGFENCE_REQUIRE_KERNEL is set, but there is no root: {skipped} would be skipped")]
    NoRoot { skipped: String },
}

/// Runs all tests of the tree in `root`.
pub(crate) fn run(root: &Path) -> Result<Ended, TestError> {
    let workspace = Workspace::read(root)?;
    let suite = Suite {
        root: root.to_path_buf(),
        variables: Vec::new(),
        log: None,
        seconds_max: None,
        without: &[],
    };
    let unprivileged = suite.run(&suite::unprivileged(&workspace.members))?;
    match unprivileged {
        Outcome::Passed => privileged(&suite, &suite::privileged(&workspace.members)),
        Outcome::Failed | Outcome::NotBuilt => Ok(Ended::Badly),
    }
}

fn privileged(suite: &Suite, packages: &[&str]) -> Result<Ended, TestError> {
    if suite.can_be_root()? {
        return Ok(ended(suite.run_as_root(packages)?));
    }
    let skipped = packages.join(", ");
    if std::env::var_os("RINGFENCE_REQUIRE_KERNEL").is_some() {
        return Err(TestError::NoRoot { skipped });
    }
    println!("SKIPPED {skipped}: they need root; run `make test` as root or with sudo at hand");
    Ok(Ended::Well)
}

fn ended(outcome: Outcome) -> Ended {
    match outcome {
        Outcome::Passed => Ended::Well,
        Outcome::Failed | Outcome::NotBuilt => Ended::Badly,
    }
}
