//! Objects as they were written: a view of the reading's trees with the questions that lints ask.
//!
//! Rules say what is meant; only the tree says where it stands and what was left out.

use std::fmt;

use manifest::{Document, Problem, Reading, Span, Written};
use model::Requirement;

use crate::found::Edit;

/// The place of a problem of the reading.
pub(crate) fn span_of(documents: &[Document], problem: &Problem) -> Span {
    let document = documents.iter().position(|document| *document.name == *problem.file());
    let document = document.and_then(|at| u32::try_from(at).ok()).unwrap_or_default();
    Span { document, start: 0, end: 0, line: problem.line(), column: problem.column() }
}

/// An object of the input.
pub(crate) struct Object<'a> {
    pub(crate) api_version: &'a str,
    pub(crate) kind: &'a str,
    /// Empty for kinds that have none.
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    /// Where its name stands.
    pub(crate) at: Span,
    pub(crate) tree: Tree<'a>,
}

impl<'a> Object<'a> {
    fn of(written: &'a Written) -> Self {
        let Written { api_version, kind, namespace, name, span, .. } = written;
        Self { api_version, kind, namespace, name, at: *span, tree: Tree(written.tree()) }
    }

    /// Kind, namespace and name.
    pub(crate) fn title(&self) -> (&'a str, &'a str, &'a str) {
        (self.kind, self.namespace, self.name)
    }
}

impl fmt::Display for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace {
            "" => write!(f, "{} {}", self.kind, self.name),
            namespace => write!(f, "{} {namespace}/{}", self.kind, self.name),
        }
    }
}

/// A value as it was written.
#[derive(Clone, Copy)]
pub(crate) struct Tree<'a>(manifest::Tree<'a>);

impl<'a> Tree<'a> {
    /// Where it stands.
    pub(crate) fn at(self) -> Span {
        self.0.span()
    }

    /// The value of a field that is there and not null.
    pub(crate) fn get(self, field: &str) -> Option<Self> {
        self.0.get(field).map(Tree)
    }

    /// The items of a list; none of anything else.
    pub(crate) fn items(self) -> impl Iterator<Item = Self> + Clone {
        self.0.items().map(Tree)
    }

    /// The keys of a mapping with their places and values; none of anything else.
    pub(crate) fn entries(self) -> impl Iterator<Item = (&'a str, Span, Self)> {
        self.0.entries().map(|entry| (entry.key, entry.key_span, Self(entry.value)))
    }

    /// Where the key of a field stands, whatever its value.
    pub(crate) fn key_at(self, field: &str) -> Option<Span> {
        self.entries().find(|(key, ..)| *key == field).map(|(_, at, _)| at)
    }

    /// A scalar that is text.
    pub(crate) fn text(self) -> Option<&'a str> {
        self.0.text()
    }

    /// A scalar as it was written, whatever it means.
    pub(crate) fn scalar(self) -> Option<&'a str> {
        self.0.scalar()
    }

    /// Where a selector below says `requirement`: the value where there is one, else the key.
    pub(crate) fn mention(self, requirement: &Requirement) -> Option<Span> {
        let (key, value) = match requirement {
            Requirement::In { key, values } => (key, values.iter().next()),
            Requirement::NotIn { key, .. }
            | Requirement::Exists { key }
            | Requirement::DoesNotExist { key } => (key, None),
        };
        let here = self.entries().find_map(|(name, at, tree)| {
            let is_meant = name == key && (value.is_none() || tree.text() == value);
            is_meant.then(|| if value.is_some() { tree.at() } else { at })
        });
        let is_expression = self.get("key").and_then(Tree::text) == Some(key.as_str());
        let expressed = self.get("key").filter(|_| is_expression).map(|key| key.at());
        let below = || {
            let nested = self.entries().map(|(.., tree)| tree).chain(self.items());
            nested.into_iter().find_map(|tree| tree.mention(requirement))
        };
        here.or(expressed).or_else(below)
    }

    /// Replaces `old` inside of this scalar by `new`, whatever quotes are around it.
    pub(crate) fn replaced(self, documents: &[Document], old: &str, new: &str) -> Option<Edit> {
        let Span { document, start, end, .. } = self.at();
        let text = documents.get(document as usize)?.text.get(start as usize..end as usize)?;
        let offset = u32::try_from(text.find(old)?).ok()?;
        let start = start + offset;
        let end = start + u32::try_from(old.len()).ok()?;
        Some(Edit { document, start, end, text: new.to_owned() })
    }

    /// Puts a field before the others of this mapping, in its own style.
    pub(crate) fn with_field(self, documents: &[Document], field: &str) -> Option<Edit> {
        let Span { document, start, column, .. } = self.at();
        let text = documents.get(document as usize)?.text.get(start as usize..)?;
        let (start, text) = match (text.starts_with('{'), self.0.entries().next().is_none()) {
            (true, true) => (start + 1, field.to_owned()),
            (true, false) => (start + 1, format!("{field}, ")),
            (false, true) => return None,
            (false, false) => {
                let indent = " ".repeat(column.saturating_sub(1) as usize);
                (start, format!("{field}\n{indent}"))
            }
        };
        Some(Edit { document, start, end: start, text })
    }
}

/// All objects of a reading.
pub(crate) fn objects(reading: &Reading) -> Vec<Object<'_>> {
    reading.written.iter().map(Object::of).collect()
}
