//! What a row says while a plan is under way: as of old, as wanted, or only what both allow.

use std::collections::HashMap;

use abi::{Cell, RowKey, RowValue, verdict_code};
use compile::Image;
use model::Builtin;

use crate::class::ClassPair;
use crate::column::{ColumnMap, ColumnPair};

/// Two images, compared cell by cell.
pub(crate) struct Images<'a> {
    pub(crate) old: &'a Image,
    pub(crate) wanted: &'a Image,
    pub(crate) columns: &'a ColumnMap,
    old_rows: HashMap<RowKey, Vec<Cell>>,
    wanted_rows: HashMap<RowKey, Vec<Cell>>,
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

/// The cells that a row must have, by physical column; others are never read.
pub(crate) type Required = Vec<Option<Cell>>;

impl<'a> Images<'a> {
    pub(crate) fn new(old: &'a Image, wanted: &'a Image, columns: &'a ColumnMap) -> Self {
        Self { old, wanted, columns, old_rows: rows(old), wanted_rows: rows(wanted) }
    }

    /// The row as of old, for ports that have and have not moved yet.
    pub(crate) fn as_old(&self, set: u32, class: ClassPair) -> Required {
        self.required(|pair| {
            let cell = self.old_cell(set, class, pair);
            [Some((pair.old, cell)), Some((pair.via, cell))]
        })
    }

    /// The row as wanted, for ports that have and have not arrived yet.
    pub(crate) fn as_wanted(&self, set: u32, class: ClassPair) -> Required {
        self.required(|pair| {
            let cell = self.wanted_cell(set, class, pair);
            [Some((pair.via, cell)), Some((pair.end, cell))]
        })
    }

    /// The row that allows only what both allow, for ports on their way.
    pub(crate) fn as_both(&self, sets: SetPair, class: ClassPair) -> Required {
        self.required(|pair| [Some((pair.via, self.both(sets, class, pair))), None])
    }

    /// Whether some cell of the two closes what was open.
    pub(crate) fn closes(&self, sets: SetPair, class: ClassPair) -> bool {
        self.any(sets, class, |old, wanted| is_allow(old) && !is_allow(wanted))
    }

    /// Whether some cell of the two opens what was closed.
    pub(crate) fn opens(&self, sets: SetPair, class: ClassPair) -> bool {
        self.any(sets, class, |old, wanted| !is_allow(old) && is_allow(wanted))
    }

    /// Whether some cell of the two differs at all, in verdict or reason.
    pub(crate) fn differs(&self, sets: SetPair, class: ClassPair) -> bool {
        self.any(sets, class, |old, wanted| old != wanted)
    }

    fn any(&self, sets: SetPair, class: ClassPair, holds: impl Fn(Cell, Cell) -> bool) -> bool {
        self.columns.pairs.iter().any(|pair| {
            holds(
                self.old_cell(sets.old, class, *pair),
                self.wanted_cell(sets.wanted, class, *pair),
            )
        })
    }

    fn both(&self, sets: SetPair, class: ClassPair, pair: ColumnPair) -> Cell {
        let old = self.old_cell(sets.old, class, pair);
        if is_allow(old) { self.wanted_cell(sets.wanted, class, pair) } else { old }
    }

    fn old_cell(&self, set: u32, class: ClassPair, pair: ColumnPair) -> Cell {
        cell(&self.old_rows, set, class.old, pair.old)
    }

    fn wanted_cell(&self, set: u32, class: ClassPair, pair: ColumnPair) -> Cell {
        cell(&self.wanted_rows, set, class.wanted, pair.wanted)
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

/// Every row with its cells, so that comparing is cheap.
fn rows(image: &Image) -> HashMap<RowKey, Vec<Cell>> {
    let cells = |row: &RowValue| {
        let cells = row.base..row.base.saturating_add(row.width);
        cells.map_while(|index| image.cells.get(&index).copied()).collect()
    };
    image.rows.iter().map(|(key, row)| (*key, cells(row))).collect()
}

/// A cell, or what the programs make of one that is not there.
fn cell(rows: &HashMap<RowKey, Vec<Cell>>, set: u32, class: Option<u32>, column: u32) -> Cell {
    if set == 0 {
        return builtin(Builtin::DefaultAllow);
    }
    let row = class.and_then(|class| rows.get(&RowKey { set, class }));
    let cell = row.and_then(|cells| cells.get(column as usize)).copied();
    cell.unwrap_or(builtin(Builtin::NotProgrammed))
}

fn builtin(builtin: Builtin) -> Cell {
    let verdict = verdict_code::of(builtin.verdict());
    Cell { rule: 0, verdict, reason: builtin.code(), pad: 0 }
}
