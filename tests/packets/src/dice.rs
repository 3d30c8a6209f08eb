//! Where the generator's choices come from: a sequence of numbers that a seed names.
//!
//! A failure must replay from the one number that it printed.

/// Splitmix64, which is small and good enough to choose packets.
#[derive(Clone, Debug)]
pub struct Dice {
    state: u64,
}

impl Dice {
    /// The sequence of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 where `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.number() % bound.max(1) as u64) as usize
    }

    /// Any octet.
    pub fn octet(&mut self) -> u8 {
        self.number() as u8
    }

    /// Any two octets.
    pub fn word(&mut self) -> u16 {
        self.number() as u16
    }

    /// Whether the one case in `count` came up.
    pub fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// One of `items`.
    ///
    /// # Panics
    /// Where there are none.
    pub fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        let at = self.below(items.len());
        #[expect(clippy::indexing_slicing, reason = "the number is below the length")]
        items[at].clone()
    }

    /// `count` octets.
    pub fn octets(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.octet()).collect()
    }
}
