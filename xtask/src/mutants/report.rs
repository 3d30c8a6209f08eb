//! What became of each mutant, as lines for a terminal and as a page of docs/.
//!
//! Both are made from the same entries, so that the page cannot say more than a run has seen.

use std::fmt;

use super::judge::{Tally, Verdict};
use super::patch::Mutant;

/// All verdicts of a run, in the order of the mutants.
#[derive(Debug, Default)]
pub(crate) struct Report {
    entries: Vec<(Mutant, Verdict)>,
}

impl Report {
    /// One more.
    pub(crate) fn add(&mut self, mutant: Mutant, verdict: Verdict) {
        self.entries.push((mutant, verdict));
    }

    /// The numbers of its closing line.
    pub(crate) fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        self.entries.iter().for_each(|(_, verdict)| tally.add(verdict));
        tally
    }
}

/// As a page; see `--write`.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# Mutants\n")?;
        writeln!(
            f,
            "Each row is a patch of `tests/mutants/` that makes a verdict wrong, and who noticed first."
        )?;
        writeln!(
            f,
            "Written by `cargo run -p ringfence-xtask -- mutants --write docs/mutants.md`.\n"
        )?;
        writeln!(f, "| number | where | what | caught by | first test |\n|---|---|---|---|---|")?;
        for (mutant, verdict) in &self.entries {
            let (tier, test) = match verdict {
                Verdict::Caught { tier, test } => (
                    tier.to_string(),
                    test.as_ref().map_or_else(String::new, |test| format!("`{test}`")),
                ),
                Verdict::Survived | Verdict::NotBuilt => (verdict.word().to_owned(), String::new()),
            };
            let Mutant { number, place, what, .. } = mutant;
            writeln!(f, "| {number:02} | {place} | {what} | {tier} | {test} |")?;
        }
        writeln!(f, "\n{}", self.tally())
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::Report;
    use crate::mutants::judge::{TierName, Verdict};
    use crate::mutants::patch::{Broken, Mutant};

    #[test]
    fn a_page_has_a_row_for_each_and_ends_with_the_tally() {
        let mutant = |number| Mutant {
            number,
            what: "wrong".into(),
            place: Broken::C,
            path: PathBuf::new(),
        };
        let mut report = Report::default();
        let caught = Verdict::Caught { tier: TierName::Kernel, test: Some("a::b".into()) };
        report.add(mutant(7), caught);
        report.add(mutant(8), Verdict::Survived);
        let page = report.to_string();
        assert!(
            page.contains(
                "| 07 | c | wrong | T2 = T3 | `a::b` |\n| 08 | c | wrong | SURVIVED |  |"
            )
        );
        assert!(page.ends_with("\nmutants=2 caught=1 survived=1\n"));
    }
}
