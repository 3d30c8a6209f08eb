//! Splits a file at its `---` lines, so that a broken document does not take its neighbours along.
//!
//! kubectl does the same; ruling E4 asks for it.

/// One document's text with its place in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk<'a> {
    pub(super) text: &'a str,
    pub(super) start_byte: usize,
    /// Lines before it.
    pub(super) start_line: usize,
}

/// The documents of a file, in order. A byte order mark belongs to none.
pub(super) fn chunks(text: &str) -> Vec<Chunk<'_>> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut chunks = Vec::new();
    let mut from = Mark { byte: start, line: 0 };
    let mut at = from;
    for line in text.get(start..).unwrap_or_default().split_inclusive('\n') {
        let before = text.get(from.byte..at.byte).unwrap_or_default();
        if is_separator(line) && !is_prologue(before) {
            chunks.push(Chunk { text: before, start_byte: from.byte, start_line: from.line });
            from = at;
        }
        at = Mark { byte: at.byte + line.len(), line: at.line + 1 };
    }
    let rest = text.get(from.byte..).unwrap_or_default();
    chunks.push(Chunk { text: rest, start_byte: from.byte, start_line: from.line });
    chunks
}

#[derive(Clone, Copy)]
struct Mark {
    byte: usize,
    line: usize,
}

fn is_separator(line: &str) -> bool {
    line.strip_prefix("---")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

/// Directives belong to the document after their `---`.
fn is_prologue(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let mut directives = 0;
    lines.all(|line| {
        directives += 1;
        line.starts_with('%')
    }) && directives > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_cut_before_their_separator() {
        let cut: Vec<_> = chunks("a: 1\n--- # b\r\nb: 2\n---x\n")
            .into_iter()
            .map(|chunk| (chunk.text, chunk.start_byte, chunk.start_line))
            .collect();
        assert_eq!(cut, [("a: 1\n", 0, 0), ("--- # b\r\nb: 2\n---x\n", 5, 1)]);
    }

    #[test]
    fn directives_stay_with_their_document() {
        assert_eq!(chunks("%YAML 1.1\n---\na: 1\n").len(), 1);
        assert_eq!(chunks("\u{feff}a: 1\n").first().map(|chunk| chunk.start_byte), Some(3));
    }
}
