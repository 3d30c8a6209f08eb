//! Leads one node's tables to what is wanted: compile, observe, plan, perform, and again if need be.
//!
//! It is the loop of every process that keeps a node's policies in force, over any [`plan::Kernel`].
//! Where there is no room for everything, endpoints keep the policies that they had, and a report
//! says which policies are not programmed and which table was full.
//!
//! **Invariant:** nothing is written before it is known to fit, and what does not fit is never a
//! part of an endpoint's policies: it has all of the new ones, all of the old ones, or quarantine.
//! **Invariant:** a node itself is never in quarantine, not for a moment: it has all of the new ones, all
//! of the old ones, or is not judged, which is reported.
//! **Invariant:** no IO, no clock, no randomness; the kernel and the world are arguments.

mod budget;
mod choice;
mod memory;
mod moves;
mod rename;
mod report;

use compile::{Compiled, Draft, Image, Scope, Slots, Subjects};
use model::{Rules, World};
use plan::{Kernel, Op, PlanError};

pub use compile::Shortage;
pub use report::{Held, HeldEndpoint, HeldPeer, HeldService, NotProgrammed};

use crate::choice::{Choice, Room};
use crate::memory::Memory;

/// After so many failed writes in a row the caller hears of it.
const ATTEMPTS: u32 = 3;

/// Room is made and used in so many rounds at most; the next call goes on.
const ROUNDS_MAX: u32 = 32;

/// What a process that keeps a node's policies in force remembers.
#[derive(Debug, Default)]
pub struct Node {
    slots: Slots,
    memory: Memory,
    /// By which names the kernel was told of processes last, as far as that is known.
    told: Subjects,
    compiled: Option<Compiled>,
    not_programmed: NotProgrammed,
    is_behind: bool,
}

