//! Who reaches each destination on what, as few rows as the traffic has different answers.
//!
//! Reach states edges between groups; a record is written from the side of who is reached.

use std::collections::BTreeMap;

use analysis::TrafficSet;
use analysis::reach::Reach;
use compile::AddressRange;
use model::{Direction, Family};
use roaring::RoaringBitmap;

/// Some traffic to a destination, and who reaches it on exactly that.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    pub(super) traffic: TrafficSet,
    /// Members of the cluster, by family.
    pub(super) members: BTreeMap<Family, RoaringBitmap>,
    /// Addresses that are nobody's.
    pub(super) ranges: Vec<AddressRange>,
}

impl Row {
    fn with(&self, more: &Self, traffic: TrafficSet) -> Self {
        let mut row = Self { traffic, ..self.clone() };
        for (family, members) in &more.members {
            *row.members.entry(*family).or_default() |= members;
        }
        row.ranges.extend(&more.ranges);
        row.ranges.sort_unstable();
        row
    }

    fn says_as(&self, other: &Self) -> bool {
        self.members == other.members && self.ranges == other.ranges
    }
}

/// Disjoint rows that together speak of all traffic, from statements that overlap.
fn rows(statements: Vec<Row>) -> Vec<Row> {
    let nobody = Row { traffic: TrafficSet::all(), ..Row::default() };
    let cut = statements.into_iter().fold(vec![nobody], |rows, statement| {
        rows.into_iter()
            .flat_map(|row| {
                let both = row.traffic.intersect(&statement.traffic);
                let rest = row.traffic.minus(&both);
                let with = row.with(&statement, both);
                [with, Row { traffic: rest, ..row }]
            })
            .filter(|row| !row.traffic.is_empty())
            .collect()
    });
    let mut joined: Vec<Row> = Vec::new();
    for row in cut {
        match joined.iter_mut().find(|other| other.says_as(&row)) {
            Some(same) => same.traffic = same.traffic.union(&row.traffic),
            None => joined.push(row),
        }
    }
    joined.sort_by(|one, other| one.traffic.cmp(&other.traffic));
    joined
}

/// Statements about equal traffic become one, so that there are few to cut by.
fn merged(statements: impl Iterator<Item = Row>) -> Vec<Row> {
    let mut by_traffic: BTreeMap<TrafficSet, Row> = BTreeMap::new();
    for statement in statements {
        let traffic = statement.traffic.clone();
        let row = by_traffic.entry(traffic.clone()).or_default();
        *row = row.with(&statement, traffic);
    }
    by_traffic.into_values().collect()
}

/// Who reaches a member of the cluster.
pub(super) fn to_member(reach: &Reach, to: u32) -> Vec<Row> {
    let inside = reach.edges().iter().filter(|edge| edge.to.contains(to)).map(|edge| Row {
        traffic: edge.traffic.as_ref().clone(),
        members: edge.families.iter().map(|it| (*it, edge.from.as_ref().clone())).collect(),
        ranges: Vec::new(),
    });
    let outside = reach
        .outside()
        .iter()
        .filter(|edge| edge.direction == Direction::Ingress && edge.pods.contains(to));
    let outside = outside.map(|edge| Row {
        traffic: edge.traffic.as_ref().clone(),
        members: BTreeMap::new(),
        ranges: edge.ranges.clone(),
    });
    rows(merged(inside.chain(outside)))
}

/// Who reaches addresses that are nobody's: ranges that all get the same rows.
pub(super) fn to_addresses(
    reach: &Reach,
    ranges: &[AddressRange],
) -> Vec<(Vec<AddressRange>, Vec<Row>)> {
    let egress = reach.outside().iter().filter(|edge| edge.direction == Direction::Egress);
    let egress: Vec<_> = egress.collect();
    let mut all: Vec<(Vec<AddressRange>, Vec<Row>)> = Vec::new();
    let holes = egress.iter().flat_map(|edge| &edge.ranges).copied();
    for range in cut(ranges, holes) {
        let about = egress.iter().filter(|edge| edge.ranges.iter().any(|it| holds(*it, range)));
        let statements = about.map(|edge| Row {
            traffic: edge.traffic.as_ref().clone(),
            members: BTreeMap::from([(range.family, edge.pods.as_ref().clone())]),
            ranges: Vec::new(),
        });
        let rows = rows(merged(statements));
        match all.iter_mut().find(|(_, same)| *same == rows) {
            Some((ranges, _)) => ranges.push(range),
            None => all.push((vec![range], rows)),
        }
    }
    all
}

fn holds(wide: AddressRange, narrow: AddressRange) -> bool {
    wide.family == narrow.family && wide.first <= narrow.first && narrow.last <= wide.last
}

/// `ranges`, cut at the ends of all of `by`.
fn cut(ranges: &[AddressRange], by: impl Iterator<Item = AddressRange>) -> Vec<AddressRange> {
    let mut firsts: BTreeMap<Family, Vec<u128>> = BTreeMap::new();
    for range in by {
        let firsts = firsts.entry(range.family).or_default();
        firsts.push(range.first);
        firsts.extend(range.last.checked_add(1));
    }
    firsts.values_mut().for_each(|firsts| {
        firsts.sort_unstable();
        firsts.dedup();
    });
    let mut pieces = Vec::new();
    for range in ranges {
        let inside = firsts.get(&range.family).into_iter().flatten();
        let inside = inside.filter(|at| range.first < **at && **at <= range.last);
        let mut first = range.first;
        for at in inside {
            pieces.push(AddressRange { first, last: at - 1, ..*range });
            first = *at;
        }
        pieces.push(AddressRange { first, ..*range });
    }
    pieces
}
