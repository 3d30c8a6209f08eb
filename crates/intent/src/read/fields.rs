//! Access to the fields of a test file, where everything unexpected is an error.
//!
//! A misspelt field must not turn a test into a smaller one that holds.

use manifest::{Document, Items, Span, Tree};

use super::problem::{Cause, Problem, wrong_type};

/// Proof that a problem was reported.
pub(super) struct Refused;

/// What could be read, or proof that it was reported why not.
pub(super) type Read<T> = Result<T, Refused>;

/// Collects what is wrong.
pub(super) struct Problems<'a> {
    documents: &'a [Document],
    pub(super) all: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub(super) fn new(documents: &'a [Document]) -> Self {
        Self { documents, all: Vec::new() }
    }

    pub(super) fn refuse(&mut self, span: Span, cause: Cause) -> Refused {
        self.all.push(Problem::new(self.documents, span, cause));
        Refused
    }

    /// A mapping whose keys are all in `known`.
    pub(super) fn mapping<'t>(
        &mut self,
        tree: Tree<'t>,
        of: &'static str,
        known: &[&'static str],
    ) -> Read<Tree<'t>> {
        if !tree.is_mapping() {
            let (span, cause) = wrong_type(tree, of, "a mapping");
            return Err(self.refuse(span, cause));
        }
        let unknown: Vec<_> = tree.entries().filter(|entry| !known.contains(&entry.key)).collect();
        for entry in &unknown {
            let near = nearest(entry.key, known.iter().copied());
            let cause = Cause::Unknown { field: entry.key.to_owned(), of, near };
            self.refuse(entry.key_span, cause);
        }
        if unknown.is_empty() { Ok(tree) } else { Err(Refused) }
    }

    pub(super) fn need<'t>(
        &mut self,
        tree: Tree<'t>,
        field: &'static str,
        of: &'static str,
    ) -> Read<Tree<'t>> {
        tree.get(field).ok_or_else(|| self.refuse(tree.span(), Cause::Missing { field, of }))
    }

    pub(super) fn text<'t>(&mut self, tree: Tree<'t>, field: &str) -> Read<&'t str> {
        let text = tree.text().filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| {
            let (span, cause) = wrong_type(tree, field, "text that says something");
            self.refuse(span, cause)
        })
    }

    /// A word: text, or a number, which ports are.
    pub(super) fn word<'t>(&mut self, tree: Tree<'t>, field: &str) -> Read<&'t str> {
        let number = tree.number().and_then(|_| tree.scalar());
        match number {
            Some(number) => Ok(number),
            None => self.text(tree, field),
        }
    }

    pub(super) fn list<'t>(&mut self, tree: Tree<'t>, field: &str) -> Read<Items<'t>> {
        if tree.is_list() {
            return Ok(tree.items());
        }
        let (span, cause) = wrong_type(tree, field, "a list");
        Err(self.refuse(span, cause))
    }
}

/// The known name that `word` probably stands for.
pub(super) fn nearest<K: AsRef<str> + Ord>(
    word: &str,
    known: impl Iterator<Item = K>,
) -> Option<K> {
    let near = |other: &K| {
        let distance = strsim::osa_distance(&word.to_lowercase(), &other.as_ref().to_lowercase());
        (distance <= (other.as_ref().len() / 4).clamp(1, 3)).then_some(distance)
    };
    known.filter_map(|other| Some((near(&other)?, other))).min().map(|(_, other)| other)
}

/// All of `items`, read by `read`; every one is read even where one was refused.
pub(super) fn all<T, U>(
    items: impl IntoIterator<Item = T>,
    mut read: impl FnMut(T) -> Read<U>,
) -> Read<Vec<U>> {
    let read: Vec<Read<U>> = items.into_iter().map(&mut read).collect();
    read.into_iter().collect()
}
