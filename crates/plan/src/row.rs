//! What a row says while a plan is under way: as of old, as wanted, or only what both allow.
//!
//! Rows share blocks of cells, so two rows are compared once for each pair of blocks.

use std::cell::RefCell;

use abi::{Cell, RowKey, RowValue, verdict_code};
use compile::Image;
use model::Builtin;
use rustc_hash::FxHashMap;

use crate::block::{self, NOTHING};
use crate::class::ClassPair;
use crate::column::{ColumnMap, ColumnPair};

/// Two images, compared row by row.
pub(crate) struct Images<'a> {
    pub(crate) old: &'a Image,
    pub(crate) wanted: &'a Image,
    pub(crate) columns: &'a ColumnMap,
    old_blocks: FxHashMap<RowValue, Vec<Cell>>,
    wanted_blocks: FxHashMap<RowValue, Vec<Cell>>,
    known: RefCell<FxHashMap<(Side, Side), Difference>>,
}

/// A set before and after; 0 is the set that allows everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SetPair {
    pub(crate) old: u32,
    pub(crate) wanted: u32,
}

impl SetPair {
    /// The same set before and after.
    pub(crate) fn kept(set: u32) -> Self {
        Self { old: set, wanted: set }
    }
}

/// What one set has for one class.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Side {
    /// No policy: everything is allowed.
    Open,
    /// No row: everything is denied.
    Missing,
    Row(RowValue),
}

/// How a row changes.
#[derive(Clone, Copy, Default)]
struct Difference {
    opens: bool,
    closes: bool,
    differs: bool,
}

/// The cells that a row must have, by physical column; others are never read.
pub(crate) type Required = Vec<Option<Cell>>;

impl<'a> Images<'a> {
    pub(crate) fn new(old: &'a Image, wanted: &'a Image, columns: &'a ColumnMap) -> Self {
        let (old_blocks, wanted_blocks) = (blocks(old), blocks(wanted));
        Self { old, wanted, columns, old_blocks, wanted_blocks, known: RefCell::default() }
    }

    /// The row as of old, for ports that have and have not moved yet.
    pub(crate) fn as_old(&self, set: u32, class: ClassPair) -> Required {
        let old = side(self.old, set, class.old);
        self.required(|pair| {
            let cell = self.old_cell(old, pair);
            [Some((pair.old, cell)), Some((pair.via, cell))]
        })
    }

    /// The row as wanted, for ports that have and have not arrived yet.
    pub(crate) fn as_wanted(&self, set: u32, class: ClassPair) -> Required {
        let wanted = side(self.wanted, set, class.wanted);
        self.required(|pair| {
            let cell = self.wanted_cell(wanted, pair);
            [Some((pair.via, cell)), Some((pair.end, cell))]
        })
    }

    /// The row that allows only what both allow, for ports on their way.
    pub(crate) fn as_both(&self, sets: SetPair, class: ClassPair) -> Required {
        let (old, wanted) = self.sides(sets, class);
        self.required(|pair| {
            let before = self.old_cell(old, pair);
            let cell = if is_allow(before) { self.wanted_cell(wanted, pair) } else { before };
            [Some((pair.via, cell)), None]
        })
    }

    /// Whether some cell of the two closes what was open.
    pub(crate) fn closes(&self, sets: SetPair, class: ClassPair) -> bool {
        self.difference(sets, class).closes
    }

    /// Whether some cell of the two opens what was closed.
    pub(crate) fn opens(&self, sets: SetPair, class: ClassPair) -> bool {
        self.difference(sets, class).opens
    }

    /// Whether some cell of the two differs at all, in verdict or reason.
    pub(crate) fn differs(&self, sets: SetPair, class: ClassPair) -> bool {
        self.difference(sets, class).differs
    }

    /// Whether a set that stays needs no row written for this class.
    pub(crate) fn is_settled(&self, set: u32, class: ClassPair) -> bool {
        class.old == class.wanted
            && class.via == class.wanted
            && self.has_room(set, class)
            && !self.differs(SetPair::kept(set), class)
    }

    /// Whether new columns fit into the row as it is.
    pub(crate) fn has_room(&self, set: u32, class: ClassPair) -> bool {
        self.columns.is_unchanged()
            || match side(self.old, set, class.old) {
                Side::Row(row) => row.width as usize >= self.columns.width(),
                Side::Open => true,
                Side::Missing => false,
            }
    }

    fn difference(&self, sets: SetPair, class: ClassPair) -> Difference {
        let sides = self.sides(sets, class);
        if let Some(known) = self.known.borrow().get(&sides) {
            return *known;
        }
        let difference = self.compare(sides.0, sides.1);
        self.known.borrow_mut().insert(sides, difference);
        difference
    }

    fn compare(&self, old: Side, wanted: Side) -> Difference {
        self.columns.pairs.iter().fold(Difference::default(), |all, pair| {
            let (before, after) = (self.old_cell(old, *pair), self.wanted_cell(wanted, *pair));
            Difference {
                opens: all.opens || !is_allow(before) && is_allow(after),
                closes: all.closes || is_allow(before) && !is_allow(after),
                differs: all.differs || before != after,
            }
        })
    }

    fn sides(&self, sets: SetPair, class: ClassPair) -> (Side, Side) {
        (side(self.old, sets.old, class.old), side(self.wanted, sets.wanted, class.wanted))
    }

    fn old_cell(&self, side: Side, pair: ColumnPair) -> Cell {
        cell(&self.old_blocks, side, pair.old)
    }

    fn wanted_cell(&self, side: Side, pair: ColumnPair) -> Cell {
        cell(&self.wanted_blocks, side, pair.wanted)
    }

    fn required(&self, cells: impl Fn(ColumnPair) -> [Option<(u32, Cell)>; 2]) -> Required {
        let mut required = vec![None; self.columns.width()];
        for (column, cell) in self.columns.pairs.iter().flat_map(|pair| cells(*pair)).flatten() {
            if let Some(place) = required.get_mut(column as usize) {
                *place = Some(cell);
            }
        }
        required
    }
}

fn is_allow(cell: Cell) -> bool {
    cell.verdict == verdict_code::ALLOW
}

/// Every block that a row leads to, with its cells. A block may have gaps: columns that nothing needs
/// any more are nothing, and what is nothing is not read back.
fn blocks(image: &Image) -> FxHashMap<RowValue, Vec<Cell>> {
    let mut blocks = FxHashMap::default();
    for row in image.rows.values() {
        blocks.entry(*row).or_insert_with(|| block::cells(image, *row));
    }
    blocks
}

fn side(image: &Image, set: u32, class: Option<u32>) -> Side {
    if set == 0 {
        return Side::Open;
    }
    let row = class.and_then(|class| image.rows.get(&RowKey { set, class }));
    row.map_or(Side::Missing, |row| Side::Row(*row))
}

/// A cell, or what the programs make of one that is not there.
fn cell(blocks: &FxHashMap<RowValue, Vec<Cell>>, side: Side, column: u32) -> Cell {
    let row = match side {
        Side::Open => return builtin(Builtin::DefaultAllow),
        Side::Missing => return builtin(Builtin::NotProgrammed),
        Side::Row(row) => row,
    };
    let cell = blocks.get(&row).and_then(|cells| cells.get(column as usize)).copied();
    cell.filter(|cell| *cell != NOTHING).unwrap_or(builtin(Builtin::NotProgrammed))
}

fn builtin(builtin: Builtin) -> Cell {
    let verdict = verdict_code::of(builtin.verdict());
    Cell { rule: 0, verdict, reason: builtin.code(), counter: 0 }
}
