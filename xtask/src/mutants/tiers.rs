//! The real tiers: cargo's tests in the scratch copy.
//!
//! The same `Suite` runs them as in `make test`.

use std::fs;

use super::MutantsError;
use super::judge::{TierName, Tiers};
use super::scratch::Scratch;
use crate::cli;
use crate::process::ProcessError;
use crate::suite::{Outcome, Suite};

/// The crates that can see a wrong verdict without a kernel; the others' tests would only cost time.
pub(super) const CORE: [&str; 7] = [
    "ringfence-policy",
    "ringfence-compile",
    "ringfence-plan",
    "ringfence-node",
    "ringfence-testkit",
    "ringfence-tiers",
    "ringfence-sim",
];

/// The crate that sees what the programs do, by test runs and by real packets.
const KERNEL: [&str; 1] = ["ringfence-kernel"];

/// Tests that see that a program is another one, and nothing of what it does: they would catch every
/// mutant in C, and say nothing of it.
const BY_FORM: [&str; 1] = ["golden"];

/// A mutant may loop for ever; the longest honest test binary takes a fraction of this.
const SECONDS_MAX: u32 = 900;

/// All tiers, as far as they may judge.
pub(crate) struct KernelAndCore {
    scratch: Scratch,
    may: cli::Tiers,
}

impl KernelAndCore {
    /// The tiers of `scratch` that `may` names.
    pub(crate) fn new(scratch: &Scratch, may: cli::Tiers) -> Result<Self, MutantsError> {
        scratch.restore()?;
        let tiers = Self { scratch: scratch.clone(), may };
        if tiers.may_judge(TierName::Kernel) && !tiers.suite("root").can_be_root()? {
            return Err(MutantsError::NoRoot);
        }
        Ok(tiers)
    }

    fn may_judge(&self, tier: TierName) -> bool {
        match (self.may, tier) {
            (cli::Tiers::All, _)
            | (cli::Tiers::Core, TierName::Core)
            | (cli::Tiers::Kernel, TierName::Kernel) => true,
            (cli::Tiers::Core, TierName::Kernel) | (cli::Tiers::Kernel, TierName::Core) => false,
        }
    }

    fn suite(&self, name: &str) -> Suite {
        Suite {
            root: self.scratch.tree(),
            variables: vec![
                ("CARGO_TARGET_DIR", self.scratch.target().into()),
                ("INSTA_UPDATE", "no".into()),
            ],
            log: Some(self.scratch.log(name)),
            seconds_max: Some(SECONDS_MAX),
            without: &BY_FORM,
        }
    }
}

impl Tiers for KernelAndCore {
    fn run(&mut self, tier: TierName, name: &str) -> Result<Option<Outcome>, ProcessError> {
        if !self.may_judge(tier) {
            return Ok(None);
        }
        let log = self.scratch.log(name);
        fs::write(&log, "").map_err(|source| ProcessError::Log { path: log, source })?;
        match tier {
            TierName::Core => self.suite(name).run(&CORE),
            TierName::Kernel => self.suite(name).run_as_root(&KERNEL),
        }
        .map(Some)
    }

    fn culprit(&self, name: &str) -> Option<String> {
        first_failure(&fs::read_to_string(self.scratch.log(name)).ok()?)
    }
}

/// The name in the first line `test NAME ... FAILED`.
fn first_failure(log: &str) -> Option<String> {
    let name =
        |line: &str| Some(line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?.to_owned());
    log.lines().find_map(name)
}

#[cfg(test)]
mod tests {
    use super::first_failure;

    #[test]
    fn the_first_failed_test_is_named() {
        let log = "test a::b ... ok\ntest a::c ... FAILED\ntest a::d ... FAILED\n";
        assert_eq!(first_failure(log).as_deref(), Some("a::c"));
        assert_eq!(first_failure("test a::b ... ok\n"), None);
    }
}
