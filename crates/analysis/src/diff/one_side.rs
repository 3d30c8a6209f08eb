//! What those bring who appear, and what those take who vanish.
//!
//! Nothing is compared there: all that an end has on its only side is a change.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Family;
use roaring::RoaringBitmap;

use crate::clause::Store;
use crate::diff::inside::{Collected, Piece, Sides, mapped};
use crate::diff::matching::Side;
use crate::reach::OutsideEdge;

impl Sides<'_> {
    /// Who is on this side only.
    fn alone(&self, side: Side) -> &RoaringBitmap {
        match side {
            Side::Old => &self.matching.vanished,
            Side::New => &self.matching.appeared,
        }
    }

    /// The connections of those who are on this side only.
    pub(super) fn of_one_side(
        &self,
        side: Side,
        store: &mut Store,
    ) -> BTreeMap<Piece, Vec<Family>> {
        let (reach, alone) = (self.reach(side), self.alone(side));
        let mut pieces: BTreeMap<Piece, Vec<Family>> = BTreeMap::new();
        if alone.is_empty() {
            return pieces;
        }
        let slots_of = self.matching.slots_of(side, reach.tables().roster());
        for &family in reach.families() {
            let mut collected = Collected::default();
            for edge in reach.edges().iter().filter(|edge| edge.families.contains(&family)) {
                let (from, to) = (mapped(&edge.from, &slots_of), mapped(&edge.to, &slots_of));
                let traffic = edge.traffic.as_ref();
                collected.add(traffic.clone(), &to, &(&from & alone), store);
                collected.add(traffic.clone(), &(&to & alone), &(&from - alone), store);
            }
            for piece in collected.into_pieces(store) {
                pieces.entry(piece).or_default().push(family);
            }
        }
        pieces
    }

    /// The same with addresses outside.
    pub(super) fn outside_of_one_side(&self, side: Side) -> Vec<OutsideEdge> {
        let (reach, alone) = (self.reach(side), self.alone(side));
        let slots_of = self.matching.slots_of(side, reach.tables().roster());
        let edges = reach.outside().iter().map(|edge| {
            let pods = Arc::new(mapped(&edge.pods, &slots_of) & alone);
            OutsideEdge { pods, ..edge.clone() }
        });
        edges.filter(|edge| !edge.pods.is_empty()).collect()
    }

    /// The numbers that some slots have on one side.
    pub(super) fn numbers(&self, side: Side, slots: &RoaringBitmap) -> RoaringBitmap {
        let slots = slots.iter().filter_map(|slot| self.matching.slots.get(slot as usize));
        slots
            .filter_map(|slot| match side {
                Side::Old => slot.old,
                Side::New => slot.new,
            })
            .collect()
    }
}
