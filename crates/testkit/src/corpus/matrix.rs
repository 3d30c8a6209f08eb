//! Reads a table of flows: one row a source, one column a destination, one cell a pair of reasons.
//!
//! A cell's key shows its verdict: capital letters deny and everything else allows.

use model::{Decision, Family, Verdict};

use super::expected::State;
use super::text::{FamilyText, MatrixText};
use super::{Expected, Fault, FlowTerms};

impl State<'_> {
    pub(super) fn matrix(
        self,
        text: &MatrixText,
        line: u64,
        rulings: &[String],
    ) -> Result<Vec<Expected>, Fault> {
        let mut flows = Vec::new();
        for (from, row) in &text.from {
            let cells: Vec<&str> = row.split_whitespace().collect();
            if cells.len() != text.to.len() {
                return Err(Fault::Row(from.clone()));
            }
            for (to, cell) in text.to.iter().zip(cells) {
                let pair = Pair { from, to, line, rulings };
                flows.push(self.cell(text, pair, cell)?);
            }
        }
        Ok(flows)
    }

    fn cell(self, text: &MatrixText, pair: Pair<'_>, cell: &str) -> Result<Expected, Fault> {
        let reasons = text.reasons.get(cell).ok_or_else(|| Fault::Cell(cell.to_owned()))?;
        let decision = self.decision(reasons, &[])?;
        check_key(cell, &decision)?;
        let family = text.family.map(Family::from);
        let terms = FlowTerms { from: pair.from, to: pair.to, port: &text.port, family };
        let over = match text.family {
            Some(FamilyText::V6) => " over IPv6",
            Some(FamilyText::V4) | None => "",
        };
        Ok(Expected {
            flow: terms.flow(self.world)?,
            staged: decision.clone(),
            decision,
            rulings: text.rulings.clone().unwrap_or_else(|| pair.rulings.to_vec()),
            line: pair.line,
            text: format!("{} to {} on {}{over}", pair.from, pair.to, text.port),
        })
    }
}

#[derive(Clone, Copy)]
struct Pair<'a> {
    from: &'a str,
    to: &'a str,
    line: u64,
    rulings: &'a [String],
}

fn check_key(key: &str, decision: &Decision) -> Result<(), Fault> {
    let denies = key.chars().all(|letter| letter.is_ascii_uppercase());
    let stated = if denies { Verdict::Deny } else { Verdict::Allow };
    match decision.verdict() {
        reasons if reasons == stated => Ok(()),
        reasons => Err(Fault::Verdict { stated, reasons }),
    }
}
