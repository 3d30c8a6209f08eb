//! What opened and closed with addresses that are nobody's in the cluster.
//!
//! Pods with the same ranges on both sides are compared once, address by address only where ranges
//! begin and end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use compile::AddressRange;
use model::{Direction, Family};
use roaring::RoaringBitmap;

use crate::TrafficSet;
use crate::diff::inside::{Sides, mapped};
use crate::diff::matching::Side;
use crate::network::joined;
use crate::reach::{OutsideEdge, Outsiders};

/// What one side has and the other has not.
#[derive(Debug, Default)]
pub(super) struct OutsidePieces {
    pub(super) opened: Vec<OutsideEdge>,
    pub(super) closed: Vec<OutsideEdge>,
}

/// The ranges that a pod may talk with, and on what.
type Said<'a> = BTreeSet<(&'a [AddressRange], &'a TrafficSet)>;

impl Sides<'_> {
    /// Compares both sides.
    pub(super) fn outside_pieces(&self) -> OutsidePieces {
        let mut pieces = OutsidePieces::default();
        for direction in Direction::ALL {
            for outsiders in [Outsiders::External, Outsiders::UnknownPods] {
                self.of_kind(direction, outsiders, &mut pieces);
            }
        }
        pieces
    }

    fn of_kind(&self, direction: Direction, outsiders: Outsiders, pieces: &mut OutsidePieces) {
        let [before, after] =
            [Side::Old, Side::New].map(|side| self.said_of_pods(side, direction, outsiders));
        let mut alike: BTreeMap<(&Said<'_>, &Said<'_>), RoaringBitmap> = BTreeMap::new();
        for (pod, said) in (0..).zip(before.iter().zip(&after)) {
            if said.0 != said.1 {
                alike.entry(said).or_default().insert(pod);
            }
        }
        let (mut opened, mut closed) = (Collected::new(), Collected::new());
        for ((before, after), pods) in alike {
            let (more, less) = differences(before, after);
            for (all, some) in [(&mut opened, more), (&mut closed, less)] {
                for (traffic, ranges) in some {
                    *all.entry((traffic, joined(ranges))).or_default() |= &pods;
                }
            }
        }
        pieces.opened.extend(edges(direction, outsiders, opened));
        pieces.closed.extend(edges(direction, outsiders, closed));
    }

    /// The slots that policies can select on both sides.
    fn policed(&self) -> RoaringBitmap {
        let [old, new] = [self.old, self.new].map(|it| it.tables().roster().subjects());
        let among = |number: Option<u32>, all: &RoaringBitmap| {
            number.is_some_and(|number| all.contains(number))
        };
        let slots = (0..).zip(&self.matching.slots);
        let both = slots.filter(|(_, slot)| among(slot.old, old) && among(slot.new, new));
        both.map(|(at, _)| at).collect()
    }

    /// By slot, if policies can select it on both sides.
    fn said_of_pods(
        &self,
        side: Side,
        direction: Direction,
        outsiders: Outsiders,
    ) -> Vec<Said<'_>> {
        let reach = self.reach(side);
        let slots_of = self.matching.slots_of(side, reach.tables().roster());
        let policed = self.policed();
        let mut said = vec![Said::new(); self.matching.slots.len()];
        let edges = reach.outside().iter();
        for edge in edges.filter(|it| it.direction == direction && it.outsiders == outsiders) {
            for pod in mapped(&edge.pods, &slots_of) & &policed {
                let said = said.get_mut(pod as usize);
                said.into_iter().for_each(|said| {
                    said.insert((&edge.ranges, &edge.traffic));
                });
            }
        }
        said
    }
}

/// Which pods got or lost which traffic with which ranges.
type Collected = BTreeMap<(TrafficSet, Vec<AddressRange>), RoaringBitmap>;

fn edges(
    direction: Direction,
    outsiders: Outsiders,
    collected: Collected,
) -> impl Iterator<Item = OutsideEdge> {
    collected.into_iter().map(move |((traffic, ranges), pods)| OutsideEdge {
        direction,
        outsiders,
        pods: Arc::new(pods),
        ranges,
        traffic: Arc::new(traffic),
    })
}

type ByTraffic = BTreeMap<TrafficSet, Vec<AddressRange>>;

/// What `after` says more, and what it says less.
fn differences(before: &Said<'_>, after: &Said<'_>) -> (ByTraffic, ByTraffic) {
    let (mut more, mut less) = (ByTraffic::new(), ByTraffic::new());
    for range in cut(before.iter().chain(after).flat_map(|(ranges, _)| *ranges)) {
        let (old, new) = (traffic_at(before, range), traffic_at(after, range));
        for (all, traffic) in [(&mut more, new.minus(&old)), (&mut less, old.minus(&new))] {
            if !traffic.is_empty() {
                all.entry(traffic).or_default().push(range);
            }
        }
    }
    (more, less)
}

fn traffic_at(said: &Said<'_>, part: AddressRange) -> TrafficSet {
    let holds = |range: &&AddressRange| {
        range.family == part.family && (range.first..=range.last).contains(&part.first)
    };
    let here = said.iter().filter(|(ranges, _)| ranges.iter().find(holds).is_some());
    here.fold(TrafficSet::NONE, |all, (_, traffic)| all.union(traffic))
}

/// Disjoint ranges that begin and end where any of `ranges` does.
fn cut<'a>(ranges: impl Iterator<Item = &'a AddressRange>) -> Vec<AddressRange> {
    let mut starts: BTreeMap<Family, BTreeSet<u128>> = BTreeMap::new();
    let mut lasts: BTreeMap<Family, BTreeSet<u128>> = BTreeMap::new();
    for range in ranges {
        starts.entry(range.family).or_default().insert(range.first);
        starts.entry(range.family).or_default().extend(range.last.checked_add(1));
        lasts.entry(range.family).or_default().insert(range.last);
        lasts.entry(range.family).or_default().extend(range.first.checked_sub(1));
    }
    let of_family = |(family, starts): (Family, BTreeSet<u128>)| {
        let lasts = lasts.get(&family).cloned().unwrap_or_default();
        let end = move |first: u128| lasts.range(first..).next().copied();
        starts
            .into_iter()
            .filter_map(move |first| Some(AddressRange { family, first, last: end(first)? }))
    };
    starts.into_iter().flat_map(of_family).collect()
}
