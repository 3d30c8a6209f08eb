//! The phases of a plan, in the only order that is safe.
//!
//! 1. everything that exists learns the transitional columns, then ports move there;
//! 2. everything that is used learns the transitional classes, then addresses move there;
//! 3. transitional and new sets are written, which nobody has yet;
//! 4. closing: generations say that a plan is under way, then endpoints flip to what both tables
//!    allow, then kept rows do;
//! 5. Services lead to their new backends, while both the old and the new backends are judged by what
//!    both tables allow;
//! 6. opening: kept rows become what is wanted, then endpoints flip to their new sets;
//! 7. addresses and ports arrive at their own classes and columns;
//! 8. generations make connections be judged again, and what nobody uses goes.

mod after;
mod before;
mod crossing;

use std::collections::{BTreeMap, BTreeSet};

use abi::RowKey;
use compile::{Counts, Image, Shortage};

use crate::Op;
use crate::block::Blocks;
use crate::class::{ClassMap, ClassPair};
use crate::column::ColumnMap;
use crate::row::{Images, Required};
use crate::set::SetMap;

/// A plan that cannot be carried out; nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A map would overflow on the way.
    #[error("on the way, {0}")]
    Capacity(#[from] Shortage),
    /// A slot is to be one subject's that is still another's: its words would have two meanings.
    #[error("slot {slot} is still another subject's")]
    SlotTaken {
        /// The slot.
        slot: u32,
    },
}

/// The writes that lead from `observed` to an image that behaves as `wanted`, where both have the
/// same subjects, and how full tables become; see `subject`.
pub(crate) fn cross(observed: &Image, wanted: &Image) -> (Vec<Op>, Counts) {
    let columns = ColumnMap::between(observed, wanted);
    let images = Images::new(observed, wanted, &columns);
    let classes = ClassMap::between(observed, wanted);
    let sets = SetMap::between(&images, &classes.pairs);
    let mut planner = Planner {
        images: &images,
        classes: &classes,
        sets: &sets,
        unsettled: unsettled(&images, &classes.pairs, &sets),
        blocks: Blocks::of(observed),
        now: observed.clone(),
        ops: Vec::new(),
        widest: Counts::of(observed),
    };
    planner.run();
    (planner.ops, planner.widest)
}

struct Planner<'a> {
    images: &'a Images<'a>,
    classes: &'a ClassMap,
    sets: &'a SetMap,
    /// By set of old: the pairs for which one of its rows must change or appear.
    unsettled: BTreeMap<u32, Vec<ClassPair>>,
    blocks: Blocks,
    now: Image,
    ops: Vec<Op>,
    /// As full as the tables become.
    widest: Counts,
}

fn unsettled(
    images: &Images<'_>,
    pairs: &BTreeSet<ClassPair>,
    sets: &SetMap,
) -> BTreeMap<u32, Vec<ClassPair>> {
    let is_unsettled = |set, pair: ClassPair| match sets.wanted.contains(&set) {
        true => !images.is_settled(set, pair),
        false => pair.old != pair.via || !images.has_room(set, pair),
    };
    let of = |set| pairs.iter().copied().filter(|pair| is_unsettled(set, *pair)).collect();
    sets.old.iter().map(|set| (*set, of(*set))).collect()
}

impl Planner<'_> {
    fn run(&mut self) {
        self.extend();
        self.learn_old();
        self.move_ports();
        self.move_addresses();
        self.write_sets();
        self.close();
        self.serve();
        self.open();
        self.arrive();
        self.restamp();
        self.collect();
    }

    fn emit(&mut self, op: Op) {
        op.apply(&mut self.now);
        self.ops.push(op);
        self.count();
    }

    /// Rows go only at the end, and no block is given up on the way.
    fn count(&mut self) {
        let (now, widest) = (&self.now, &mut self.widest);
        widest.peers = widest.peers.max(now.peers.len());
        widest.prefixes = widest.prefixes.max(now.prefixes.len());
        widest.rows = widest.rows.max(now.rows.len());
        widest.services = widest.services.max(now.services.len());
        widest.backends = widest.backends.max(now.backends.len());
        let last = now.cells.last_key_value().map_or(0, |(index, _)| *index as usize + 1);
        widest.cells = widest.cells.max(last);
        let last = now.endpoints.last_key_value().map_or(0, |(slot, _)| *slot as usize + 1);
        widest.endpoints = widest.endpoints.max(last);
    }

    /// Makes a row have the required cells, by one atomic write after its block is complete.
    fn put(&mut self, set: u32, class: Option<u32>, required: &Required) {
        let Some(class) = class else { return };
        let key = RowKey { set, class };
        let has = |(column, cell): (u32, &Option<abi::Cell>)| {
            cell.is_none_or(|cell| self.now.cell(key, column) == Some(cell))
        };
        if self.now.rows.contains_key(&key) && (0..).zip(required).all(has) {
            return;
        }
        let (value, cells) = self.blocks.place(required);
        for (index, cell) in (value.base..).zip(cells.into_iter().flatten()) {
            self.emit(Op::Cell { index, cell });
        }
        self.emit(Op::Row { key, value });
    }

    fn unsettled(&self, set: u32) -> Vec<ClassPair> {
        self.unsettled.get(&set).cloned().unwrap_or_default()
    }

    fn slots(&self) -> BTreeSet<u32> {
        let (old, wanted) = (&self.images.old.endpoints, &self.images.wanted.endpoints);
        old.keys().chain(wanted.keys()).copied().collect()
    }
}
