//! Room for rows: blocks of cells, equal ones shared, free ones found again.
//!
//! A block is never edited once a row leads to it.

use std::collections::{BTreeMap, BTreeSet};

use abi::{Cell, PORT_SLOTS, RowValue};
use compile::Image;
use rustc_hash::FxHashMap;

/// A cell that nobody wrote.
pub(crate) const NOTHING: Cell =
    Cell { rule: 0, verdict: abi::verdict_code::DENY, reason: 0, counter: 0 };

/// There cannot be more columns than ports, be they old, wanted or on their way; what says so is not
/// believed.
const WIDTH_MAX: u32 = PORT_SLOTS << 2;

/// Blocks have a multiple of this many columns.
const WIDTH_STEP: usize = 8;

/// The blocks of an image.
pub(crate) struct Blocks {
    known: FxHashMap<Vec<Cell>, RowValue>,
    used: BTreeMap<u32, u32>,
    /// By the width that was asked for, before where there is no gap as wide. Nothing becomes free, so
    /// nobody has to look there again.
    full: BTreeMap<u32, u32>,
}

impl Blocks {
    pub(crate) fn of(image: &Image) -> Self {
        let rows: BTreeSet<RowValue> = image.rows.values().copied().collect();
        let mut blocks =
            Self { known: FxHashMap::default(), used: BTreeMap::new(), full: BTreeMap::new() };
        for row in rows {
            let width = blocks.used.entry(row.base).or_default();
            *width = row.width.max(*width);
            blocks.known.entry(cells(image, row)).or_insert(row);
        }
        blocks
    }

    /// A block that begins with these cells, and what must be written first. It has room for more
    /// columns, so that most new ports need no new rows.
    pub(crate) fn place(&mut self, cells: &[Option<Cell>]) -> (RowValue, Option<Vec<Cell>>) {
        let mut cells: Vec<Cell> = cells.iter().map(|cell| cell.unwrap_or(NOTHING)).collect();
        cells.resize((cells.len() + 1).next_multiple_of(WIDTH_STEP), NOTHING);
        if let Some(value) = self.known.get(&cells) {
            return (*value, None);
        }
        let width = u32::try_from(cells.len()).unwrap_or(u32::MAX);
        let value = RowValue { base: self.gap(width), width };
        self.used.insert(value.base, width);
        self.known.insert(cells.clone(), value);
        (value, Some(cells))
    }

    /// The first gap that is wide enough.
    fn gap(&mut self, width: u32) -> u32 {
        let mut free = self.full.range(..=width).map(|(_, from)| *from).max().unwrap_or(0);
        for (base, used) in self.used.range(free..) {
            if base.saturating_sub(free) >= width {
                break;
            }
            free = free.max(base.saturating_add(*used));
        }
        self.full.insert(width, free);
        free
    }
}

/// A block's cells; those that nobody wrote are nothing.
pub(crate) fn cells(image: &Image, row: RowValue) -> Vec<Cell> {
    let mut cells = vec![NOTHING; row.width.min(WIDTH_MAX) as usize];
    for (index, cell) in image.cells.range(row.base..row.base.saturating_add(row.width)) {
        if let Some(place) = cells.get_mut((index - row.base) as usize) {
            *place = *cell;
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first gap, looked for from the beginning.
    fn first(used: &BTreeMap<u32, u32>, width: u32) -> u32 {
        let mut free = 0;
        for (base, taken) in used {
            if base.saturating_sub(free) >= width {
                break;
            }
            free = free.max(base + taken);
        }
        free
    }

    #[test]
    fn no_search_misses_a_gap_before_where_it_begins() {
        // Gaps of 8 to 40 cells, one block inside of another.
        let taken = (0..60_u32).map(|number| (number * 48, 8 + number % 5 * 8));
        let used: BTreeMap<u32, u32> = taken.chain([(8, 4)]).collect();
        let mut blocks = Blocks { known: FxHashMap::default(), used, full: BTreeMap::new() };
        let mut width = 8;
        for _ in 0..200 {
            width = width * 13 % 41 / 8 * 8 + 8;
            let wanted = first(&blocks.used, width);
            assert_eq!(blocks.gap(width), wanted, "{width} cells");
            blocks.used.insert(wanted, width);
        }
        assert!(blocks.full.len() > 2, "{:?} are too few widths", blocks.full);
    }
}
