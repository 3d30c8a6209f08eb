//! The compact notation of lowered rules and worlds, for cases below every policy kind.
//!
//! `manifest` never reads it: it exists so that rules which no kind can express yet are tested too.

mod rule;
mod selector;
mod world;

pub use rule::RuleText;
pub use selector::selector;
pub use world::WorldText;
