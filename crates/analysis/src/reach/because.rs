//! Why a connection passes: the rules on both ends that decide it.
//!
//! Edges are kept without reasons, because pairs that get the same answer may get it from different
//! rules; whoever asks why gets all of them.

use std::collections::BTreeSet;

use compile::{SetId, Table};
use model::{Builtin, Direction, Family, PodId, Reason, Verdict};
use roaring::RoaringBitmap;

use crate::TrafficSet;
use crate::network::common;
use crate::reach::{BothReasons, OutsideEdge, Outsiders, Reach};

/// A question about some traffic in some families.
pub(crate) struct Because<'a> {
    pub(crate) reach: &'a Reach,
    pub(crate) traffic: &'a TrafficSet,
    pub(crate) families: &'a [Family],
    /// Only what says this.
    pub(crate) verdict: Verdict,
    /// How many sets of an end are asked at most.
    pub(crate) sets_max: usize,
}

impl Because<'_> {
    /// What both ends say of `from` reaching `to`.
    pub(crate) fn both(&self, from: &RoaringBitmap, to: &RoaringBitmap) -> BothReasons {
        let (egress, all_sources) = self.inside(Direction::Egress, from, to);
        let (ingress, all_destinations) = self.inside(Direction::Ingress, to, from);
        BothReasons { egress, ingress, incomplete: !(all_sources && all_destinations) }
    }

    /// The reasons of one end, and whether all of its sets were asked.
    fn inside(
        &self,
        end: Direction,
        own: &RoaringBitmap,
        others: &RoaringBitmap,
    ) -> (Vec<Reason>, bool) {
        let tables = self.reach.tables();
        let mut reasons = BTreeSet::new();
        if self.verdict == Verdict::Allow && !own.is_subset(tables.roster().subjects()) {
            reasons.insert(Reason::Builtin(Builtin::Host));
        }
        let (sets, all) = self.sets_of(end, own);
        for set in sets {
            let table = tables.table(set);
            let rows = self.families.iter().flat_map(|family| rows_of(table, *family, others));
            let rows: BTreeSet<u32> = rows.collect();
            reasons.extend(rows.into_iter().flat_map(|row| self.of_row(set, row)));
        }
        (reasons.into_iter().collect(), all)
    }

    /// What the pods of an outside edge say of its addresses.
    pub(crate) fn outside(&self, edge: &OutsideEdge) -> (Vec<Reason>, bool) {
        let tables = self.reach.tables();
        let mut reasons = BTreeSet::new();
        let (sets, all) = self.sets_of(edge.direction, &edge.pods);
        for set in sets {
            let table = tables.table(set);
            let ranges = match edge.outsiders {
                Outsiders::External => table.external(),
                Outsiders::UnknownPods => table.unknown(),
            };
            let met =
                ranges.iter().filter(|(range, _)| !common(&[*range], &edge.ranges).is_empty());
            let rows: BTreeSet<u32> = met.map(|(_, row)| *row).collect();
            reasons.extend(rows.into_iter().flat_map(|row| self.of_row(set, row)));
        }
        (reasons.into_iter().collect(), all)
    }

    /// The same, as one end of two.
    pub(crate) fn outside_both(&self, edge: &OutsideEdge) -> BothReasons {
        let ((own, all), none) = (self.outside(edge), Vec::new());
        match edge.direction {
            Direction::Egress => BothReasons { egress: own, ingress: none, incomplete: !all },
            Direction::Ingress => BothReasons { egress: none, ingress: own, incomplete: !all },
        }
    }

    /// The sets of some pods, and whether these are all.
    fn sets_of(&self, end: Direction, pods: &RoaringBitmap) -> (BTreeSet<SetId>, bool) {
        let tables = self.reach.tables();
        let mut sets = BTreeSet::new();
        for pod in pods {
            sets.extend(tables.set_of(PodId(pod), end));
            if sets.len() > self.sets_max {
                sets.pop_last();
                return (sets, false);
            }
        }
        (sets, true)
    }

    fn of_row(&self, set: SetId, row: u32) -> BTreeSet<Reason> {
        let tables = self.reach.tables();
        let asked = tables
            .table(set)
            .row(row)
            .filter(|(span, _)| !TrafficSet::of_spans([*span]).intersect(self.traffic).is_empty());
        let asked = asked.filter(|(_, said)| said.verdict == self.verdict);
        asked.filter_map(|(_, said)| tables.reason(set, said.because)).collect()
    }
}

/// The rows that some of `others` have.
fn rows_of(table: &Table, family: Family, others: &RoaringBitmap) -> Vec<u32> {
    let peers = table.peers(family);
    let mut rest = others.clone();
    let mut rows = Vec::new();
    for (group, row) in &peers.groups {
        if !group.is_disjoint(others) {
            rest -= group;
            rows.push(*row);
        }
    }
    rows.extend((!rest.is_empty()).then_some(peers.rest));
    rows
}
