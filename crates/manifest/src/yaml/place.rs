//! From the parser's positions, in characters of a chunk, to spans of the file.
//!
//! Errors and edits are made in bytes of the file, whatever the file was cut into.

use saphyr_parser::{ScanError, Span as Stretch};

use super::Span;
use super::build::Failure;
use super::chunk::Chunk;
use super::forest::narrow;
use crate::problem::YamlError;

/// The places of one chunk.
pub(super) struct Places<'a> {
    document: u32,
    chunk: Chunk<'a>,
    /// The byte of each character; absent where they are the same.
    bytes: Option<Vec<u32>>,
}

impl<'a> Places<'a> {
    pub(super) fn new(document: u32, chunk: Chunk<'a>) -> Self {
        let bytes = (!chunk.text.is_ascii())
            .then(|| chunk.text.char_indices().map(|(byte, _)| narrow(byte)).collect());
        Self { document, chunk, bytes }
    }

    fn byte(&self, character: usize) -> u32 {
        let end = self.chunk.text.len();
        let byte = match &self.bytes {
            Some(bytes) => bytes.get(character).map_or(end, |byte| *byte as usize),
            None => character.min(end),
        };
        narrow(self.chunk.start_byte + byte)
    }

    pub(super) fn span(&self, stretch: Stretch) -> Span {
        let start = self.byte(stretch.start.index());
        let line = self.chunk.start_line + stretch.start.line().max(1);
        Span {
            document: self.document,
            start,
            end: self.byte(stretch.end.index()).max(start),
            line: narrow(line),
            column: narrow(stretch.start.col() + 1),
        }
    }

    pub(super) fn failure(&self, error: &ScanError) -> Failure {
        let span = self.span(Stretch::empty(*error.marker()));
        (span, YamlError::Syntax { detail: error.info().to_owned() }, None)
    }
}
