//! Tables of sets that no pod has: what a set would say without some of its rules.
//!
//! Whether a rule is needed is answered by making the table without it.

use model::{Family, Peers, Reason, RuleRef, World};

use crate::paint::Because;

use crate::set::{PolicySet, SetPorts};
use crate::tables::build;
use crate::tables::index::PeerIndex;
use crate::tables::roster::Roster;
use crate::tables::symbolic::{Condition, Space};
use crate::tables::table::Table;
use crate::tables::witness::{Found, find};

/// Makes tables of any set of one world.
pub struct Workbench<'w> {
    pub(crate) world: &'w World,
    pub(crate) roster: Roster,
    pub(crate) index: PeerIndex<'w>,
}

impl<'w> Workbench<'w> {
    /// Of a world.
    #[must_use]
    pub fn new(world: &'w World) -> Self {
        let roster = Roster::of(world);
        let index = PeerIndex::new(world, &roster);
        Self { world, roster, index }
    }

    /// Who has which number.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The table of a set.
    pub fn table(&mut self, set: &PolicySet) -> Table {
        build::table(set, self.world, &mut self.index)
    }

    /// The least pod that satisfies all of some conditions and none of others.
    #[must_use]
    pub fn somebody(&self, all_of: &[Condition], none_of: &[Condition]) -> Found {
        find(self.world, &self.index.taken, all_of, none_of)
    }

    /// What some sets say of pods that do not exist yet, in flows of `family`.
    #[must_use]
    pub fn space(&self, sets: &[&PolicySet], family: Family) -> Space<'w> {
        Space::new(self.world, sets, &self.index, family)
    }
}

impl PolicySet {
    /// Its rules in their order.
    pub fn rules(&self) -> impl Iterator<Item = &RuleRef> {
        self.rules.iter().map(|rule| &rule.origin)
    }

    /// The reason of a cell of this set; none where the cell is another set's.
    #[must_use]
    pub fn reason(&self, because: Because) -> Option<Reason> {
        Some(match because {
            Because::Rule(at) => Reason::Rule(self.rules.get(at as usize)?.origin.clone()),
            Because::DefaultDeny(tier) => {
                Reason::DefaultDeny(self.isolating_in(tier).into_iter().cloned().collect())
            }
            Because::Builtin(builtin) => Reason::Builtin(builtin),
        })
    }

    /// Whether the same tiers isolate by default as in `other`.
    #[must_use]
    pub fn isolates_like(&self, other: &Self) -> bool {
        self.isolating() == other.isolating()
    }

    /// Whether it has no rules, so that nothing is decided by them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The set without the rules for which `gone` holds, as if their policies did not exist.
    #[must_use]
    pub fn without(&self, gone: impl Fn(&RuleRef) -> bool) -> Self {
        let mut set = self.clone();
        set.rules.retain(|rule| !gone(&rule.origin));
        set
    }

    /// The set where the rules for which `gone` holds match nobody; their policies still isolate.
    #[must_use]
    pub fn hollow(&self, gone: impl Fn(&RuleRef) -> bool) -> Self {
        let mut set = self.clone();
        for rule in set.rules.iter_mut().filter(|rule| gone(&rule.origin)) {
            rule.peers = Peers::OneOf(Vec::new());
            rule.ports = SetPorts::OneOf(Vec::new());
        }
        set
    }
}
