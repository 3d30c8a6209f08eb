//! The clock by which the kernel stamps connections.
//!
//! User space must not use another: what it compares are the kernel's own stamps.

use std::io;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Nanoseconds since boot.
///
/// # Errors
/// Where the kernel has no such clock.
pub fn now_ns() -> io::Result<u64> {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC)?;
    Ok(u64::try_from(Duration::from(now).as_nanos()).unwrap_or(u64::MAX))
}

/// Until when a pod is adopted that is attached now.
pub(crate) fn adoption_end_ns() -> io::Result<u64> {
    let adoption = u64::try_from(datapath::ADOPTION.as_nanos()).unwrap_or(u64::MAX);
    Ok(now_ns()?.saturating_add(adoption))
}
