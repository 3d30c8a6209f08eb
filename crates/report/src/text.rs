//! For people at a terminal: columns without frames, as kubectl prints them, folded to its width.
//!
//! Piped output is not folded, so that `grep` finds whole names.

use comfy_table::{ContentArrangement, Row, Table as Layout, presets};

use crate::{Report, Table};

/// Spaces between columns.
const GAP: u16 = 3;

/// Which columns are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    Plain,
    Wide,
}

pub(crate) fn render<B, L>(
    report: &Report<'_, B, L>,
    detail: Detail,
    width: Option<u16>,
) -> String {
    let warning = report.header.warning();
    let head = (detail == Detail::Wide).then(|| report.header.line());
    let table = (!report.table.rows().is_empty()).then(|| layout(report.table, detail, width));
    let parts = warning.into_iter().chain(head).chain(table).chain(report.closing.iter().cloned());
    parts.map(|part| part + "\n").collect()
}

fn layout(table: &Table, detail: Detail, width: Option<u16>) -> String {
    let shown: Vec<bool> =
        table.columns().iter().map(|column| detail == Detail::Wide || !column.is_wide).collect();
    let names = table.columns().iter().map(|column| column.name.to_uppercase());
    let mut layout = Layout::new();
    layout.load_preset(presets::NOTHING).set_header(row(names, &shown));
    if let Some(width) = width {
        layout.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    for cells in table.rows() {
        layout.add_row(row(cells.iter().cloned(), &shown));
    }
    for column in layout.column_iter_mut() {
        column.set_padding((0, GAP));
    }
    layout.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn row(cells: impl Iterator<Item = String>, shown: &[bool]) -> Row {
    cells.zip(shown).filter(|(_, shown)| **shown).map(|(cell, _)| cell).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["from", "to"], &["rule"]);
        table.push(["shop/web".to_owned(), "shop/db".to_owned(), "allow-db[0]".to_owned()]);
        table
    }

    #[test]
    fn plain_text_leaves_wide_columns_out() {
        assert_eq!(layout(&table(), Detail::Plain, None), "FROM       TO\nshop/web   shop/db");
    }

    #[test]
    fn wide_text_has_all_of_them() {
        let expected = "FROM       TO        RULE\nshop/web   shop/db   allow-db[0]";
        assert_eq!(layout(&table(), Detail::Wide, None), expected);
    }

    #[test]
    fn a_narrow_terminal_folds_cells_and_loses_none() {
        let mut table = Table::new(&["ports"], &[]);
        table.push(["80/tcp, 443/tcp, 8080/tcp".to_owned()]);
        let folded = layout(&table, Detail::Plain, Some(16));
        assert!(folded.lines().count() > 2, "{folded}");
        let words: Vec<&str> = folded.split_whitespace().skip(1).collect();
        assert_eq!(words.concat(), "80/tcp,443/tcp,8080/tcp");
    }
}
