//! Clauses: what one policy set allows, as few statements about many peers.
//!
//! Sets that say the same to the same peers share a clause, so a default that everybody has is one
//! statement however many sets have exceptions to it.

use std::collections::{BTreeMap, HashMap};

use compile::{PeerRows, Span, Table, Tables};
use model::{Direction, Family, PodId, Verdict};
use roaring::RoaringBitmap;

use crate::TrafficSet;
use crate::intern::{BitmapId, Bitmaps, TrafficId, Traffics};

/// Whoever is in `subjects` allows `traffic` with whoever is in `peers`.
#[derive(Clone, Debug)]
pub(crate) struct Clause {
    pub(crate) traffic: TrafficId,
    pub(crate) peers: BitmapId,
    pub(crate) subjects: RoaringBitmap,
}

/// Traffic sets and bitmaps that clauses and edges refer to.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) traffics: Traffics,
    pub(crate) bitmaps: Bitmaps,
}

/// What each row of a table allows.
pub(crate) fn allowed_traffic(table: &Table) -> Vec<TrafficSet> {
    let spans = |row| {
        let allowed = table.row(row).filter(|(_, said)| said.verdict == Verdict::Allow);
        allowed.map(|(span, _): (Span, _)| span)
    };
    (0..table.rows()).map(|row| TrafficSet::of_spans(spans(row))).collect()
}

/// The same by number.
pub(crate) fn allowed(table: &Table, traffics: &mut Traffics) -> Vec<TrafficId> {
    allowed_traffic(table).into_iter().map(|set| traffics.id(set)).collect()
}

/// All clauses of one direction and family, each once.
pub(crate) fn clauses(
    tables: &Tables,
    direction: Direction,
    family: Family,
    store: &mut Store,
) -> Vec<Clause> {
    let roster = tables.roster();
    let present = roster.present(family);
    let subjects = roster.subjects() & present;
    let mut all = Collected::default();
    let hosts = present - &subjects;
    if !hosts.is_empty() {
        // No policy applies to a host, and two hosts are nobody's business here.
        let everything = store.traffics.id(TrafficSet::all());
        let pods = store.bitmaps.id(subjects.clone());
        all.add(everything, pods, &hosts);
    }
    for (set, subjects) in subjects_by_set(tables, direction, &subjects) {
        let table = tables.table(set);
        let allowed = allowed(table, &mut store.traffics);
        for (traffic, peers) in of_table(table.peers(family), &allowed, present, store) {
            let peers = store.bitmaps.id(peers);
            all.add(traffic, peers, &subjects);
        }
    }
    all.clauses
}

/// The pods of each set that some of `subjects` have.
pub(crate) fn subjects_by_set(
    tables: &Tables,
    direction: Direction,
    subjects: &RoaringBitmap,
) -> BTreeMap<compile::SetId, RoaringBitmap> {
    let mut by_set: BTreeMap<compile::SetId, RoaringBitmap> = BTreeMap::new();
    for number in subjects {
        if let Some(set) = tables.set_of(PodId(number), direction) {
            by_set.entry(set).or_default().insert(number);
        }
    }
    by_set
}

#[derive(Default)]
struct Collected {
    clauses: Vec<Clause>,
    known: HashMap<(TrafficId, BitmapId), usize>,
}

impl Collected {
    fn add(&mut self, traffic: TrafficId, peers: BitmapId, subjects: &RoaringBitmap) {
        let at = *self.known.entry((traffic, peers)).or_insert(self.clauses.len());
        match self.clauses.get_mut(at) {
            Some(clause) => clause.subjects |= subjects,
            None => self.clauses.push(Clause { traffic, peers, subjects: subjects.clone() }),
        }
    }
}

/// What a table allows: what most peers get, to all who get at least that, and the exceptions.
///
/// An exception states all that its peers get, so some clause says the whole of every pair.
fn of_table(
    peers: &PeerRows,
    allowed: &[TrafficId],
    present: &RoaringBitmap,
    store: &Store,
) -> Vec<(TrafficId, RoaringBitmap)> {
    let traffic_of = |row: u32| allowed.get(row as usize).copied();
    let mut by_traffic: BTreeMap<TrafficId, RoaringBitmap> = BTreeMap::new();
    let mut rest = present.clone();
    for (group, row) in &peers.groups {
        rest -= group;
        if let Some(traffic) = traffic_of(*row) {
            *by_traffic.entry(traffic).or_default() |= group;
        }
    }
    if let Some(traffic) = traffic_of(peers.rest) {
        *by_traffic.entry(traffic).or_default() |= &rest;
    }
    by_traffic.values_mut().for_each(|peers| *peers &= present);
    let most = by_traffic.iter().max_by_key(|(_, peers)| peers.len()).map(|(traffic, _)| *traffic);
    let get = |traffic: &TrafficId| store.traffics.get(*traffic);
    if let Some(most) = most.filter(|most| !get(most).is_empty()) {
        let more: RoaringBitmap = by_traffic
            .iter()
            .filter(|(traffic, _)| get(traffic).includes(get(&most)))
            .fold(RoaringBitmap::new(), |all, (_, peers)| all | peers);
        by_traffic.insert(most, more);
    }
    by_traffic.retain(|traffic, peers| !get(traffic).is_empty() && !peers.is_empty());
    by_traffic.into_iter().collect()
}
