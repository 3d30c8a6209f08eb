//! The tree: scalars, lists and mappings with their places.
//!
//! It is a view into a [`Forest`], as cheap to hand on as a number; decoders and lints see the same.

use super::forest::{Cell, Forest, Form};
use super::scalar::integer_of;

/// A stretch of a document, in bytes, with the line and column where it starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The position of the document among all.
    pub document: u32,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
    /// The line of the first byte, from 1.
    pub line: u32,
    /// The column of the first byte in characters, from 1.
    pub column: u32,
}

/// A value as it was written.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'a> {
    forest: &'a Forest,
    at: u32,
}

/// One key of a mapping with its value.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The key; numbers and booleans in their canonical form.
    pub key: &'a str,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Tree<'a>,
}

/// The items of a list.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    forest: &'a Forest,
    next: u32,
    end: u32,
}

/// The keys of a mapping with their values, in their order.
#[derive(Clone, Debug)]
pub struct Entries<'a>(Items<'a>);

impl<'a> Tree<'a> {
    pub(crate) fn new(forest: &'a Forest, at: u32) -> Self {
        Self { forest, at }
    }

    /// Its position among the values of its file.
    pub(crate) fn position(self) -> u32 {
        self.at
    }

    fn cell(self) -> Cell {
        self.forest.cell(self.at)
    }

    /// Where it stands. What an alias stands for keeps the place of its anchor.
    #[must_use]
    pub fn span(self) -> Span {
        let Cell { start, end, line, column, .. } = self.cell();
        Span { document: self.forest.document, start, end, line, column }
    }

    /// The value of `key`, if this is a mapping that has it with a value other than null.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Self> {
        let value = self.entries().find(|entry| entry.key == key)?.value;
        (!value.is_null()).then_some(value)
    }

    /// Where `key` stands, if this is a mapping that has it, whatever its value.
    #[must_use]
    pub fn key_span(self, key: &str) -> Option<Span> {
        self.entries().find(|entry| entry.key == key).map(|entry| entry.key_span)
    }

    /// The items of a list; none of anything else.
    #[must_use]
    pub fn items(self) -> Items<'a> {
        let Cell { at, len, .. } = self.cell();
        let len = if self.is_list() { len } else { 0 };
        Items { forest: self.forest, next: at, end: at + len }
    }

    /// The keys and values of a mapping; none of anything else.
    #[must_use]
    pub fn entries(self) -> Entries<'a> {
        let Cell { at, len, .. } = self.cell();
        let len = if self.is_mapping() { len } else { 0 };
        Entries(Items { forest: self.forest, next: at, end: at + 2 * len })
    }

    /// Whether it is a list.
    #[must_use]
    pub fn is_list(self) -> bool {
        self.cell().form == Form::Sequence
    }

    /// Whether it is a mapping.
    #[must_use]
    pub fn is_mapping(self) -> bool {
        self.cell().form == Form::Mapping
    }

    /// Whether it is null, which is the same as absent.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.cell().form == Form::Null
    }

    /// A scalar without its quotes, whatever it means.
    #[must_use]
    pub fn scalar(self) -> Option<&'a str> {
        let cell = self.cell();
        match cell.form {
            Form::Sequence | Form::Mapping => None,
            Form::Null | Form::Bool(_) | Form::Integer | Form::Float | Form::Text => {
                Some(self.forest.scalar(cell))
            }
        }
    }

    /// A scalar that is text.
    #[must_use]
    pub fn text(self) -> Option<&'a str> {
        let cell = self.cell();
        (cell.form == Form::Text).then(|| self.forest.scalar(cell))
    }

    /// A scalar that is a whole number.
    #[must_use]
    pub fn number(self) -> Option<i64> {
        let cell = self.cell();
        if cell.form == Form::Integer { integer_of(self.forest.scalar(cell)) } else { None }
    }

    /// A scalar that is a boolean.
    #[must_use]
    pub fn boolean(self) -> Option<bool> {
        match self.cell().form {
            Form::Bool(value) => Some(value),
            Form::Null
            | Form::Integer
            | Form::Float
            | Form::Text
            | Form::Sequence
            | Form::Mapping => None,
        }
    }

    /// What it is, for people.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self.cell().form {
            Form::Null => "null",
            Form::Bool(_) => "a boolean",
            Form::Integer | Form::Float => "a number",
            Form::Text => "text",
            Form::Sequence => "a list",
            Form::Mapping => "a mapping",
        }
    }
}

/// Equal values, wherever they stand. The order of keys does not count.
impl PartialEq for Tree<'_> {
    fn eq(&self, other: &Self) -> bool {
        let (this, that) = (self.cell(), other.cell());
        if this.form != that.form {
            return false;
        }
        match this.form {
            Form::Null => true,
            Form::Bool(_) | Form::Integer | Form::Float | Form::Text => {
                self.scalar() == other.scalar()
            }
            Form::Sequence => self.items().eq(other.items()),
            Form::Mapping => {
                this.len == that.len
                    && self.entries().all(|entry| {
                        other.entries().any(|it| it.key == entry.key && it.value == entry.value)
                    })
            }
        }
    }
}

impl Eq for Tree<'_> {}

impl<'a> Iterator for Items<'a> {
    type Item = Tree<'a>;

    fn next(&mut self) -> Option<Tree<'a>> {
        if self.next >= self.end {
            return None;
        }
        let item = Tree { forest: self.forest, at: self.next };
        self.next += 1;
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.end - self.next) as usize;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Items<'_> {}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let key = self.0.next()?;
        let value = self.0.next()?;
        Some(Entry { key: key.scalar().unwrap_or_default(), key_span: key.span(), value })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.0.len() / 2;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Entries<'_> {}

impl Entries<'_> {
    /// No keys at all, as of a mapping that is not there.
    pub(crate) fn none(mut self) -> Self {
        self.0.end = self.0.next;
        self
    }
}
