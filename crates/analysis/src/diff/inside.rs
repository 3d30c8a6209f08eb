//! What opened and closed inside the cluster, exactly and without looking at every pair.
//!
//! Sources with the same edges on both sides are compared once, and those whose edges say the same
//! before and after not at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use compile::partition;
use model::Family;
use roaring::RoaringBitmap;

use crate::TrafficSet;
use crate::clause::Store;
use crate::diff::matching::{Matching, Side};
use crate::intern::{BitmapId, TrafficId};
use crate::reach::Reach;

/// Everybody in `from` reaches everybody in `to` on `traffic` on one side only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Piece {
    pub(super) from: BitmapId,
    pub(super) to: BitmapId,
    pub(super) traffic: TrafficId,
}

/// What one side has and the other has not, with the families in which that is so.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pub(super) opened: BTreeMap<Piece, Vec<Family>>,
    pub(super) closed: BTreeMap<Piece, Vec<Family>>,
}

/// Both worlds, reached in the same families.
pub(super) struct Sides<'a> {
    pub(super) old: &'a Reach,
    pub(super) new: &'a Reach,
    pub(super) matching: &'a Matching,
}

impl Sides<'_> {
    pub(super) fn reach(&self, side: Side) -> &Reach {
        match side {
            Side::Old => self.old,
            Side::New => self.new,
        }
    }

    /// The slots that take part in flows of `family` on both sides.
    pub(super) fn present_in_both(&self, family: Family) -> RoaringBitmap {
        let [old, new] = [self.old, self.new].map(|it| it.tables().roster().present(family));
        let present = |number: Option<u32>, roster: &RoaringBitmap| {
            number.is_some_and(|number| roster.contains(number))
        };
        let slots = (0..).zip(&self.matching.slots);
        slots
            .filter(|(_, slot)| present(slot.old, old) && present(slot.new, new))
            .map(|(at, _)| at)
            .collect()
    }

    /// Compares both sides in every family.
    pub(super) fn pieces(&self, store: &mut Store) -> Pieces {
        let mut pieces = Pieces::default();
        for &family in self.new.families() {
            let both = self.present_in_both(family);
            let [before, after] =
                [Side::Old, Side::New].map(|side| self.of_sources(side, family, &both, store));
            let (opened, closed) = differences(&before, &after, store);
            for (all, some) in [(&mut pieces.opened, opened), (&mut pieces.closed, closed)] {
                for piece in some.into_pieces(store) {
                    all.entry(piece).or_default().push(family);
                }
            }
        }
        pieces
    }

    fn of_sources(
        &self,
        side: Side,
        family: Family,
        both: &RoaringBitmap,
        store: &mut Store,
    ) -> OfSources {
        let reach = self.reach(side);
        let slots_of = self.matching.slots_of(side, reach.tables().roster());
        let mut of_sources = vec![Vec::new(); self.matching.slots.len()];
        for edge in reach.edges().iter().filter(|edge| edge.families.contains(&family)) {
            let to = mapped(&edge.to, &slots_of) & both;
            if to.is_empty() {
                continue;
            }
            let traffic = store.traffics.id(edge.traffic.as_ref().clone());
            let said = (store.bitmaps.id(to), traffic);
            for source in mapped(&edge.from, &slots_of) & both {
                let all = of_sources.get_mut(source as usize);
                all.into_iter().for_each(|all: &mut Vec<_>| all.push(said));
            }
        }
        for said in &mut of_sources {
            said.sort_unstable();
            said.dedup();
        }
        of_sources
    }
}

/// By source: to whom it has edges, on what.
type OfSources = Vec<Vec<(BitmapId, TrafficId)>>;

/// The slots of some numbers.
pub(super) fn mapped(numbers: &RoaringBitmap, slots_of: &[Vec<u32>]) -> RoaringBitmap {
    let slots = numbers.iter().filter_map(|number| slots_of.get(number as usize));
    slots.flatten().copied().collect()
}

/// What opened and what closed.
fn differences(before: &OfSources, after: &OfSources, store: &mut Store) -> (Collected, Collected) {
    type Said = Vec<(BitmapId, TrafficId)>;
    let mut alike: BTreeMap<(&Said, &Said), RoaringBitmap> = BTreeMap::new();
    for (source, said) in (0..).zip(before.iter().zip(after)) {
        if said.0 != said.1 {
            alike.entry(said).or_default().insert(source);
        }
    }
    let (mut opened, mut closed) = (Collected::default(), Collected::default());
    for ((before, after), sources) in alike {
        let named: Vec<(u32, Arc<RoaringBitmap>)> = (0..)
            .zip(before.iter().chain(after))
            .map(|(at, (to, _))| (at, Arc::clone(store.bitmaps.get(*to))))
            .collect();
        let named: Vec<(u32, &RoaringBitmap)> =
            named.iter().map(|(at, to)| (*at, to.as_ref())).collect();
        for (ids, to) in partition(&named) {
            let (old, new) = traffic_of(&ids, before, after, store);
            opened.add(new.minus(&old), &to, &sources, store);
            closed.add(old.minus(&new), &to, &sources, store);
        }
    }
    (opened, closed)
}

/// What those get who are in exactly these of both lists.
fn traffic_of(
    ids: &[u32],
    before: &[(BitmapId, TrafficId)],
    after: &[(BitmapId, TrafficId)],
    store: &Store,
) -> (TrafficSet, TrafficSet) {
    let (mut old, mut new) = (TrafficSet::NONE, TrafficSet::NONE);
    for id in ids {
        let id = *id as usize;
        if let Some((_, traffic)) = before.get(id) {
            old = old.union(store.traffics.get(*traffic));
        } else if let Some((_, traffic)) = after.get(id - before.len()) {
            new = new.union(store.traffics.get(*traffic));
        }
    }
    (old, new)
}

/// Pieces in the making: those with equal destinations and traffic are one.
#[derive(Default)]
pub(super) struct Collected {
    from: BTreeMap<(BitmapId, TrafficId), RoaringBitmap>,
}

impl Collected {
    pub(super) fn add(
        &mut self,
        traffic: TrafficSet,
        to: &RoaringBitmap,
        from: &RoaringBitmap,
        store: &mut Store,
    ) {
        let is_itself = from.len() == 1 && from == to;
        if !traffic.is_empty() && !from.is_empty() && !to.is_empty() && !is_itself {
            let key = (store.bitmaps.id(to.clone()), store.traffics.id(traffic));
            *self.from.entry(key).or_default() |= from;
        }
    }

    /// Those with equal sources and traffic become one too.
    pub(super) fn into_pieces(self, store: &mut Store) -> Vec<Piece> {
        let mut to: BTreeMap<(BitmapId, TrafficId), RoaringBitmap> = BTreeMap::new();
        for ((destinations, traffic), from) in self.from {
            let from = store.bitmaps.id(from);
            *to.entry((from, traffic)).or_default() |= store.bitmaps.get(destinations).as_ref();
        }
        let piece = |((from, traffic), to)| Piece { from, to: store.bitmaps.id(to), traffic };
        to.into_iter().map(piece).collect()
    }
}
