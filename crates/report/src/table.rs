//! Rows of words under named columns.
//!
//! Plain data, so that every format prints the same cells.

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, as in JSON.
    pub name: &'static str,
    /// Whether plain text leaves it out.
    pub is_wide: bool,
}

/// A table. Every row has a cell for every column; lines in a cell are separated by `\n`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table. Columns named in `wide` are for wide output and for spreadsheets.
    #[must_use]
    pub fn new(plain: &[&'static str], wide: &[&'static str]) -> Self {
        let column = |is_wide| move |name: &&'static str| Column { name, is_wide };
        let columns = plain.iter().map(column(false)).chain(wide.iter().map(column(true)));
        Self { columns: columns.collect(), rows: Vec::new() }
    }

    /// Adds a row; cells beyond the columns are dropped and missing ones are empty, so that a
    /// spreadsheet keeps its shape.
    pub fn push(&mut self, row: impl IntoIterator<Item = String>) {
        let mut row: Vec<String> = row.into_iter().collect();
        row.resize(self.columns.len(), String::new());
        self.rows.push(row);
    }

    /// The columns.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }
}
