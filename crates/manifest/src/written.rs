//! Objects as they were written, of every kind: what they are called, and their trees.
//!
//! Rules and worlds say what is meant; lints and editors ask where it stands and what was left out.

use std::fmt;
use std::sync::Arc;

use model::Place;

use crate::yaml::{Forest, Span, Tree};

/// An object of the input, whether or not its kind is read here.
#[derive(Clone)]
pub struct Written {
    /// Its `apiVersion`.
    pub api_version: Arc<str>,
    /// Its `kind`.
    pub kind: Arc<str>,
    /// Its namespace, defaulted (ruling N23); empty for kinds that are known to have none.
    pub namespace: String,
    /// Its name; empty where it has none that can be read.
    pub name: String,
    /// The name of its document.
    pub file: Arc<str>,
    /// Where its name stands, else its kind.
    pub span: Span,
    pub(crate) forest: Arc<Forest>,
    pub(crate) root: u32,
}

impl Written {
    /// What stands there.
    #[must_use]
    pub fn tree(&self) -> Tree<'_> {
        Tree::new(&self.forest, self.root)
    }

    /// The place of its name.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { file: Arc::clone(&self.file), line: self.span.line }
    }

    /// The group in its `apiVersion`; empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = format!("{}:{}:{}", self.file, self.span.line, self.span.column);
        write!(f, "{} {}/{} at {place}", self.kind, self.namespace, self.name)
    }
}
