//! The keys of a mapping: none twice, and what `<<` adds to them.
//!
//! Readers differ in which of two equal keys counts, so no answer may depend on it.

use std::collections::BTreeSet;

use super::forest::{Cell, Forest, Form};

/// Keys that are compared pair by pair at most; longer mappings are searched with a set.
const PAIRWISE_MAX: usize = 16;

/// The first key that was there before, and that one. `own` is key, value, key, value.
pub(super) fn duplicate(forest: &Forest, own: &[Cell]) -> Option<(Cell, Cell)> {
    let keys = || own.iter().step_by(2).copied();
    let equal = |one: Cell, other: Cell| forest.scalar(one) == forest.scalar(other);
    let first = |at: usize, key: Cell| keys().take(at).find(|before| equal(*before, key));
    if own.len() <= 2 * PAIRWISE_MAX {
        return keys().enumerate().find_map(|(at, key)| Some((key, first(at, key)?)));
    }
    let mut seen = BTreeSet::new();
    let (at, second) = keys().enumerate().find(|(_, key)| !seen.insert(forest.scalar(*key)))?;
    Some((second, first(at, second)?))
}

/// What `<<` adds to a mapping: what stands in the mapping itself wins, then what is merged first.
#[derive(Default)]
pub(super) struct Merged(Vec<(Cell, Cell)>);

impl Merged {
    /// Takes the value of a `<<`; what is no mapping comes back.
    pub(super) fn take(&mut self, forest: &Forest, value: Cell) -> Result<(), Cell> {
        match value.form {
            Form::Mapping => {
                let first = value.at as usize;
                let pairs = forest.cells.get(first..first + 2 * value.len as usize);
                let (pairs, _) = pairs.unwrap_or_default().as_chunks();
                self.0.extend(pairs.iter().map(|[key, value]| (*key, *value)));
                Ok(())
            }
            Form::Sequence => {
                let first = value.at as usize;
                let items = forest.cells.get(first..first + value.len as usize);
                items.unwrap_or_default().iter().try_for_each(|item| match item.form {
                    Form::Mapping => self.take(forest, *item),
                    Form::Null
                    | Form::Bool(_)
                    | Form::Integer
                    | Form::Float
                    | Form::Text
                    | Form::Sequence => Err(*item),
                })
            }
            Form::Null | Form::Bool(_) | Form::Integer | Form::Float | Form::Text => Err(value),
        }
    }

    /// Adds what the mapping that starts at `first` of the stack does not have.
    pub(super) fn append(self, forest: &Forest, stack: &mut Vec<Cell>, first: usize) {
        if self.0.is_empty() {
            return;
        }
        let own = stack.get(first..).unwrap_or_default().iter().step_by(2);
        let mut seen: BTreeSet<&str> = own.map(|key| forest.scalar(*key)).collect();
        for (key, value) in self.0 {
            if seen.insert(forest.scalar(key)) {
                stack.extend([key, value]);
            }
        }
    }
}
