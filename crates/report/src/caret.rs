//! Where a caret stands under a line of somebody's file.
//!
//! Findings and explanations point at YAML in the same way, so they share this.

/// What stands before a caret at `column`, from 1, under `line`. Tabs and wide characters keep their
/// width by being repeated as they are or as two blanks.
#[must_use]
pub fn caret_indent(line: &str, column: u32) -> String {
    let before = line.chars().take(column.saturating_sub(1) as usize);
    before
        .map(|c| match c {
            '\t' => "\t",
            c if c.is_ascii() => " ",
            _ => "  ",
        })
        .collect()
}
