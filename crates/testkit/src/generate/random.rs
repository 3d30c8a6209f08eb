//! Where a generator's choices come from.
//!
//! A failure must replay from what it printed: a seed, or a list of choices.

/// Gives numbers below a bound.
pub trait Source {
    /// A number below `bound`; 0 where `bound` is 0 or 1. Small numbers stand for simple things.
    fn below(&mut self, bound: usize) -> usize;
}

/// Splitmix64: small, fast and good enough to choose test cases.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The sequence of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Source for Random {
    fn below(&mut self, bound: usize) -> usize {
        let high = u128::from(self.next()) * (bound.max(1) as u128);
        usize::try_from(high >> 64).unwrap_or(0)
    }
}

/// A list of choices; zeros after its end, so that a shorter list means a simpler case.
#[derive(Clone, Debug)]
pub struct Choices {
    left: std::vec::IntoIter<u16>,
}

impl Choices {
    /// These choices.
    #[must_use]
    pub fn new(choices: Vec<u16>) -> Self {
        Self { left: choices.into_iter() }
    }
}

impl Source for Choices {
    fn below(&mut self, bound: usize) -> usize {
        let choice = self.left.next().map_or(0, usize::from);
        choice % bound.max(1)
    }
}

/// One of `items`, which must not be empty.
pub(super) fn pick<'a, T>(source: &mut dyn Source, items: &'a [T]) -> &'a T {
    let at = source.below(items.len());
    #[expect(clippy::indexing_slicing, reason = "the source stays below the bound")]
    &items[at]
}

/// Whether the one case in `count` came up; never where the source has only zeros.
pub(super) fn one_in(source: &mut dyn Source, count: usize) -> bool {
    source.below(count) + 1 == count
}

/// Between `least` and `most` draws.
pub(super) fn several<T>(
    source: &mut dyn Source,
    least: usize,
    most: usize,
    draw: impl Fn(&mut dyn Source) -> T,
) -> Vec<T> {
    let count = least + source.below(most - least + 1);
    (0..count).map(|_| draw(source)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_sequence_below_its_bound() {
        let (mut one, mut same) = (Random::new(7), Random::new(7));
        for bound in 1..200 {
            let number = one.below(bound);
            assert_eq!(number, same.below(bound));
            assert!(number < bound);
        }
    }

    #[test]
    fn choices_end_in_zeros() {
        let mut choices = Choices::new(vec![5]);
        assert_eq!([choices.below(4), choices.below(4), choices.below(0)], [1, 0, 0]);
    }
}
