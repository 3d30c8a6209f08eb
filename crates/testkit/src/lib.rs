//! Corpus cases, generators and builders for tests.
//!
//! Every tier of testing asks the same questions; this crate is where the questions and the
//! expected answers come from. Nothing that ships depends on it.

pub mod corpus;
pub mod generate;
pub mod lowered;
pub mod rulings;
pub mod scale;
mod small_world;

pub use small_world::{SmallCase, small_world};
