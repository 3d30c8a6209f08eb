//! One line per probe, for `grep` and `sort`.
//!
//! The matrix is for a first look, the table for finding one probe.

use std::fmt::Write;

use crate::render::number::sign;
use crate::report::RunReport;

/// Columns: sign, from, to, address, port, deciding reason, outcome, differences.
#[must_use]
pub fn table(report: &RunReport) -> String {
    let rows: Vec<[String; 6]> = report
        .results
        .iter()
        .map(|result| {
            let probe = &result.probe;
            let differences: Vec<String> =
                result.differences.iter().map(ToString::to_string).collect();
            [
                format!("{} {}", sign(probe.decision.verdict()), probe.from),
                probe.to.clone(),
                probe.destination.to_string(),
                probe.flow.traffic().to_string(),
                probe.decision.deciding().reason.to_string(),
                differences.join("; "),
            ]
        })
        .collect();
    aligned(&rows)
}

fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, field) in widths.iter_mut().zip(row) {
            *width = (*width).max(field.len());
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (field, width) in row.iter().zip(widths) {
            // Writing to a string does not fail.
            let _ = write!(line, "{field:<width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_lines_do_not_trail() {
        let rows = [["a".to_owned(), "bb".to_owned()], ["ccc".to_owned(), String::new()]];
        assert_eq!(aligned(&rows), "a    bb\nccc\n");
    }
}
