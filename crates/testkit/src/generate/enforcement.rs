//! Draws the cluster's switch, and words of namespaces about their own pods.
//!
//! Drawn last, and for one world in four: those of all seeds stay what they were otherwise.

use model::{ENFORCEMENT_LABEL, Enforcement, World};

use super::random::{Source, one_in, pick};

/// The last is no word, and counts as if it were the second.
const WORDS: [&str; 3] = ["audit", "enforce", "adit"];
const SWITCHES: [Enforcement; 4] =
    [Enforcement::Enforce, Enforcement::Enforce, Enforcement::Audit, Enforcement::Disabled];

/// The world with the words of its namespaces, and the switch.
///
/// # Panics
/// Never: labels collide with nothing.
#[expect(clippy::expect_used, reason = "labels collide with nothing")]
pub(super) fn drawn(source: &mut dyn Source, world: World) -> (World, Enforcement) {
    if !one_in(source, 4) {
        return (world, Enforcement::Enforce);
    }
    let mut parts = world.into_parts();
    for labels in parts.namespaces.values_mut() {
        if !one_in(source, 3) {
            let word = pick(source, &WORDS);
            *labels = std::mem::take(labels).with(ENFORCEMENT_LABEL, *word);
        }
    }
    let switch = *pick(source, &SWITCHES);
    (World::new(parts).expect("only labels are new"), switch)
}
