//! Rows: for one set and one class, the answer of every column, as the kernel's cells.
//!
//! What a cell says is painted elsewhere; here it gets its number, and equal rows are kept once.

use std::collections::{BTreeMap, HashMap, HashSet};

use abi::{Cell, RowKey, RowValue, verdict_code};
use model::{Builtin, Reason, Tier, Verdict};

use crate::axes::Axes;
use crate::class::Signature;
use crate::name::Names;
use crate::paint::{Because, Painter, Said};
use crate::set::PolicySet;
use crate::{Image, Shortage};

/// All rows; equal ones are kept once.
#[derive(Default)]
pub(crate) struct Rows {
    blocks: Vec<Vec<Cell>>,
    known: HashMap<Vec<Cell>, usize>,
    rows: BTreeMap<RowKey, usize>,
}

impl Rows {
    /// Stops as soon as they have more cells than `capacity`, of which some tables would have billions.
    pub(crate) fn build(
        axes: &Axes<'_>,
        names: &mut Names,
        capacity: u32,
    ) -> Result<Self, Shortage> {
        let mut rows = Self::default();
        let most = capacity.checked_div(axes.columns.count()).unwrap_or(0) as usize;
        for (set, id) in axes.sets.iter() {
            let painter = Painter::new(set, &axes.atoms, &axes.columns);
            let mut inks = Inks { set, names: &mut *names, known: HashMap::new() };
            let mut known: HashMap<Signature, usize> = HashMap::new();
            for (signature, class) in axes.classes.iter() {
                let visible = painter.visible(signature);
                let block = match known.get(&visible) {
                    Some(block) => *block,
                    None => rows.intern(inks.row(painter.paint(&visible, None))),
                };
                if rows.blocks.len() > most {
                    let needed = cells_at_most(axes);
                    return Err(Shortage { table: "cells", needed, capacity });
                }
                known.insert(visible, block);
                rows.rows.insert(RowKey { set: id, class }, block);
            }
        }
        Ok(rows)
    }

    fn intern(&mut self, cells: Vec<Cell>) -> usize {
        let blocks = &mut self.blocks;
        *self.known.entry(cells).or_insert_with_key(|cells| {
            blocks.push(cells.clone());
            blocks.len() - 1
        })
    }

    /// Lays the blocks out one behind the other.
    pub(crate) fn write(&self, image: &mut Image) {
        let mut values = Vec::with_capacity(self.blocks.len());
        let mut base = 0;
        for block in &self.blocks {
            let width = u32::try_from(block.len()).unwrap_or(u32::MAX);
            values.push(RowValue { base, width });
            image.cells.extend((base..).zip(block.iter().copied()));
            base += width;
        }
        let value = |block: &usize| values.get(*block).copied();
        let rows = self.rows.iter().filter_map(|(key, block)| Some((*key, value(block)?)));
        image.rows = rows.collect();
    }
}

/// How many cells there are if no two rows are equal that could differ.
fn cells_at_most(axes: &Axes<'_>) -> usize {
    let told_apart = |set: &PolicySet| {
        let painter = Painter::new(set, &axes.atoms, &axes.columns);
        let visible = axes.classes.iter().map(|(signature, _)| painter.visible(signature));
        visible.collect::<HashSet<_>>().len()
    };
    let rows: usize = axes.sets.iter().map(|(set, _)| told_apart(set)).sum();
    rows.saturating_mul(axes.columns.count() as usize)
}

/// The cells of one set's answers.
struct Inks<'a> {
    set: &'a PolicySet,
    names: &'a mut Names,
    known: HashMap<Said, Cell>,
}

impl Inks<'_> {
    fn row(&mut self, said: Vec<Said>) -> Vec<Cell> {
        said.into_iter().map(|said| self.cell(said)).collect()
    }

    fn cell(&mut self, said: Said) -> Cell {
        if let Some(cell) = self.known.get(&said) {
            return *cell;
        }
        let cell = match said.because {
            Because::Rule(at) => self.of_rule(at, said.verdict),
            Because::DefaultDeny(tier) => self.default_deny(tier),
            Because::Builtin(reason) => builtin(reason),
        };
        self.known.insert(said, cell);
        cell
    }

    fn of_rule(&mut self, at: u32, verdict: Verdict) -> Cell {
        let Some(rule) = self.set.rules.get(at as usize) else {
            return builtin(Builtin::NotProgrammed);
        };
        let verdict = match verdict {
            Verdict::Allow => verdict_code::ALLOW,
            Verdict::Deny => denial(rule.keeping),
        };
        let rule = self.names.id(Reason::Rule(rule.origin.clone()));
        Cell { rule, verdict, reason: 0, counter: 0 }
    }

    fn default_deny(&mut self, tier: Tier) -> Cell {
        let policies = self.set.isolating_in(tier).into_iter().cloned().collect();
        let rule = self.names.id(Reason::DefaultDeny(policies));
        Cell { rule, verdict: denial(self.set.is_keeping_in(tier)), reason: 0, counter: 0 }
    }
}

fn denial(keeping: bool) -> u8 {
    if keeping { verdict_code::DENY_KEEP } else { verdict_code::DENY }
}

pub(crate) fn builtin(builtin: Builtin) -> Cell {
    let verdict = verdict_code::of(builtin.verdict());
    Cell { rule: 0, verdict, reason: builtin.code(), counter: 0 }
}
