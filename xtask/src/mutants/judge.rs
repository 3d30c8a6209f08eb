//! Who notices a mutant first.
//!
//! Tiers are asked from the fastest to the slowest and the first that fails ends it; a mutant that
//! does not compile proves nothing and counts as neither.

use std::fmt;

use crate::process::ProcessError;
use crate::suite::Outcome;

/// A group of tiers that are run together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TierName {
    /// T0 and T1: no root, no kernel.
    Core,
    /// T2 and T3.
    Kernel,
}

/// All, the fastest first.
pub(crate) const ALL: [TierName; 2] = [TierName::Core, TierName::Kernel];

impl fmt::Display for TierName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Core => "T0 = T1",
            Self::Kernel => "T2 = T3",
        })
    }
}

/// Runs tiers on the tree as it is now.
pub(crate) trait Tiers {
    /// What `tier` says, or none where it may not judge; `name` is what its log is called.
    fn run(&mut self, tier: TierName, name: &str) -> Result<Option<Outcome>, ProcessError>;
    /// The first test that failed in the newest run, as far as its log tells.
    fn culprit(&self, name: &str) -> Option<String>;
}

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A tier failed.
    Caught { tier: TierName, test: Option<String> },
    /// Every tier that was asked passed.
    Survived,
    /// It does not compile, so no tier could judge it.
    NotBuilt,
}

impl Verdict {
    /// The word that a line of the report begins with.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Caught { .. } => "caught",
            Self::Survived => "SURVIVED",
            Self::NotBuilt => "NOT BUILT",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caught { tier, test: Some(test) } => write!(f, "by {tier}, first by {test}"),
            Self::Caught { tier, test: None } => write!(f, "by {tier}"),
            Self::Survived => f.write_str("no tier noticed"),
            Self::NotBuilt => f.write_str("it does not compile"),
        }
    }
}

/// Asks `allowed` in turn.
pub(crate) fn judge(
    tiers: &mut impl Tiers,
    name: &str,
    allowed: &[TierName],
) -> Result<Verdict, ProcessError> {
    for &tier in allowed {
        match tiers.run(tier, name)? {
            Some(Outcome::Failed) => {
                return Ok(Verdict::Caught { tier, test: tiers.culprit(name) });
            }
            Some(Outcome::NotBuilt) => return Ok(Verdict::NotBuilt),
            Some(Outcome::Passed) | None => {}
        }
    }
    Ok(Verdict::Survived)
}

/// The closing line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    mutants: u32,
    caught: u32,
    survived: u32,
}

impl Tally {
    /// Counts one more.
    pub(crate) fn add(&mut self, verdict: &Verdict) {
        self.mutants += 1;
        match verdict {
            Verdict::Caught { .. } => self.caught += 1,
            Verdict::Survived => self.survived += 1,
            Verdict::NotBuilt => {}
        }
    }

    /// Whether there was something to catch and all of it was caught.
    pub(crate) fn all_caught(self) -> bool {
        self.mutants > 0 && self.caught == self.mutants
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mutants, caught, survived } = self;
        write!(f, "mutants={mutants} caught={caught} survived={survived}")
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, Outcome, Tally, TierName, Tiers, Verdict, judge};
    use crate::process::ProcessError;

    /// Answers what it was told and remembers who was asked.
    struct Told {
        core: Option<Outcome>,
        kernel: Option<Outcome>,
        asked: Vec<TierName>,
    }

    impl Tiers for Told {
        fn run(&mut self, tier: TierName, _: &str) -> Result<Option<Outcome>, ProcessError> {
            self.asked.push(tier);
            Ok(match tier {
                TierName::Core => self.core,
                TierName::Kernel => self.kernel,
            })
        }

        fn culprit(&self, _: &str) -> Option<String> {
            None
        }
    }

    fn ask(core: Option<Outcome>, kernel: Option<Outcome>) -> (Verdict, usize) {
        let mut tiers = Told { core, kernel, asked: Vec::new() };
        let verdict = judge(&mut tiers, "01", &ALL).expect("nothing is started");
        (verdict, tiers.asked.len())
    }

    #[test]
    fn the_first_tier_that_fails_ends_it() {
        let caught = |tier| Verdict::Caught { tier, test: None };
        assert_eq!(ask(Some(Outcome::Failed), Some(Outcome::Passed)), (caught(TierName::Core), 1));
        assert_eq!(
            ask(Some(Outcome::Passed), Some(Outcome::Failed)),
            (caught(TierName::Kernel), 2)
        );
        assert_eq!(ask(None, Some(Outcome::Failed)), (caught(TierName::Kernel), 2));
    }

    #[test]
    fn what_nobody_notices_survived_and_what_does_not_compile_was_not_caught() {
        assert_eq!(ask(Some(Outcome::Passed), Some(Outcome::Passed)), (Verdict::Survived, 2));
        assert_eq!(ask(Some(Outcome::NotBuilt), None), (Verdict::NotBuilt, 1));
    }

    #[test]
    fn a_mutant_that_does_not_compile_spoils_the_tally() {
        let mut tally = Tally::default();
        assert!(!tally.all_caught(), "no mutants are no proof");
        tally.add(&Verdict::Caught { tier: TierName::Core, test: None });
        assert!(tally.all_caught());
        tally.add(&Verdict::NotBuilt);
        assert!(!tally.all_caught());
        assert_eq!(tally.to_string(), "mutants=2 caught=1 survived=0");
    }
}