/// Why a node is not as it should be. It stays as it was, or on the way, and enforces that.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError<K: Kernel> {
    /// The tables cannot be read.
    #[error("the tables cannot be read")]
    Observe(#[source] K::ObserveError),
    /// No safe way leads to the new table; nothing was written.
    #[error("the change cannot be planned")]
    Plan(#[from] PlanError),
    /// A write failed; the ones before it stand.
    #[error("a write failed")]
    Perform(#[source] K::PerformError),
}

impl Node {
    /// A process that begins where another one ended, with the slots that are in use; see
    /// [`Slots::held`].
    #[must_use]
    pub fn restarted(slots: Slots) -> Self {
        Self { slots, is_behind: true, ..Self::default() }
    }

    /// Frees the slots of pods that are gone and gives new ones theirs. Interfaces are attached after
    /// this and before [`Node::program`], so that a new pod begins in quarantine.
    pub fn follow(&mut self, world: &World, scope: Scope<'_>) {
        self.slots.update(world, scope);
    }

    /// The slots of the node's pods.
    #[must_use]
    pub fn slots(&self) -> &Slots {
        &self.slots
    }

    /// The table at hand, which is what the kernel was led to last.
    #[must_use]
    pub fn compiled(&self) -> Option<&Compiled> {
        self.compiled.as_ref()
    }

    /// What of the wanted state is not programmed.
    #[must_use]
    pub fn not_programmed(&self) -> &NotProgrammed {
        &self.not_programmed
    }

    /// Whether the last attempt failed, so that the kernel may be on its way.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// Leads the kernel to what `world` and `rules` want, as far as there is room. Room that becomes
    /// free on the way is used. `tell` is to tell the kernel which process is which subject: where names
    /// change that happens on the way, between two writes (see `rename`).
    ///
    /// # Errors
    /// Where the kernel refuses several times in a row, or nothing at all fits.
    pub fn program<K: Kernel>(
        &mut self,
        kernel: &mut K,
        world: &World,
        rules: &Rules,
        tell: Tell<'_, K>,
    ) -> Result<(), ProgramError<K>> {
        self.not_programmed = NotProgrammed::default();
        self.slots.name_also(&self.told);
        self.rounds(kernel, world, rules, tell)?;
        if self.has_old_names(world, rules) {
            self.rounds(kernel, world, rules, tell)?;
        }
        Ok(())
    }

    /// Words are what they should be, so the names of rules that are gone may go, if there are any.
    fn has_old_names(&mut self, world: &World, rules: &Rules) -> bool {
        self.slots.name_also(&Subjects::default());
        let is_any = self.told != Subjects::default();
        is_any && Draft::new(world, rules, &self.slots).subjects() != self.told
    }

    fn rounds<K: Kernel>(
        &mut self,
        kernel: &mut K,
        world: &World,
        rules: &Rules,
        tell: Tell<'_, K>,
    ) -> Result<(), ProgramError<K>> {
        self.is_behind = true;
        let mut failed = 0;
        for _ in 0..ROUNDS_MAX {
            match self.round(kernel, world, rules, tell) {
                Ok(Round::Done) => {
                    self.is_behind = false;
                    return Ok(());
                }
                Ok(Round::Freed) => failed = 0,
                Err(ProgramError::Perform(_)) if failed + 1 < ATTEMPTS => failed += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn round<K: Kernel>(
        &mut self,
        kernel: &mut K,
        world: &World,
        rules: &Rules,
        tell: Tell<'_, K>,
    ) -> Result<Round, ProgramError<K>> {
        let observed = kernel.observe().map_err(ProgramError::Observe)?;
        let capacities = kernel.capacities().map_err(ProgramError::Observe)?;
        self.memory.recall(&observed);
        self.slots.set_capacity(capacities.endpoints);
        self.slots.keep_subjects(&observed.subjects);
        let draft = Draft::new(world, rules, &self.slots);
        let without = rules.has_staged().then(|| rules.without_staged());
        let enforced = without.as_ref().map(|rules| Draft::new(world, rules, &self.slots));
        let room = Room { observed: &observed, capacities };
        let Choice { compiled, ops, not_programmed, given, fresh } =
            choice::choose(&draft, enforced.as_ref(), room, &self.memory, world)?;
        if self.rename(kernel, &observed, &compiled.subjects, tell)? {
            return Ok(Round::Freed);
        }
        self.memory.attempt(&compiled.image, given);
        let is_short = !not_programmed.is_empty() || compiled.unstaged.is_some();
        let may_fit_now = !ops.is_empty() && is_short;
        // Known before it is done: a write that fails may leave it half done.
        self.not_programmed = not_programmed.after(self.not_programmed.without());
        kernel.reset_rule_counts(&fresh).map_err(ProgramError::Observe)?;
        for slot in self.slots.of_nodes().filter(|slot| takes_away(*slot, &ops)) {
            kernel.open_host(slot).map_err(ProgramError::Observe)?;
        }
        kernel.perform(&ops).map_err(ProgramError::Perform)?;
        self.compiled = Some(compiled);
        Ok(if may_fit_now { Round::Freed } else { Round::Done })
    }

    /// Tells processes apart by other names, of which each has the words that it had. Whether anything
    /// was to be done.
    fn rename<K: Kernel>(
        &mut self,
        kernel: &mut K,
        observed: &Image,
        subjects: &Subjects,
        tell: Tell<'_, K>,
    ) -> Result<bool, ProgramError<K>> {
        let rename::Renaming { begin, end } = rename::between(observed, &self.told, subjects);
        let is_needed = !begin.is_empty() || !end.is_empty();
        if is_needed {
            kernel.perform(&begin).map_err(ProgramError::Perform)?;
            tell(kernel, subjects).map_err(ProgramError::Observe)?;
            kernel.perform(&end).map_err(ProgramError::Perform)?;
        }
        self.told = subjects.clone();
        Ok(is_needed)
    }
}

/// Whether an endpoint has no words at some moment of a plan.
fn takes_away(slot: u32, ops: &[Op]) -> bool {
    ops.iter().any(|op| match op {
        Op::Endpoint { endpoint, record } => *endpoint == slot && !record.sets.is_live(),
        Op::Sets { endpoint, sets } => *endpoint == slot && !sets.is_live(),
        Op::Cell { .. }
        | Op::Row { .. }
        | Op::NoRow { .. }
        | Op::Port { .. }
        | Op::Peer { .. }
        | Op::NoPeer { .. }
        | Op::Prefix { .. }
        | Op::NoPrefix { .. }
        | Op::Subject { .. }
        | Op::NoSubject { .. }
        | Op::Staged { .. }
        | Op::Hairpin { .. }
        | Op::Generation { .. }
        | Op::Backend { .. }
        | Op::NoBackend { .. }
        | Op::Service { .. }
        | Op::NoService { .. } => false,
    })
}

/// Tells the kernel which processes are which of these subjects.
pub type Tell<'a, K> =
    &'a mut dyn FnMut(&mut K, &Subjects) -> Result<(), <K as Kernel>::ObserveError>;

/// How a round ended.
enum Round {
    /// There is nothing more to do.
    Done,
    /// Something was left out, and what was written may have made room for it.
    Freed,
}
