//! Before the crossing: rows learn the transitional columns and classes, then ports and addresses
//! move there.
//!
//! Nothing that this writes changes a verdict: what is new behaves as what it comes from.

use std::collections::BTreeSet;

use abi::{Address, PrefixKey};

use super::Planner;
use crate::Op;
use crate::block::Blocks;
use crate::class::ClassPair;
use crate::column::ColumnPair;

impl Planner<'_> {
    /// Phase 1 where there is room: new columns are written into the blocks as they are, since no
    /// port leads there yet.
    pub(super) fn extend(&mut self) {
        let fresh = self.images.columns.fresh();
        let blocks: BTreeSet<(u32, u32)> =
            self.now.rows.values().map(|row| (row.base, row.width)).collect();
        for (base, _) in
            blocks.iter().filter(|(_, width)| *width as usize >= self.images.columns.width())
        {
            for (column, source) in &fresh {
                let cell = self.now.cells.get(&(base + source)).copied();
                if let Some(cell) =
                    cell.filter(|cell| self.now.cells.get(&(base + column)) != Some(cell))
                {
                    self.emit(Op::Cell { index: base + column, cell });
                }
            }
        }
        if !fresh.is_empty() {
            self.blocks = Blocks::of(&self.now);
        }
    }

    /// Phases 1 and 2: rows of old under transitional columns and classes.
    pub(super) fn learn_old(&mut self) {
        for set in self.sets.old.clone() {
            for pair in self.unsettled(set).into_iter().filter(|pair| pair.old.is_some()) {
                let required = self.images.as_old(set, pair);
                self.put(set, pair.old, &required);
                self.put(set, pair.via, &required);
            }
        }
    }

    pub(super) fn move_ports(&mut self) {
        self.ports(|pair| pair.via);
    }

    /// Most plans move none, and there are too many to look at each for nothing.
    pub(super) fn ports(&mut self, column: impl Fn(ColumnPair) -> u32) {
        if self.images.columns.is_unchanged() {
            return;
        }
        let ends = self.images.old.ports.iter().zip(&self.images.wanted.ports);
        // Neighbours mostly agree, so the last answer mostly holds.
        let mut last = None;
        let moved: Vec<Op> = (0..)
            .zip(ends.zip(&self.now.ports))
            .filter_map(|(slot, ((old, wanted), now))| {
                let known =
                    last.filter(|pair: &ColumnPair| (pair.old, pair.wanted) == (*old, *wanted));
                last = known.or_else(|| self.images.columns.pair(*old, *wanted));
                let column = column(last?);
                (column != *now).then_some(Op::Port { slot, column })
            })
            .collect();
        moved.into_iter().for_each(|op| self.emit(op));
    }

    /// New prefixes come first, shorter ones before longer ones, as what they were.
    pub(super) fn move_addresses(&mut self) {
        let mut prefixes: Vec<(PrefixKey, ClassPair)> =
            self.classes.prefixes.iter().map(|(key, pair)| (*key, *pair)).collect();
        prefixes.sort_by_key(|(key, _)| key.length);
        for (key, pair) in prefixes {
            self.prefix(key, pair.via);
        }
        for (address, pair) in &self.classes.peers {
            self.peer(*address, pair.via);
        }
    }

    pub(super) fn prefix(&mut self, key: PrefixKey, class: Option<u32>) {
        if let Some(class) = class.filter(|class| self.now.prefixes.get(&key) != Some(class)) {
            self.emit(Op::Prefix { key, class });
        }
    }

    pub(super) fn peer(&mut self, address: Address, class: Option<u32>) {
        if let Some(class) = class.filter(|class| self.now.peers.get(&address) != Some(class)) {
            self.emit(Op::Peer { address, class });
        }
    }
}
