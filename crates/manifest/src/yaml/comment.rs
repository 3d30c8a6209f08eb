//! Comments that have a line of their own.
//!
//! People write there why something is as it is, and which finding they know already.

use super::Span;
use super::forest::{Forest, narrow};

/// A comment on a line of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// From its `#` to its end.
    pub span: Span,
    /// Its text, with the `#`.
    pub text: String,
}

impl Forest {
    /// The comments, in their order. Lines of a block of text that begin with `#` are none.
    pub(crate) fn comments(&self) -> Vec<Comment> {
        let mut comments = Vec::new();
        let (mut counted, mut line) = (0, 1);
        for (at, _) in self.text.match_indices('#') {
            let start = self.text.get(..at).and_then(|before| before.rfind('\n'));
            let start = start.map_or(0, |newline| newline + 1);
            let indent = self.text.get(start..at).unwrap_or_default();
            if !indent.trim_start().is_empty() || self.is_in_block(narrow(at)) {
                continue;
            }
            line += self.text.get(counted..start).unwrap_or_default().matches('\n').count();
            counted = start;
            let text = self.text.get(at..).and_then(|rest| rest.lines().next()).unwrap_or_default();
            let text = text.trim_end();
            let span = Span {
                document: self.document,
                start: narrow(at),
                end: narrow(at + text.len()),
                line: narrow(line),
                column: narrow(indent.chars().count() + 1),
            };
            comments.push(Comment { span, text: text.to_owned() });
        }
        comments
    }

    fn is_in_block(&self, at: u32) -> bool {
        let after = self.blocks.partition_point(|(start, _)| *start <= at);
        let before = after.checked_sub(1).and_then(|before| self.blocks.get(before));
        before.is_some_and(|(_, end)| at < *end)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    #[test]
    fn comments_have_lines_of_their_own_outside_of_blocks() {
        let text =
            "# one\na: 1 # no\nb: |\n  # text\n  more\n  # too\n# two\nc:\n  # three\n  d: x#y\n";
        let (forest, _) = super::super::parse(0, &Arc::from(text));
        let found: Vec<_> = forest
            .comments()
            .into_iter()
            .map(|comment| (comment.span.line, comment.span.column, comment.text))
            .collect();
        let expected = [(1, 1, "# one"), (7, 1, "# two"), (9, 3, "# three")];
        assert_eq!(found, expected.map(|(line, column, text)| (line, column, text.to_owned())));
    }
}
