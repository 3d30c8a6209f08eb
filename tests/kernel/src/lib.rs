//! Tier T2: the programs in the kernel, run on packets made here; and a small part of T3, real
//! packets between two namespaces.
//!
//! A [`Bench`] is an instance of the datapath whose programs take the incoming device and the origin
//! of a packet as arguments, so that any table and any packet can be tried without a network.
//!
//! **Invariant:** nothing is skipped silently; see [`available`].

mod bench;
mod namespace;
pub mod packet;
mod tier;

pub use bench::{Bench, BenchError, Origin, Outcome, Pod};
pub use namespace::{Namespace, NamespaceError, Wire};
pub use tier::{Said, Tier, TierError, Unprobeable};

/// Whether the kernel's tiers can run here. Says SKIPPED and why if they cannot.
///
/// # Panics
/// Where they cannot and `RINGFENCE_REQUIRE_KERNEL` is `1`: there, skipping is failing.
#[must_use]
pub fn available() -> bool {
    let missing = datapath::probe();
    let words: Vec<String> = missing.iter().map(ToString::to_string).collect();
    let required = std::env::var("RINGFENCE_REQUIRE_KERNEL").is_ok_and(|value| value == "1");
    assert!(missing.is_empty() || !required, "the kernel is required: {}", words.join("; "));
    if !missing.is_empty() {
        eprintln!("SKIPPED: {}", words.join("; "));
    }
    missing.is_empty()
}
