//! Access to the fields of a mapping, with the errors of a strict API server.
//!
//! A field that nobody asked for is an error: dropping it would change what the policy means.

use crate::problem::ObjectError;
use crate::reader::{Read, Reader, Refused, all};
use crate::yaml::{Entries, Entry, Items, Span, Tree};

/// The fields of one mapping.
#[derive(Clone)]
pub(crate) struct Fields<'n> {
    /// What the mapping is, for people.
    pub(crate) of: &'static str,
    pub(crate) span: Span,
    entries: Entries<'n>,
}

impl<'n> Fields<'n> {
    /// The fields of `node`, which must be a mapping.
    pub(crate) fn of(node: Tree<'n>, of: &'static str, reader: &mut Reader<'_>) -> Read<Self> {
        if node.is_mapping() {
            return Ok(Self { of, span: node.span(), entries: node.entries() });
        }
        Err(wrong_type(node, of, "a mapping", false, reader))
    }

    /// The fields of a mapping that is absent from this one.
    pub(crate) fn absent(&self, of: &'static str) -> Self {
        Self { of, span: self.span, entries: self.entries.clone().none() }
    }

    /// All keys with their values.
    pub(crate) fn entries(&self) -> Entries<'n> {
        self.entries.clone()
    }

    /// The same, where a field that is not in `known` is an error: dropping it could widen a policy.
    pub(crate) fn strict(
        node: Tree<'n>,
        of: &'static str,
        known: &[&str],
        reader: &mut Reader<'_>,
    ) -> Read<Self> {
        let fields = Self::of(node, of, reader)?;
        fields.reject_unknown(known, reader)?;
        Ok(fields)
    }

    /// Reports fields that are not in `known`.
    pub(crate) fn reject_unknown(&self, known: &[&str], reader: &mut Reader<'_>) -> Read<()> {
        let unknown = self.entries().filter(|entry| !known.contains(&entry.key));
        let refused = unknown.map(|entry| self.unknown(&entry, known, reader)).last();
        refused.map_or(Ok(()), Err)
    }

    /// Reports fields that are nearly, but not quite, one that is read here.
    pub(crate) fn reject_near(
        self,
        read: &[&str],
        others: &[&str],
        reader: &mut Reader<'_>,
    ) -> Read<Self> {
        let misspelt = self.entries().filter(|Entry { key, .. }| {
            !read.contains(key) && !others.contains(key) && nearest(key, read).is_some()
        });
        let refused = misspelt.map(|entry| self.unknown(&entry, read, reader)).last();
        refused.map_or(Ok(self), Err)
    }

    fn unknown(&self, entry: &Entry<'_>, known: &[&str], reader: &mut Reader<'_>) -> Refused {
        let near = nearest(entry.key, known).map(str::to_owned);
        let deeper = near.is_none() && self.lost_indentation(entry);
        let error =
            ObjectError::UnknownField { field: entry.key.to_owned(), of: self.of, near, deeper };
        reader.refuse(entry.key_span, error)
    }

    /// The field before is empty, as when the lines after it lost their indentation.
    fn lost_indentation(&self, entry: &Entry<'_>) -> bool {
        let before = self.entries().take_while(|other| other.key_span != entry.key_span);
        before.last().is_some_and(|before| before.value.is_null())
    }

    /// The value of a field; null is absent.
    pub(crate) fn get(&self, field: &str) -> Option<Tree<'n>> {
        let value = self.entries().find(|entry| entry.key == field)?.value;
        (!value.is_null()).then_some(value)
    }

    /// The value of a field that must be there.
    pub(crate) fn need(&self, field: &str, reader: &mut Reader<'_>) -> Read<Tree<'n>> {
        self.get(field).ok_or_else(|| self.missing(field, reader))
    }

    fn missing(&self, field: &str, reader: &mut Reader<'_>) -> Refused {
        let error = ObjectError::MissingField { field: field.to_owned(), of: self.of };
        reader.refuse(self.span, error)
    }

    /// A field read by `read`, if it is there.
    pub(crate) fn optional<T>(
        &self,
        field: &str,
        reader: &mut Reader<'_>,
        read: impl FnOnce(Tree<'n>, &str, &mut Reader<'_>) -> Read<T>,
    ) -> Read<Option<T>> {
        self.get(field).map(|node| read(node, field, reader)).transpose()
    }

    /// A field read by `read`, which must be there.
    pub(crate) fn required<T>(
        &self,
        field: &str,
        reader: &mut Reader<'_>,
        read: impl FnOnce(Tree<'n>, &str, &mut Reader<'_>) -> Read<T>,
    ) -> Read<T> {
        let node = self.need(field, reader)?;
        read(node, field, reader)
    }

    /// A list of which every item is read; absent is `None`.
    pub(crate) fn list<T>(
        &self,
        field: &str,
        reader: &mut Reader<'_>,
        mut read: impl FnMut(Tree<'n>, &str, &mut Reader<'_>) -> Read<T>,
    ) -> Read<Option<Vec<T>>> {
        let Some(node) = self.get(field) else { return Ok(None) };
        let items = items(node, field, reader)?;
        all(items, |item| read(item, field, reader)).map(Some)
    }
}

/// The known name that `word` probably stands for.
pub(crate) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let near = |other: &str| {
        let (short, long) = (word.to_lowercase(), other.to_lowercase());
        let distance = strsim::osa_distance(&short, &long);
        (distance <= (other.len() / 4).clamp(1, 2) && other.len() > 2).then_some(distance)
    };
    known.iter().filter_map(|other| Some((near(other)?, *other))).min().map(|(_, other)| other)
}

/// Text. A number or a boolean is refused with its quoted form as the hint (ruling E2).
pub(crate) fn text<'n>(node: Tree<'n>, field: &str, reader: &mut Reader<'_>) -> Read<&'n str> {
    node.text().ok_or_else(|| wrong_type(node, field, "text", true, reader))
}

/// A boolean.
pub(crate) fn boolean(node: Tree<'_>, field: &str, reader: &mut Reader<'_>) -> Read<bool> {
    node.boolean().ok_or_else(|| wrong_type(node, field, "true or false", false, reader))
}

/// An integer.
pub(crate) fn integer(node: Tree<'_>, field: &str, reader: &mut Reader<'_>) -> Read<i64> {
    node.number().ok_or_else(|| wrong_type(node, field, "a whole number", false, reader))
}

/// The items of a list.
pub(crate) fn items<'n>(node: Tree<'n>, field: &str, reader: &mut Reader<'_>) -> Read<Items<'n>> {
    if node.is_list() {
        return Ok(node.items());
    }
    Err(wrong_type(node, field, "a list", false, reader))
}

/// Reports a value of the wrong type.
pub(crate) fn wrong_type(
    node: Tree<'_>,
    field: &str,
    expected: &'static str,
    quote: bool,
    reader: &mut Reader<'_>,
) -> Refused {
    let is_value = node.scalar().is_some() && !node.is_null();
    let error = ObjectError::WrongType {
        field: field.to_owned(),
        expected,
        found: node.what(),
        text: node.scalar().unwrap_or_default().to_owned(),
        quote: quote && is_value,
    };
    reader.refuse(node.span(), error)
}
