//! The answer of a diff: groups with names, and what changed between them.
//!
//! It is plain data in a fixed order; whoever prints it decides nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use ipnet::IpNet;
use model::{Direction, Family, Verdict};
use roaring::RoaringBitmap;
use serde::Serialize;

use crate::clause::Store;
use crate::diff::inside::{Piece, Sides};
use crate::diff::matching::Side;
use crate::group::{Group, Groups};
use crate::name::{By, Name, Names, Present};
use crate::reach::{Because, BothReasons, OutsideEdge, Outsiders};
use crate::{TrafficSet, words};

/// At most so many sets of each end are asked for the rules behind one change.
const SETS_MAX: usize = 32;

/// What changed between two worlds.
#[derive(Clone, Debug, Serialize)]
pub struct Diff {
    /// Workloads of the new world only.
    pub appeared: Vec<Name>,
    /// Workloads of the old world only.
    pub vanished: Vec<Name>,
    /// Everybody that the answer is about, in order.
    pub everybody: Vec<Name>,
    /// The groups that changes refer to by position.
    pub groups: Vec<Group>,
    /// What newly can talk.
    pub opened: Vec<Change>,
    /// What no longer can.
    pub closed: Vec<Change>,
    /// What newly can talk with addresses outside.
    pub outside_opened: Vec<OutsideChange>,
    /// What no longer can.
    pub outside_closed: Vec<OutsideChange>,
}

impl Diff {
    /// Whether nothing changed for anybody, appeared and vanished workloads included.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.appeared.is_empty()
            && self.vanished.is_empty()
            && !self.has_opened()
            && !self.has_closed()
    }

    /// Whether anybody can talk who could not.
    #[must_use]
    pub fn has_opened(&self) -> bool {
        !self.opened.is_empty() || !self.outside_opened.is_empty()
    }

    /// Whether anybody cannot talk who could.
    #[must_use]
    pub fn has_closed(&self) -> bool {
        !self.closed.is_empty() || !self.outside_closed.is_empty()
    }
}

/// Why something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Both ends are there before and after; rules, labels, ports or addresses changed.
    Changed,
    /// An end is new.
    Appeared,
    /// An end is gone.
    Vanished,
}

/// Every member of one group reaches every member of another on one side only.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Why.
    pub why: Why,
    /// The sources' group.
    pub from: usize,
    /// The destinations' group.
    pub to: usize,
    /// On what.
    pub ports: Arc<TrafficSet>,
    /// In which families.
    #[serde(serialize_with = "words::families")]
    pub families: Vec<Family>,
    /// What allowed it, if that was asked: before if it closed, after if it opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_by: Option<BothReasons>,
    /// What denies it on the other side, if that was asked and both ends are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied_by: Option<BothReasons>,
}

/// Every member of a group may talk with every address of some networks on one side only.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutsideChange {
    /// Why.
    pub why: Why,
    /// Egress: the group reaches the networks. Ingress: the networks reach the group.
    #[serde(serialize_with = "words::shown")]
    pub direction: Direction,
    /// Whose addresses they are.
    pub outsiders: Outsiders,
    /// The group.
    pub group: usize,
    /// The fewest networks that say it.
    pub networks: Vec<IpNet>,
    /// On what.
    pub ports: Arc<TrafficSet>,
    /// What allowed it, if that was asked: before if it closed, after if it opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_by: Option<BothReasons>,
    /// What denies it on the other side, if that was asked and the group is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied_by: Option<BothReasons>,
}

