//! Sparse tables of a whole cluster: one for each distinct set, as large as what the set speaks of.
//!
//! An image answers one packet fast and needs every set times every class. An analysis asks about
//! everybody at once, and needs each set only where it tells peers apart.

mod build;
mod contrast;
mod cube;
mod index;
mod partition;
mod roster;
mod simplify;
mod space;
mod spotlight;
mod symbolic;
mod table;
mod variant;
mod witness;
mod workbench;

use std::collections::HashMap;
use std::sync::Arc;

use model::{Direction, Pod, PodId, Reason, RuleRef, Rules, World};

pub use contrast::{Answers, Complete, Contrast, Who};
pub use partition::partition;
pub use roster::{Member, Roster};
pub use space::{AddressRange, number};
pub use symbolic::{Condition, Region, Space};
pub use table::{PeerRows, Span, Table};
pub use variant::parts as port_parts;
pub use witness::{Found, Witness};
pub use workbench::Workbench;

use crate::endpoint::Endpoints;
use crate::paint::Because;
use crate::set::PolicySet;
use crate::slot::{Scope, Slots};
use index::PeerIndex;

/// A set by its position among the tables; 0 is the empty one, which allows everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetId(pub u32);

/// The tables of all sets of a world.
#[derive(Clone, Debug)]
pub struct Tables {
    roster: Roster,
    sets: Vec<Arc<PolicySet>>,
    tables: Vec<Table>,
    /// By pod: its egress and its ingress set; none for pods on their node's network.
    of_pod: Vec<Option<[SetId; 2]>>,
}

/// Which sets the pods of a world have, without tables.
#[derive(Clone, Debug)]
pub struct Assigned {
    sets: Vec<Arc<PolicySet>>,
    of_pod: Vec<Option<[SetId; 2]>>,
}

/// The set that `pod` has in `direction`, whether or not it is one of `world`.
#[must_use]
pub fn set_for(world: &World, rules: &Rules, pod: &Pod, direction: Direction) -> PolicySet {
    crate::endpoint::set_for(world, rules, pod, direction)
}

/// Finds the sets of every pod of `world`.
#[must_use]
pub fn assigned(world: &World, rules: &Rules) -> Assigned {
    let slots = Slots::of(world, Scope::Everywhere);
    let (groups, by_pod) = Endpoints::new(world, rules, &slots).into_groups();
    let mut sets = Interned::new();
    let groups: Vec<[SetId; 2]> =
        groups.into_iter().map(|group| group.map(|set| sets.intern(set))).collect();
    let mut of_pod = vec![None; world.pods().count()];
    for (pod, group) in by_pod {
        if let (Some(place), Some(sets)) = (of_pod.get_mut(pod.0 as usize), groups.get(group)) {
            *place = Some(*sets);
        }
    }
    Assigned { sets: sets.sets, of_pod }
}

impl Assigned {
    /// The sets by their ids.
    #[must_use]
    pub fn sets(&self) -> &[Arc<PolicySet>] {
        &self.sets
    }

    /// The egress and the ingress set of `pod`; none where it is on its node's network.
    #[must_use]
    pub fn of(&self, pod: PodId) -> Option<[SetId; 2]> {
        *self.of_pod.get(pod.0 as usize)?
    }
}

/// Makes the sparse tables of every pod of `world`.
#[must_use]
pub fn tables(world: &World, rules: &Rules) -> Tables {
    let Assigned { sets, of_pod } = assigned(world, rules);
    let roster = Roster::of(world);
    let mut index = PeerIndex::new(world, &roster);
    let tables = sets.iter().map(|set| build::table(set, world, &mut index)).collect();
    Tables { roster, sets, tables, of_pod }
}

/// Sets in the order in which pods have them, each once.
struct Interned {
    sets: Vec<Arc<PolicySet>>,
    known: HashMap<Arc<PolicySet>, SetId>,
}

impl Interned {
    fn new() -> Self {
        let mut new = Self { sets: Vec::new(), known: HashMap::new() };
        new.intern(PolicySet::default());
        new
    }

    fn intern(&mut self, set: PolicySet) -> SetId {
        let next = SetId(u32::try_from(self.sets.len()).unwrap_or(u32::MAX));
        *self.known.entry(Arc::new(set)).or_insert_with_key(|set| {
            self.sets.push(Arc::clone(set));
            next
        })
    }
}

impl Tables {
    /// Who has which number.
    #[must_use]
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// All sets.
    pub fn sets(&self) -> impl Iterator<Item = SetId> + use<> {
        (0..u32::try_from(self.sets.len()).unwrap_or(u32::MAX)).map(SetId)
    }

    /// The set of `pod` in `direction`; none where the pod is on its node's network (ruling N16).
    #[must_use]
    pub fn set_of(&self, pod: PodId, direction: Direction) -> Option<SetId> {
        let [egress, ingress] = (*self.of_pod.get(pod.0 as usize)?)?;
        match direction {
            Direction::Egress => Some(egress),
            Direction::Ingress => Some(ingress),
        }
    }

    /// A set.
    ///
    /// # Panics
    /// Where the id comes from other tables.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "ids come from these tables")]
    pub fn set(&self, set: SetId) -> &PolicySet {
        &self.sets[set.0 as usize]
    }

    /// The table of a set.
    ///
    /// # Panics
    /// Where the id comes from other tables.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "ids come from these tables")]
    pub fn table(&self, set: SetId) -> &Table {
        &self.tables[set.0 as usize]
    }

    /// The rules of a set in their order.
    pub fn rules(&self, set: SetId) -> impl Iterator<Item = &RuleRef> {
        let set = self.sets.get(set.0 as usize);
        set.into_iter().flat_map(|set| &set.rules).map(|rule| &rule.origin)
    }

    /// The reason of a cell of `set`'s table; none where the cell is another table's.
    #[must_use]
    pub fn reason(&self, set: SetId, because: Because) -> Option<Reason> {
        self.sets.get(set.0 as usize)?.reason(because)
    }
}
