//! After the crossing: addresses and ports arrive, connections are judged again, and what nobody
//! uses goes.
//!
//! Verdicts are the wanted ones by now, so only names and room change.

use std::collections::{BTreeMap, BTreeSet};

use abi::{PrefixKey, RowKey};

use super::Planner;
use crate::class::ClassPair;
use crate::generation::{is_under_way, settled_after, under_way};
use crate::row::SetPair;
use crate::set::words;
use crate::{Op, service};

impl Planner<'_> {
    /// Phase 7: longer prefixes go before shorter ones, so that each falls where it belongs.
    pub(super) fn arrive(&mut self) {
        let mut prefixes: Vec<(PrefixKey, ClassPair)> =
            self.classes.prefixes.iter().map(|(key, pair)| (*key, *pair)).collect();
        prefixes.sort_by_key(|(key, _)| u32::MAX - key.length);
        for (key, pair) in &prefixes {
            self.prefix(*key, pair.wanted);
        }
        for (address, pair) in &self.classes.peers {
            self.peer(*address, pair.wanted);
        }
        for (key, _) in prefixes {
            if !self.images.wanted.prefixes.contains_key(&key) {
                self.emit(Op::NoPrefix { key });
            }
        }
        for address in self.classes.peers.keys() {
            if !self.images.wanted.peers.contains_key(address) {
                self.emit(Op::NoPeer { address: *address });
            }
        }
        self.ports(|pair| pair.end);
    }

    /// Before anything closes: an odd generation says that a plan is under way. A plan that finds one
    /// cannot know what was closed before it, so it makes every connection be judged again.
    pub(super) fn mark(&mut self) {
        for slot in self.stale() {
            let now = self.now.endpoints.get(&slot).map_or(0, |now| now.generation);
            if words(self.images.old, slot).is_some() && !is_under_way(now) {
                self.emit(Op::Generation { endpoint: slot, generation: under_way(now) });
            }
        }
    }

    /// Phase 8: only endpoints whose answers may have changed are judged again.
    pub(super) fn restamp(&mut self) {
        for slot in self.stale() {
            let now = self.now.endpoints.get(&slot).map_or(0, |now| now.generation);
            self.emit(Op::Generation { endpoint: slot, generation: settled_after(now) });
        }
    }

    /// Endpoints whose answers change, or were changing when an earlier plan was cut off.
    fn stale(&self) -> BTreeSet<u32> {
        let serves = !service::ops(self.images.old, self.images.wanted).is_empty();
        let mut known = BTreeMap::new();
        let was_cut_off = |slot: u32| {
            let record = self.images.old.endpoints.get(&slot);
            record.is_some_and(|record| is_under_way(record.generation))
        };
        let slots = self.slots().into_iter();
        slots
            .filter(|slot| serves || was_cut_off(*slot) || self.may_differ(*slot, &mut known))
            .map(|slot| self.pod_of(slot))
            .collect()
    }

    /// Connections have the generation of their pod, whichever process opened them.
    fn pod_of(&self, slot: u32) -> u32 {
        let subjects = self.now.subjects.iter();
        let mut own = subjects.filter(|(_, of_subject)| **of_subject == slot);
        own.next().map_or(slot, |(key, _)| key.endpoint)
    }

    fn may_differ(&self, slot: u32, known: &mut BTreeMap<SetPair, bool>) -> bool {
        let (old, wanted) = (words(self.images.old, slot), words(self.images.wanted, slot));
        let (Some([old, _]), Some([wanted, _])) = (old, wanted) else { return old != wanted };
        if old.has_subjects() != wanted.has_subjects() {
            return true;
        }
        let pairs = [(old.ingress(), wanted.ingress()), (old.egress(), wanted.egress())];
        pairs.into_iter().any(|(old, wanted)| {
            let sets = SetPair { old, wanted };
            *known.entry(sets).or_insert_with(|| self.differs(sets))
        })
    }

    fn differs(&self, sets: SetPair) -> bool {
        let differs = |class: &ClassPair| self.images.differs(sets, *class);
        match self.unsettled.get(&sets.old).filter(|_| sets.old == sets.wanted) {
            Some(unsettled) => unsettled.iter().any(differs),
            None => self.classes.pairs.iter().any(differs),
        }
    }

    /// Rows that no endpoint and no address leads to.
    pub(super) fn collect(&mut self) {
        let classes: BTreeSet<u32> =
            self.classes.pairs.iter().filter_map(|pair| pair.wanted).collect();
        let is_used =
            |key: &RowKey| self.sets.wanted.contains(&key.set) && classes.contains(&key.class);
        let unused: Vec<RowKey> =
            self.now.rows.keys().filter(|key| !is_used(key)).copied().collect();
        unused.into_iter().for_each(|key| self.emit(Op::NoRow { key }));
    }
}
