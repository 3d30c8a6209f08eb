//! The generators as a proptest strategy.
//!
//! Proptest owns the list of choices and shrinks it; fewer and smaller choices are simpler cases.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Choices, Generated};

/// More than any case needs.
const CHOICES_MAX: usize = 600;

/// Worlds with rules and edge flows.
pub fn generated() -> impl Strategy<Value = Generated> {
    vec(any::<u16>(), 0..CHOICES_MAX)
        .prop_map(|choices| Generated::draw(&mut Choices::new(choices)))
}
