//! Whether tests hold: those about who exists, and those about everybody there may be.
//!
//! What exists is read from the tables; who could exist is searched for; both end with one flow that
//! the oracle decides.

mod concrete;
mod inside;
mod observed;
mod outside;
mod search;
mod side;
mod universal;

pub use observed::Expected;

use analysis::{Options, Reach, reach};
use compile::{Roster, Workbench};
use model::{Rules, Verdict, World};

use crate::edges::Edges;
use crate::{Case, Counterexample, Kind};

/// How many counterexamples of a test among those who exist are kept.
const KEPT_MAX: usize = 3;

/// Judges tests of one world and its rules.
pub struct Judge<'w> {
    pub(crate) world: &'w World,
    rules: &'w Rules,
    pub(crate) reach: Reach,
    pub(crate) bench: Workbench<'w>,
    edges: Edges,
}

/// What became of a test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Flows that are not as the test says: the first ones.
    pub counterexamples: Vec<Counterexample>,
    /// How many more there are, as far as they were counted.
    pub more: u64,
    /// How many questions were asked; a test that asks none does not hold.
    pub asked: u64,
    /// Something was too large to be proven.
    pub unproven: bool,
}

impl Outcome {
    /// Whether the test holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.counterexamples.is_empty() && self.asked > 0 && !self.unproven
    }

    fn fail(&mut self, counterexample: Counterexample) {
        match self.counterexamples.len() < KEPT_MAX {
            true => self.counterexamples.push(counterexample),
            false => self.more += 1,
        }
    }
}

impl<'w> Judge<'w> {
    /// Prepares the answers that all tests need.
    #[must_use]
    pub fn new(world: &'w World, rules: &'w Rules) -> Self {
        let reach = reach(world, rules, &Options::default());
        let (bench, edges) = (Workbench::new(world), Edges::of(world, rules));
        Self { world, rules, reach, bench, edges }
    }

    /// Who has which number; words are resolved with it.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        self.reach.tables().roster()
    }

    /// Judges one test.
    #[must_use]
    pub fn judge(&self, case: &Case) -> Outcome {
        match case.kind {
            Kind::Allow => self.concrete(case, Verdict::Allow),
            Kind::Deny => self.concrete(case, Verdict::Deny),
            Kind::Only | Kind::Never => {
                let mut outcome = self.of_those_who_exist(case);
                self.of_those_who_could(case, &mut outcome);
                outcome
            }
            Kind::ReachableBy => {
                let mut outcome = self.of_those_who_exist(case);
                self.not_reached(case, &mut outcome);
                self.outside_not_reached(case, &mut outcome);
                outcome
            }
        }
    }

    /// Who reaches a destination and should not.
    fn of_those_who_exist(&self, case: &Case) -> Outcome {
        let mut outcome = Outcome::default();
        self.reached(case, &mut outcome);
        self.outside_reached(case, &mut outcome);
        outcome
    }
}
