//! Edges: who reaches whom on what, as few statements about many pairs.
//!
//! An edge is where a clause of the sources and a clause of the destinations meet. Only clauses that
//! can meet are compared: from whichever side of a destination's clause is smaller.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use compile::Tables;
use model::{Direction, Family};
use roaring::RoaringBitmap;

use crate::TrafficSet;
use crate::clause::{Clause, Store, clauses};
use crate::intern::{BitmapId, TrafficId};

/// Everybody in `from` reaches everybody in `to` on `traffic`.
///
/// Edges overlap. For each pair some edge states all of its traffic. Who is in both reaches others
/// that are exactly alike; a pod's way to itself is not judged at all (ruling N14).
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The sources, by their numbers in the roster.
    pub from: Arc<RoaringBitmap>,
    /// The destinations.
    pub to: Arc<RoaringBitmap>,
    /// On what.
    pub traffic: Arc<TrafficSet>,
    /// In which families, at least one.
    pub families: Vec<Family>,
}

/// At most so many members of narrow egress clauses are listed by destination.
const LISTED_MAX: u64 = 16_000_000;

/// The edges of a world in every family, each once, in a fixed order.
pub(crate) fn edges(tables: &Tables, families: &[Family]) -> Vec<Edge> {
    let mut store = Store::default();
    let mut by_content: BTreeMap<Key, Vec<Family>> = BTreeMap::new();
    for &family in families {
        let egress = clauses(tables, Direction::Egress, family, &mut store);
        let ingress = clauses(tables, Direction::Ingress, family, &mut store);
        for key in Join::new(&egress, &ingress, &mut store).edges() {
            by_content.entry(key).or_default().push(family);
        }
    }
    let edge = |(key, families): (Key, Vec<Family>)| Edge {
        from: Arc::clone(store.bitmaps.get(key.from)),
        to: Arc::clone(store.bitmaps.get(key.to)),
        traffic: Arc::clone(store.traffics.get(key.traffic)),
        families,
    };
    by_content.into_iter().map(edge).collect()
}

/// An edge by what it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    from: BitmapId,
    to: BitmapId,
    traffic: TrafficId,
}

/// The clauses of both ends, and how to find those that can meet.
struct Join<'a> {
    egress: &'a [Clause],
    ingress: &'a [Clause],
    store: &'a mut Store,
    /// By source: its egress clauses.
    of_source: Vec<Vec<u32>>,
    /// By destination: the narrow egress clauses that name it.
    naming: Vec<Vec<u32>>,
    /// The other egress clauses.
    wide: Vec<u32>,
}

impl<'a> Join<'a> {
    fn new(egress: &'a [Clause], ingress: &'a [Clause], store: &'a mut Store) -> Self {
        let mut by_width: Vec<(u64, u32, &Clause)> = (0..)
            .zip(egress)
            .map(|(at, clause)| (store.bitmaps.get(clause.peers).len(), at, clause))
            .collect();
        by_width.sort_unstable_by_key(|(width, at, _)| (*width, *at));
        let (mut of_source, mut naming, mut wide) = (Vec::new(), Vec::new(), Vec::new());
        let mut listed = 0;
        for (width, at, clause) in by_width {
            list(&mut of_source, &clause.subjects, at);
            listed += width;
            match listed <= LISTED_MAX {
                true => list(&mut naming, store.bitmaps.get(clause.peers), at),
                false => wide.push(at),
            }
        }
        Self { egress, ingress, store, of_source, naming, wide }
    }

    fn edges(mut self) -> Vec<Key> {
        let mut met = Merged::default();
        for clause in self.ingress {
            for at in self.candidates(clause) {
                if let Some(egress) = self.egress.get(at as usize) {
                    self.meet(egress, clause, &mut met);
                }
            }
        }
        met.into_keys(self.store)
    }

    /// The egress clauses that may meet an ingress clause.
    fn candidates(&self, clause: &Clause) -> BTreeSet<u32> {
        let sources = self.store.bitmaps.get(clause.peers);
        if sources.len() <= clause.subjects.len() + self.wide.len() as u64 {
            return listed(&self.of_source, sources).collect();
        }
        listed(&self.naming, &clause.subjects).chain(self.wide.iter().copied()).collect()
    }

    fn meet(&mut self, egress: &Clause, ingress: &Clause, met: &mut Merged) {
        let Some(traffic) = self.store.traffics.both(egress.traffic, ingress.traffic) else {
            return;
        };
        let to = self.store.bitmaps.get(egress.peers).as_ref() & &ingress.subjects;
        if to.is_empty() {
            return;
        }
        let from = self.store.bitmaps.get(ingress.peers).as_ref() & &egress.subjects;
        if !from.is_empty() {
            let from = self.store.bitmaps.id(from);
            met.add(from, traffic, to);
        }
    }
}

fn list(by_member: &mut Vec<Vec<u32>>, members: &RoaringBitmap, at: u32) {
    for member in members {
        let member = member as usize;
        if by_member.len() <= member {
            by_member.resize_with(member + 1, Vec::new);
        }
        by_member.get_mut(member).into_iter().for_each(|clauses| clauses.push(at));
    }
}

fn listed<'a>(
    by_member: &'a [Vec<u32>],
    members: &'a RoaringBitmap,
) -> impl Iterator<Item = u32> + 'a {
    members.iter().filter_map(|member| by_member.get(member as usize)).flatten().copied()
}

/// Edges in the making: those with equal sources and traffic are one.
#[derive(Default)]
struct Merged {
    to: BTreeMap<(BitmapId, TrafficId), RoaringBitmap>,
}

impl Merged {
    fn add(&mut self, from: BitmapId, traffic: TrafficId, to: RoaringBitmap) {
        *self.to.entry((from, traffic)).or_default() |= to;
    }

    /// Those with equal destinations and traffic become one too.
    fn into_keys(self, store: &mut Store) -> Vec<Key> {
        let mut from: BTreeMap<(BitmapId, TrafficId), RoaringBitmap> = BTreeMap::new();
        for ((sources, traffic), to) in self.to {
            let to = store.bitmaps.id(to);
            *from.entry((to, traffic)).or_default() |= store.bitmaps.get(sources).as_ref();
        }
        let key = |((to, traffic), from)| Key { from: store.bitmaps.id(from), to, traffic };
        from.into_iter().map(key).collect()
    }
}
