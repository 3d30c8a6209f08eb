//! Where the values of one file are kept: side by side in one list, their texts in the file itself.
//!
//! A large cluster has a million values; each one with memory of its own would be slow to make,
//! slow to drop, and several times as large as the file.

use std::sync::Arc;

use super::Span;

/// What a value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    #[default]
    Null,
    Bool(bool),
    Integer,
    /// A number that is no 64-bit integer; nothing here needs its value.
    Float,
    Text,
    Sequence,
    Mapping,
}

/// A value and its place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) form: Form,
    /// Where its text or its first child is.
    pub(super) at: u32,
    /// Bytes of its text, its items, or its keys.
    pub(super) len: u32,
}

/// All values of one file.
#[derive(Debug, Default)]
pub(crate) struct Forest {
    pub(super) document: u32,
    pub(super) text: Arc<str>,
    /// Texts that do not stand in the file as they are read; their positions go on from its end.
    pub(super) unquoted: String,
    /// The children of each value lie side by side; a mapping's are key, value, key, value.
    pub(super) cells: Vec<Cell>,
    /// The documents.
    pub(super) roots: Vec<u32>,
    /// Where scalars of several lines stand, in which no comment can be.
    pub(super) blocks: Vec<(u32, u32)>,
}

impl Forest {
    pub(super) fn new(document: u32, text: Arc<str>) -> Self {
        Self { document, text, ..Self::default() }
    }

    pub(super) fn cell(&self, at: u32) -> Cell {
        self.cells.get(at as usize).copied().unwrap_or_default()
    }

    /// The text of a scalar.
    pub(super) fn scalar(&self, cell: Cell) -> &str {
        let (at, len) = (cell.at as usize, cell.len as usize);
        let found = match at.checked_sub(self.text.len()) {
            None => self.text.get(at..at + len),
            Some(at) => self.unquoted.get(at..at + len),
        };
        found.unwrap_or_default()
    }

    /// Where the text of a scalar is: in the file where it stands there as it is read.
    pub(super) fn keep(&mut self, text: &str, span: Span) -> (u32, u32) {
        let len = narrow(text.len());
        for quote in 0..=1 {
            let at = span.start + quote;
            if self.text.get(at as usize..).is_some_and(|rest| rest.starts_with(text)) {
                return (at, len);
            }
        }
        let at = narrow(self.text.len() + self.unquoted.len());
        self.unquoted.push_str(text);
        (at, len)
    }

    /// Puts finished children side by side.
    pub(super) fn settle(&mut self, children: impl IntoIterator<Item = Cell>) -> u32 {
        let at = narrow(self.cells.len());
        self.cells.extend(children);
        at
    }
}

/// Positions have 32 bits: a file of four gigabytes is no manifest.
pub(super) fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
