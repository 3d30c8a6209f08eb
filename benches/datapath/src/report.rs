//! The page that people read: measured figures beside the figures to reach.
//!
//! Everything between two markers of the document is replaced; the text around them is written by
//! people.

mod lookups;
mod maps;
mod rates;
mod targets;
mod work;

use std::time::Duration;

use crate::memory::NodeMemory;
use crate::race::{Results, What};
use crate::rates::Rates;
use crate::scale::Scaled;
use crate::step::Step;
use crate::whole::Whole;

const BEGIN: &str = "<!-- measured: begin -->\n";
const END: &str = "<!-- measured: end -->\n";
/// The size at which figures are judged.
const LARGEST: u32 = 100_000;

/// All that was measured.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) machine: String,
    pub(crate) results: Results,
    pub(crate) verified: [Option<u32>; 2],
    pub(crate) changes: Vec<Step>,
    pub(crate) whole: Vec<Whole>,
    pub(crate) scaled: Vec<Scaled>,
    pub(crate) memory: NodeMemory,
    pub(crate) rates: Vec<Rates>,
}

/// `document` with the new figures, or nothing if it has no place for them.
pub(crate) fn replace(document: &str, measured: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{measured}\n{END}{after}"))
}

impl Measured {
    /// As Markdown.
    pub(crate) fn page(&self) -> String {
        [
            format!("Machine: {}.", self.machine),
            self.targets(),
            self.costs(),
            self.tcp(),
            self.work(),
            self.maps(),
        ]
        .join("\n\n")
    }

    fn get(&self, what: What, size: u32) -> f64 {
        self.results.get(&(what, size)).copied().unwrap_or(f64::NAN)
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A title, and the head of a table with a column for each size.
fn head(title: &str, first: &str, sizes: &[u32]) -> String {
    let sizes: Vec<String> = sizes.iter().map(|size| thousands(*size)).collect();
    let line = "---|".repeat(sizes.len() + 1);
    format!("{title}\n\n| {first} | {} |\n|{line}", sizes.join(" | "))
}

/// 1000 as people write it.
fn thousands(number: u32) -> String {
    let digits = number.to_string();
    let mut words = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            words.push(',');
        }
        words.push(digit);
    }
    words
}

fn row(what: &str, target: &str, measured: &str, is_reached: bool) -> String {
    let word = if is_reached { "reached" } else { "**missed**" };
    format!("| {what} | {target} | {measured} | {word} |")
}

fn table(head: &str, rows: &[String]) -> String {
    format!("{head}\n{}", rows.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, END, replace, thousands};

    #[test]
    fn only_what_is_between_the_markers_is_replaced() {
        let page = format!("# A\n{BEGIN}old\n{END}tail\n");
        let expected = format!("# A\n{BEGIN}\nnew\n{END}tail\n");
        assert_eq!(replace(&page, "new"), Some(expected));
        assert_eq!(replace("# A\n", "new"), None);
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([7, 999, 1_000, 1_234_567].map(thousands), ["7", "999", "1,000", "1,234,567"]);
    }
}
