//! Tier T2: the programs in the kernel, run on packets made here; and a small part of T3, real
//! packets between two namespaces.
//!
//! A [`Bench`] is an instance of the datapath whose programs take the incoming device and the origin
//! of a packet as arguments, so that any table and any packet can be tried without a network.
//!
//! **Invariant:** nothing is skipped silently; see [`available`].

mod bench;
mod first_packet;
mod interface;
mod namespace;
mod tier;

pub use bench::{Bench, BenchError, Origin, Outcome, Pod};
pub use namespace::{Namespace, NamespaceError, Wire};
pub use packets::builder as packet;
pub use tier::{Said, Tier, TierError, Unprobeable};

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// A time of the kernel's clock at which everything that is there now has expired, nanoseconds.
///
/// # Errors
/// Where the clock cannot be read.
pub fn long_after() -> std::io::Result<u64> {
    const TEN_DAYS: Duration = Duration::from_secs(10 * 24 * 60 * 60);
    let now = Duration::from(clock_gettime(ClockId::CLOCK_MONOTONIC)?);
    Ok(u64::try_from((now + TEN_DAYS).as_nanos()).unwrap_or(u64::MAX))
}

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
