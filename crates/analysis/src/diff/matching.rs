//! Who of the old world is who of the new one.
//!
//! Pods come and go under new names while their workload stays. So pods are matched by name, the
//! others of a workload one by one, and where one side has more, these are like one of the other's.

use std::collections::BTreeMap;

use compile::{Member, Roster};
use model::World;
use roaring::RoaringBitmap;

use crate::name::{By, Name, both};

/// One who is in the old world, the new one, or both. Sets of these are bitmaps of positions.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) old: Option<u32>,
    pub(super) new: Option<u32>,
    /// The name of its workload, and its own.
    pub(super) names: (Name, Name),
}

/// All slots, in the order of their names.
#[derive(Clone, Debug)]
pub(super) struct Matching {
    pub(super) slots: Vec<Slot>,
    /// In the old world only.
    pub(super) vanished: RoaringBitmap,
    /// In the new world only.
    pub(super) appeared: RoaringBitmap,
}

/// Which world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Old,
    New,
}

impl Side {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Old => Self::New,
            Self::New => Self::Old,
        }
    }
}

/// The members of one workload, by their own names and positions among those.
type Own = BTreeMap<(Name, u32), u32>;

impl Matching {
    pub(super) fn of(old: (&World, &Roster), new: (&World, &Roster)) -> Self {
        let (mut before, mut after) = (workloads(old.0, old.1), workloads(new.0, new.1));
        let mut names: Vec<Name> = before.keys().chain(after.keys()).cloned().collect();
        names.sort_unstable();
        names.dedup();
        let mut slots = Vec::new();
        for name in names {
            let (old, new) = (before.remove(&name), after.remove(&name));
            slots.extend(of_workload(&name, old.unwrap_or_default(), new.unwrap_or_default()));
        }
        let which = |is: fn(&Slot) -> bool| {
            let these = (0..).zip(&slots).filter(|(_, slot)| is(slot));
            these.map(|(at, _)| at).collect()
        };
        let vanished = which(|slot| slot.new.is_none());
        let appeared = which(|slot| slot.old.is_none());
        Self { slots, vanished, appeared }
    }

    /// The slots of each number of one side's roster.
    pub(super) fn slots_of(&self, side: Side, roster: &Roster) -> Vec<Vec<u32>> {
        let mut slots_of = vec![Vec::new(); roster.len() as usize];
        for (at, slot) in (0..).zip(&self.slots) {
            let number = match side {
                Side::Old => slot.old,
                Side::New => slot.new,
            };
            let slots = number.and_then(|number| slots_of.get_mut(number as usize));
            slots.into_iter().for_each(|slots: &mut Vec<u32>| slots.push(at));
        }
        slots_of
    }
}

fn workloads(world: &World, roster: &Roster) -> BTreeMap<Name, Own> {
    let mut workloads: BTreeMap<Name, Own> = BTreeMap::new();
    for number in 0..roster.len() {
        let Some(member) = roster.member(number) else { continue };
        let (workload, own) = both(world, member, By::Workload);
        let position = match member {
            Member::Pod(_) => 0,
            Member::Node(_, position) => position,
        };
        workloads.entry(workload).or_default().insert((own, position), number);
    }
    workloads
}

fn of_workload(workload: &Name, mut old: Own, mut new: Own) -> Vec<Slot> {
    let slot = |own: Name, old, new| Slot { old, new, names: (workload.clone(), own) };
    let (first_old, first_new) = (old.values().next().copied(), new.values().next().copied());
    let same: Vec<(Name, u32)> = old.keys().filter(|own| new.contains_key(*own)).cloned().collect();
    let mut slots = Vec::new();
    for own in same {
        let (before, after) = (old.remove(&own), new.remove(&own));
        slots.push(slot(own.0, before, after));
    }
    let (mut before, mut after) = (old.into_iter(), new.into_iter());
    loop {
        match (before.next(), after.next()) {
            (None, None) => return slots,
            (Some((_, old)), Some(((own, _), new))) => slots.push(slot(own, Some(old), Some(new))),
            (Some(((own, _), old)), None) => slots.push(slot(own, Some(old), first_new)),
            (None, Some(((own, _), new))) => slots.push(slot(own, first_old, Some(new))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str) -> Name {
        Name::Pod { namespace: "x".into(), name: name.into() }
    }

    fn own(pods: &[(&str, u32)]) -> Own {
        pods.iter().map(|(name, number)| ((pod(name), 0), *number)).collect()
    }

    fn matched(old: &[(&str, u32)], new: &[(&str, u32)]) -> Vec<(Option<u32>, Option<u32>)> {
        let slots = of_workload(&pod("any"), own(old), own(new));
        slots.iter().map(|slot| (slot.old, slot.new)).collect()
    }

    #[test]
    fn names_come_first_and_the_rest_one_by_one() {
        let slots = matched(&[("a", 1), ("b", 2)], &[("b", 7), ("c", 8)]);
        assert_eq!(slots, [(Some(2), Some(7)), (Some(1), Some(8))]);
    }

    #[test]
    fn one_more_replica_is_like_the_others_and_a_new_workload_is_new() {
        assert_eq!(
            matched(&[("a", 1)], &[("a", 5), ("b", 6)]),
            [(Some(1), Some(5)), (Some(1), Some(6)),]
        );
        assert_eq!(matched(&[], &[("a", 5)]), [(None, Some(5))]);
        assert_eq!(matched(&[("a", 5)], &[]), [(Some(5), None)]);
    }
}
