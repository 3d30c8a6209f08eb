//! Numbers for the rules of a table, by which the kernel counts what each decides.
//!
//! A rule keeps its number for as long as some cell has it, so counts go on over changes of policy and
//! over restarts; a number that nobody has any more is given away again.

use std::collections::{BTreeMap, BTreeSet};

use abi::capacity;
use compile::Image;

/// What [`number`] gave away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbered {
    /// Numbers that no rule had before: what they counted was another rule's.
    pub fresh: Vec<u16>,
    /// How many rules found no number and are not counted.
    pub uncounted: usize,
}

/// Gives each rule of `wanted` the number that it has in `observed`, or one that is free.
pub fn number(observed: &Image, wanted: &mut Image) -> Numbered {
    let mut counters = counters(observed);
    let taken: BTreeSet<u16> = counters.values().copied().collect();
    let last = u16::try_from(capacity::RULE_COUNTS - 1).unwrap_or(u16::MAX);
    let mut free = (1..=last).filter(|counter| !taken.contains(counter));
    let mut numbered = Numbered::default();
    let rules: BTreeSet<u32> = wanted.cells.values().map(|cell| cell.rule).collect();
    for rule in rules.into_iter().filter(|rule| *rule != 0) {
        if counters.contains_key(&rule) {
            continue;
        }
        match free.next() {
            Some(counter) => {
                counters.insert(rule, counter);
                numbered.fresh.push(counter);
            }
            None => numbered.uncounted += 1,
        }
    }
    for cell in wanted.cells.values_mut() {
        cell.counter = counters.get(&cell.rule).copied().unwrap_or(0);
    }
    numbered
}

/// The number of each rule of `image` that is counted.
#[must_use]
pub fn counters(image: &Image) -> BTreeMap<u32, u16> {
    let counted = image.cells.values().filter(|cell| cell.rule != 0 && cell.counter != 0);
    counted.map(|cell| (cell.rule, cell.counter)).collect()
}

#[cfg(test)]
mod tests {
    use abi::{Cell, verdict_code};

    use super::*;

    fn image(rules: impl IntoIterator<Item = u32>) -> Image {
        let cell = |rule| Cell { rule, verdict: verdict_code::ALLOW, reason: 0, counter: 0 };
        Image { cells: (0..).zip(rules.into_iter().map(cell)).collect(), ..Image::default() }
    }

    #[test]
    fn a_rule_keeps_its_number_and_a_new_one_gets_one_that_nobody_has() {
        let mut first = image([7, 8, 0, 8]);
        assert_eq!(number(&Image::default(), &mut first).fresh, [1, 2]);
        assert_eq!(counters(&first), BTreeMap::from([(7, 1), (8, 2)]));
        let mut second = image([8, 9]);
        assert_eq!(number(&first, &mut second).fresh, [3]);
        assert_eq!(counters(&second), BTreeMap::from([(8, 2), (9, 3)]));
        let mut third = image([8, 9, 10]);
        assert_eq!(number(&second, &mut third).fresh, [1], "7 is gone");
        let mut again = image([8, 9, 10]);
        assert_eq!(number(&third, &mut again), Numbered::default());
        assert_eq!(again, third);
    }

    #[test]
    fn rules_beyond_the_last_number_are_not_counted_and_said_to_be() {
        let mut wanted = image(1..=capacity::RULE_COUNTS);
        let numbered = number(&Image::default(), &mut wanted);
        assert_eq!(numbered.fresh.len(), capacity::RULE_COUNTS as usize - 1);
        assert_eq!(numbered.uncounted, 1);
    }
}
