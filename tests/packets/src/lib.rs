//! Packets for tests: a builder, a generator, and a corpus with what each packet must be read as.
//!
//! Two parsers read them, the programs' and its twin in `crates/packet`. This crate needs neither
//! root nor a kernel, so that the twin can be tried, measured and fuzzed by itself.

pub mod builder;
pub mod corpus;
mod dice;
mod grammar;
mod minimise;
mod mutation;
pub mod text;

pub use dice::Dice;
pub use grammar::valid;
pub use minimise::minimise;

/// The longest frame that is generated: longer ones are refused by test runs in the kernel.
pub const SIZE_MAX: usize = 3_400;

/// The packet of `seed`: one that a sender could have made, and half of the time what is left of it
/// after a few changes. The same seed always gives the same octets.
#[must_use]
pub fn generate(seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    let mut octets = valid(&mut dice);
    if dice.one_in(2) {
        for _ in 0..=dice.below(3) {
            mutation::mutate(&mut dice, &mut octets);
        }
    }
    octets.truncate(SIZE_MAX);
    octets
}