pub(super) fn report(sides: &Sides<'_>, explain: bool) -> Diff {
    let slots = &sides.matching.slots;
    let named: Vec<(Name, Name)> = slots.iter().map(|slot| slot.names.clone()).collect();
    let names = Names::new(&named, By::Workload);
    let everybody: RoaringBitmap = (0..u32::try_from(slots.len()).unwrap_or(u32::MAX)).collect();
    let mut writer = Writer {
        sides,
        explain,
        everybody: names.present(&everybody),
        groups: Groups::new(&names, &everybody),
        store: Store::default(),
    };
    let pieces = sides.pieces(&mut writer.store);
    let outside = sides.outside_pieces();
    let mut opened = writer.changes(Side::New, Why::Changed, pieces.opened);
    let mut closed = writer.changes(Side::Old, Why::Changed, pieces.closed);
    let appeared = sides.of_one_side(Side::New, &mut writer.store);
    opened.extend(writer.changes(Side::New, Why::Appeared, appeared));
    let vanished = sides.of_one_side(Side::Old, &mut writer.store);
    closed.extend(writer.changes(Side::Old, Why::Vanished, vanished));
    let mut outside_opened = writer.outside(Side::New, Why::Changed, outside.opened);
    let mut outside_closed = writer.outside(Side::Old, Why::Changed, outside.closed);
    let (appeared, vanished) =
        (sides.outside_of_one_side(Side::New), sides.outside_of_one_side(Side::Old));
    outside_opened.extend(writer.outside(Side::New, Why::Appeared, appeared));
    outside_closed.extend(writer.outside(Side::Old, Why::Vanished, vanished));
    let (everybody, groups) = writer.groups.finish();
    let [appeared, vanished] =
        [&sides.matching.appeared, &sides.matching.vanished].map(|slots| names.listed(slots));
    Diff { appeared, vanished, everybody, groups, opened, closed, outside_opened, outside_closed }
}

/// Gives pieces names and reasons.
struct Writer<'a> {
    sides: &'a Sides<'a>,
    explain: bool,
    everybody: Present,
    groups: Groups<'a>,
    store: Store,
}

impl Writer<'_> {
    /// Changes that `side` allows.
    fn changes(
        &mut self,
        side: Side,
        why: Why,
        pieces: BTreeMap<Piece, Vec<Family>>,
    ) -> Vec<Change> {
        pieces
            .into_iter()
            .map(|(piece, families)| self.change(side, why, piece, families))
            .collect()
    }

    fn change(&mut self, side: Side, why: Why, piece: Piece, families: Vec<Family>) -> Change {
        let from = Arc::clone(self.store.bitmaps.get(piece.from));
        let to = Arc::clone(self.store.bitmaps.get(piece.to));
        let ports = Arc::clone(self.store.traffics.get(piece.traffic));
        let both = |side: Side, verdict| {
            let (reach, from, to) = (
                self.sides.reach(side),
                self.sides.numbers(side, &from),
                self.sides.numbers(side, &to),
            );
            Because { reach, traffic: &ports, families: &families, verdict, sets_max: SETS_MAX }
                .both(&from, &to)
        };
        let allowed_by = self.explain.then(|| both(side, Verdict::Allow));
        let asked = self.explain && why == Why::Changed;
        let denied_by = asked.then(|| both(side.other(), Verdict::Deny));
        let (from, _) = self.groups.group(&from, &self.everybody);
        let (to, _) = self.groups.group(&to, &self.everybody);
        Change { why, from, to, ports, families, allowed_by, denied_by }
    }

    fn outside(&mut self, side: Side, why: Why, edges: Vec<OutsideEdge>) -> Vec<OutsideChange> {
        edges.into_iter().map(|edge| self.outside_change(side, why, edge)).collect()
    }

    fn outside_change(&mut self, side: Side, why: Why, edge: OutsideEdge) -> OutsideChange {
        let reasons = |side: Side, verdict| {
            let reach = self.sides.reach(side);
            let pods = Arc::new(self.sides.numbers(side, &edge.pods));
            let edge = OutsideEdge { pods, ..edge.clone() };
            let families = reach.families();
            Because { reach, traffic: &edge.traffic, families, verdict, sets_max: SETS_MAX }
                .outside_both(&edge)
        };
        let allowed_by = self.explain.then(|| reasons(side, Verdict::Allow));
        let asked = self.explain && why == Why::Changed;
        let denied_by = asked.then(|| reasons(side.other(), Verdict::Deny));
        let (group, _) = self.groups.group(&edge.pods, &self.everybody);
        OutsideChange {
            why,
            direction: edge.direction,
            outsiders: edge.outsiders,
            group,
            networks: edge.networks(),
            ports: edge.traffic,
            allowed_by,
            denied_by,
        }
    }
}
