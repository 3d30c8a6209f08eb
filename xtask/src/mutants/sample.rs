//! Which mutants are judged.
//!
//! A sample is spread over the places and is always the same, so that a red run can be repeated.

use super::patch::{Broken, Mutant};
use crate::cli;

/// The mutants that `options` ask for, by number.
pub(crate) fn choose(mut all: Vec<Mutant>, options: &cli::Mutants) -> Vec<Mutant> {
    if let Some(count) = options.sample {
        return spread(&all, count);
    }
    if !options.only.is_empty() {
        all.retain(|mutant| options.only.contains(&mutant.number));
    }
    all
}

/// `count` of `all`, as evenly from each place as they go.
fn spread(all: &[Mutant], count: usize) -> Vec<Mutant> {
    let places = [Broken::Compile, Broken::Oracle, Broken::C];
    let mut queues = places.map(|place| inside_out(all, place));
    let mut chosen = Vec::new();
    while chosen.len() < count && queues.iter().any(|queue| !queue.is_empty()) {
        for queue in &mut queues {
            chosen.extend(queue.pop().filter(|_| chosen.len() < count));
        }
    }
    chosen.sort_by_key(|mutant| mutant.number);
    chosen
}

/// The mutants of one place so that the first, the middle and the last are taken early.
fn inside_out(all: &[Mutant], place: Broken) -> Vec<Mutant> {
    let mut rest: Vec<_> = all.iter().filter(|mutant| mutant.place == place).cloned().collect();
    let mut order = Vec::new();
    while !rest.is_empty() {
        let step = (rest.len() / 3).max(1);
        let (taken, left): (Vec<_>, Vec<_>) =
            rest.into_iter().enumerate().partition(|(index, _)| index % step == 0);
        order.extend(taken.into_iter().map(|(_, mutant)| mutant));
        rest = left.into_iter().map(|(_, mutant)| mutant).collect();
    }
    order.reverse();
    order
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Broken, Mutant, choose};
    use crate::cli;

    fn thirty() -> Vec<Mutant> {
        let place = |number| match number {
            1..=10 => Broken::Compile,
            11..=20 => Broken::Oracle,
            _ => Broken::C,
        };
        let one = |number| Mutant {
            number,
            what: String::new(),
            place: place(number),
            path: PathBuf::new(),
        };
        (1..=30).map(one).collect()
    }

    fn numbers(only: &[u32], sample: Option<usize>) -> Vec<u32> {
        let options =
            cli::Mutants { only: only.to_vec(), sample, tier: cli::Tiers::All, write: None };
        choose(thirty(), &options).iter().map(|mutant| mutant.number).collect()
    }

    #[test]
    fn a_sample_has_two_of_each_place_and_is_always_the_same() {
        assert_eq!(numbers(&[], Some(6)), [1, 4, 11, 14, 21, 24]);
    }

    #[test]
    fn a_sample_is_never_larger_than_what_there_is() {
        assert_eq!(numbers(&[], Some(31)), (1..=30).collect::<Vec<_>>());
        assert_eq!(numbers(&[], Some(4)).len(), 4);
    }

    #[test]
    fn only_means_only() {
        assert_eq!(numbers(&[7, 29, 99], None), [7, 29]);
        assert_eq!(numbers(&[], None).len(), 30);
    }
}
