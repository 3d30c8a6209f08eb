//! The phases of a plan, in the only order that is safe.
//!
//! 1. everything that exists learns the transitional columns, then ports move there;
//! 2. everything that is used learns the transitional classes, then addresses move there;
//! 3. transitional and new sets are written, which nobody has yet;
//! 4. closing: endpoints flip to what both tables allow, then kept rows do;
//! 5. opening: kept rows become what is wanted, then endpoints flip to their new sets;
//! 6. addresses and ports arrive at their own classes and columns;
//! 7. generations make connections be judged again, and what nobody uses goes.

mod after;
mod before;
mod crossing;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use abi::{RowKey, capacity};
use compile::Image;

use crate::Op;
use crate::block::Blocks;
use crate::class::{ClassMap, ClassPair};
use crate::column::ColumnMap;
use crate::row::{Images, Required};
use crate::set::SetMap;

/// A plan that cannot be carried out; nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// A map would overflow on the way.
    Capacity {
        /// Which map.
        what: &'static str,
        /// How many entries the plan needs at its widest.
        needed: usize,
        /// How many the map holds.
        capacity: u32,
    },
    /// A slot is to be one subject's that is still another's: its words would have two meanings.
    SlotTaken {
        /// The slot.
        slot: u32,
    },
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capacity { what, needed, capacity } => {
                write!(f, "{what} would need {needed} entries, there is room for {capacity}")
            }
            Self::SlotTaken { slot } => write!(f, "slot {slot} is still another subject's"),
        }
    }
}

impl std::error::Error for PlanError {}

/// The writes that lead from `observed` to an image that behaves as `wanted`, where both have the
/// same subjects; see `subject`.
pub(crate) fn cross(observed: &Image, wanted: &Image) -> Result<Vec<Op>, PlanError> {
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
        rows_max: 0,
    };
    planner.run();
    planner.finish()
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
    rows_max: usize,
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
        self.open();
        self.serve();
        self.arrive();
        self.restamp();
        self.collect();
    }

    fn finish(self) -> Result<Vec<Op>, PlanError> {
        [
            ("cells", self.blocks.end() as usize, capacity::CELLS),
            ("rows", self.rows_max, capacity::ROWS),
            ("peers", self.classes.peers.len(), capacity::PEERS),
            ("prefixes", self.classes.prefixes.len(), capacity::PREFIXES),
        ]
        .into_iter()
        .try_for_each(|(what, needed, capacity)| match needed <= capacity as usize {
            true => Ok(()),
            false => Err(PlanError::Capacity { what, needed, capacity }),
        })?;
        Ok(self.ops)
    }

    fn emit(&mut self, op: Op) {
        op.apply(&mut self.now);
        self.ops.push(op);
        self.rows_max = self.rows_max.max(self.now.rows.len());
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
