//! What the seed decides.
//!
//! The generator is the one of the test kit, so that a seed is one sequence on every machine.

use testkit::generate::{Random, Source};

/// The seed's sequence.
#[derive(Clone, Debug)]
pub(crate) struct Chance(Random);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Random::new(seed))
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0.below(bound)
    }

    /// Whether the one case in `count` came up.
    pub(crate) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// One of `items`, if there are any.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    pub(crate) fn source(&mut self) -> &mut dyn Source {
        &mut self.0
    }
}
