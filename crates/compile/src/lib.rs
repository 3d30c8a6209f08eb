//! Compiles rules and a world into the verdict table, and is the executable model of the programs.
//!
//! **Invariant:** `compile` never sees `policy`: their agreement on every flow is the proof of both.
//! **Invariant:** no IO, no clock, no randomness; equal inputs give equal images.

mod image;

pub use image::Image;
