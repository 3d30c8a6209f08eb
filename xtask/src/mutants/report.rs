//! What became of each mutant, as lines for a terminal and as a page of docs/.
//!
//! Both are made from the same entries, so that the page cannot say more than runs have seen. A run of
//! some mutants leaves the rows of the others as they are.

use std::collections::{BTreeMap, BTreeSet};
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

/// A page of docs: a row for each mutant, as it was judged last; see `--write`.
#[derive(Debug, Default)]
pub(crate) struct Page {
    rows: BTreeMap<u32, String>,
}

impl Page {
    /// The rows that a page has for the mutants of these numbers.
    pub(crate) fn read(text: &str, numbers: &BTreeSet<u32>) -> Self {
        let row = |line: &str| {
            let number = line.strip_prefix("| ")?.split(' ').next()?.parse().ok()?;
            numbers.contains(&number).then(|| (number, line.to_owned()))
        };
        Self { rows: text.lines().filter_map(row).collect() }
    }

    /// The same, with what was judged now.
    pub(crate) fn with(mut self, report: &Report) -> Self {
        let rows =
            report.entries.iter().map(|(mutant, verdict)| (mutant.number, row(mutant, verdict)));
        self.rows.extend(rows);
        self
    }

    fn count(&self, is_counted: impl Fn(&str) -> bool) -> usize {
        let verdicts = self.rows.values().filter_map(|row| row.split(" | ").nth(3));
        verdicts.filter(|verdict| is_counted(verdict)).count()
    }
}

fn row(Mutant { number, place, what, .. }: &Mutant, verdict: &Verdict) -> String {
    let (tier, test) = match verdict {
        Verdict::Caught { tier, test } => {
            (tier.to_string(), test.as_ref().map_or_else(String::new, |test| format!("`{test}`")))
        }
        Verdict::Survived | Verdict::NotBuilt => (verdict.word().to_owned(), String::new()),
    };
    format!("| {number:02} | {place} | {what} | {tier} | {test} |")
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "# Mutants\n\n\
             Each row is a patch of `tests/mutants/` that makes a verdict wrong, and who noticed first when it was judged last.\n\
             Written by `cargo run -p ringfence-xtask -- mutants --write docs/mutants.md`.\n\n\
             | number | where | what | caught by | first test |\n|---|---|---|---|---|"
        )?;
        self.rows.values().try_for_each(|row| writeln!(f, "{row}"))?;
        let survived = self.count(|verdict| verdict == Verdict::Survived.word());
        let not_built = self.count(|verdict| verdict == Verdict::NotBuilt.word());
        let (mutants, caught) = (self.rows.len(), self.rows.len() - survived - not_built);
        writeln!(f, "\nmutants={mutants} caught={caught} survived={survived}")
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use std::collections::BTreeSet;

    use super::{Page, Report};
    use crate::mutants::judge::{TierName, Verdict};
    use crate::mutants::patch::{Broken, Mutant};

    fn report(verdicts: impl IntoIterator<Item = (u32, Verdict)>) -> Report {
        let mut report = Report::default();
        for (number, verdict) in verdicts {
            let (what, place) = ("wrong".to_owned(), Broken::C);
            report.add(Mutant { number, what, place, path: PathBuf::new() }, verdict);
        }
        report
    }

    fn caught() -> Verdict {
        Verdict::Caught { tier: TierName::Kernel, test: Some("a::b".into()) }
    }

    #[test]
    fn a_page_has_a_row_for_each_and_ends_with_the_tally() {
        let page = Page::default().with(&report([(7, caught()), (8, Verdict::Survived)]));
        let page = page.to_string();
        let rows = "| 07 | c | wrong | T2 = T3 | `a::b` |\n| 08 | c | wrong | SURVIVED |  |";
        assert!(page.contains(rows), "{page}");
        assert!(page.ends_with("\nmutants=2 caught=1 survived=1\n"));
    }

    #[test]
    fn who_was_not_judged_keeps_his_row_unless_he_is_gone() {
        let before = [(7, caught()), (8, Verdict::NotBuilt), (9, caught())];
        let before = Page::default().with(&report(before)).to_string();
        assert!(before.ends_with("mutants=3 caught=2 survived=0\n"));
        let there = BTreeSet::from([7, 8]);
        let after = Page::read(&before, &there).with(&report([(8, caught())])).to_string();
        assert!(after.ends_with("mutants=2 caught=2 survived=0\n"), "{after}");
        assert!(after.contains("| 07 |") && !after.contains("| 09 |"));
    }
}
