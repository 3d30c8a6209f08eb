//! Rows: for one set and one class, the answer of every column, as the kernel's cells.
//!
//! What a cell says is painted elsewhere; here it gets its number, and equal rows are kept once.

use std::collections::{BTreeMap, HashMap};

use abi::{Cell, RowKey, RowValue, verdict_code};
use model::{Builtin, Reason, Tier, Verdict};

use crate::Image;
use crate::atom::Atoms;
use crate::class::{Classes, Signature};
use crate::column::Columns;
use crate::name::Names;
use crate::paint::{Because, Painter, Said};
use crate::set::{PolicySet, Sets};

/// All rows; equal ones are kept once.
#[derive(Default)]
pub(crate) struct Rows {
    blocks: Vec<Vec<Cell>>,
    known: HashMap<Vec<Cell>, usize>,
    rows: BTreeMap<RowKey, usize>,
}

impl Rows {
    pub(crate) fn build(
        sets: &Sets<'_>,
        atoms: &Atoms,
        classes: &Classes,
        columns: &Columns,
        names: &mut Names,
    ) -> Self {
        let mut rows = Self::default();
        for (set, id) in sets.iter() {
            let painter = Painter::new(set, atoms, columns);
            let mut inks = Inks { set, names: &mut *names, known: HashMap::new() };
            let mut known: HashMap<Signature, usize> = HashMap::new();
            for (signature, class) in classes.iter() {
                let visible = painter.visible(signature);
                let block = match known.get(&visible) {
                    Some(block) => *block,
                    None => rows.intern(inks.row(painter.paint(&visible, None))),
                };
                known.insert(visible, block);
                rows.rows.insert(RowKey { set: id, class }, block);
            }
        }
        rows
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
