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
}

impl Blocks {
    pub(crate) fn of(image: &Image) -> Self {
        let rows: BTreeSet<RowValue> = image.rows.values().copied().collect();
        let mut blocks = Self { known: FxHashMap::default(), used: BTreeMap::new() };
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
    fn gap(&self, width: u32) -> u32 {
        let mut free = 0;
        for (base, used) in &self.used {
            if base.saturating_sub(free) >= width {
                break;
            }
            free = free.max(base.saturating_add(*used));
        }
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
