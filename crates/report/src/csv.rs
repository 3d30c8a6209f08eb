//! For spreadsheets: RFC 4180, every column.
//!
//! Spreadsheets run cells that begin like a formula, so such cells get a quote in front.

use crate::Table;

pub(crate) fn render(table: &Table) -> String {
    let names = line(table.columns().iter().map(|column| column.name.to_owned()));
    std::iter::once(names).chain(table.rows().iter().map(|row| line(row.iter().cloned()))).collect()
}

/// One record, for tables that are streamed.
#[must_use]
pub fn line(cells: impl IntoIterator<Item = String>) -> String {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Memory takes every byte.
    let written = writer.write_record(cells.into_iter().map(|text| cell(&text)));
    let bytes = written.ok().and_then(|()| writer.into_inner().ok()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `text` as a spreadsheet may show it.
#[must_use]
pub fn cell(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be_and_formulas_are_disarmed() {
        let mut table = Table::new(&["name", "ports"], &["rule"]);
        table.push(["=1+1".to_owned(), "80/tcp, 443/tcp".to_owned()]);
        assert_eq!(render(&table), "name,ports,rule\r\n'=1+1,\"80/tcp, 443/tcp\",\r\n");
    }
}
