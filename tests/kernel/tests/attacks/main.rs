//! Attacks on real packets: what a pod with raw sockets, or somebody beside the pods, may send, and
//! what becomes of it.
//!
//! An attack counts as refused when the kernel's own event names the hook and the reason and nothing
//! arrived. Each has a twin, one step beside it, that passes: else silence would prove nothing.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

#[path = "../net/mod.rs"]
mod net;
#[path = "../world/mod.rs"]
mod world;

mod errors;
mod flood;
mod fragments;
mod neighbours;
mod origin;
mod planting;
mod scene;
mod sources;
mod tap;
