//! For a pull request's comment.
//!
//! What people wrote is escaped, so that a name cannot become markup.

use crate::Report;

pub(crate) fn render<B, L>(report: &Report<'_, B, L>) -> String {
    let mut lines = vec![format!("**{}**", escape(&report.header.tool))];
    if let Some(warning) = report.header.warning() {
        lines.extend(warning.lines().map(|line| format!("\n**{}**", escape(line))));
    }
    let columns = report.table.columns();
    if !report.table.rows().is_empty() {
        lines.push(format!("\n{}", row(columns.iter().map(|column| column.name.to_owned()))));
        lines.push(format!("|{}", "---|".repeat(columns.len())));
        lines.extend(report.table.rows().iter().map(|cells| row(cells.iter().map(|c| escape(c)))));
    }
    lines.extend(report.closing.iter().map(|line| format!("\n{}", escape(line))));
    let staged = report.header.staged().map(|staged| format!(", {staged}")).unwrap_or_default();
    lines.push(format!(
        "\nInputs `{}`, version {}{staged}.",
        report.header.inputs, report.header.tool_version
    ));
    lines.into_iter().map(|line| line + "\n").collect()
}

fn row(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}

/// `text` without a meaning in Markdown or HTML; lines become `<br>`.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("<br>"),
            '<' => out.push_str("&lt;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn names_cannot_become_markup() {
        assert_eq!(escape("a|b <script>\n*c*"), "a\\|b &lt;script><br>\\*c\\*");
    }
}
