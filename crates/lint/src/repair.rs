//! Repairs that keep the meaning, as changed texts and as a patch to read first.
//!
//! Only what an API server would fill in or read is written down, so no verdict can change.

use std::sync::Arc;

use manifest::Document;
use similar::TextDiff;

use crate::found::Edit;

/// A document and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// The document's name.
    pub name: Arc<str>,
    /// Its text before.
    pub before: Arc<str>,
    /// Its text after.
    pub after: String,
    /// How many places differ.
    pub places: usize,
}

impl Repaired {
    /// The difference as a patch.
    #[must_use]
    pub fn patch(&self) -> String {
        let diff = TextDiff::from_lines(&*self.before, self.after.as_str());
        let (old, new) = (format!("a/{}", self.name), format!("b/{}", self.name));
        diff.unified_diff().header(&old, &new).to_string()
    }
}

/// Applies `edits`; of two that meet only the first is done, and the next run does the other.
pub(crate) fn repair(documents: &[Document], mut edits: Vec<Edit>) -> Vec<Repaired> {
    edits.sort_unstable();
    edits.dedup();
    let own = edits.chunk_by(|one, other| one.document == other.document);
    let each = own.filter_map(|edits| {
        let document = edits.first().and_then(|edit| documents.get(edit.document as usize))?;
        Some(one(document, edits))
    });
    each.collect()
}

fn one(document: &Document, edits: &[Edit]) -> Repaired {
    let (mut after, mut done, mut places) = (String::new(), 0, 0);
    for edit in edits {
        let (start, end) = (edit.start as usize, edit.end as usize);
        let Some(kept) = document.text.get(done..start) else { continue };
        after.push_str(kept);
        after.push_str(&edit.text);
        (done, places) = (end, places + 1);
    }
    after.push_str(document.text.get(done..).unwrap_or_default());
    let (name, before) = (Arc::clone(&document.name), Arc::clone(&document.text));
    Repaired { name, before, after, places }
}
