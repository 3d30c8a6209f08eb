//! The lines of the documents, found once.
//!
//! Every finding shows its line; searching it from the start of the file each time would take
//! minutes on large inputs.

use std::cell::OnceCell;
use std::sync::Arc;

use manifest::Document;

use crate::finding::Spot;
use manifest::Span;

/// The lines of all documents.
pub(crate) struct Lines<'a> {
    documents: &'a [Document],
    starts: Vec<OnceCell<Vec<usize>>>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(documents: &'a [Document]) -> Self {
        Self { documents, starts: documents.iter().map(|_| OnceCell::new()).collect() }
    }

    /// A line by its number, from 1, without its end.
    pub(crate) fn line(&self, document: u32, number: u32) -> &'a str {
        let at = document as usize;
        let (Some(document), Some(cell)) = (self.documents.get(at), self.starts.get(at)) else {
            return "";
        };
        let starts = cell.get_or_init(|| {
            let ends = document.text.match_indices('\n').map(|(at, _)| at + 1);
            std::iter::once(0).chain(ends).collect()
        });
        let number = number.saturating_sub(1) as usize;
        let start = starts.get(number).copied().unwrap_or(document.text.len());
        let end = starts.get(number + 1).copied().unwrap_or(document.text.len());
        document.text.get(start..end).unwrap_or_default().trim_end()
    }

    /// The place for people: what is meant of the first line.
    pub(crate) fn spot(&self, at: Span) -> Spot {
        let document = self.documents.get(at.document as usize);
        let file = document.map_or_else(|| Arc::from(""), |document| Arc::clone(&document.name));
        let range = at.start as usize..at.end as usize;
        let meant = document.and_then(|document| document.text.get(range)).unwrap_or_default();
        let first = meant.lines().next().unwrap_or_default().trim_end();
        let length = u32::try_from(first.chars().count()).unwrap_or(u32::MAX).max(1);
        Spot { file, line: at.line, column: at.column, length }
    }
}
