//! The two clocks by which a while ends: the wall's, which people mean and somebody may set, and the
//! time since boot, which nobody can.

use std::time::{Duration, SystemTime};

use nix::time::{ClockId, clock_gettime};

/// One moment by both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What the clock on the wall says.
    pub wall: SystemTime,
    /// How long the machine has run, sleep included.
    pub since_boot: Duration,
}

impl Moment {
    /// This one.
    #[must_use]
    pub fn now() -> Self {
        // Every kernel that loads these programs has the clock.
        let since_boot = clock_gettime(ClockId::CLOCK_BOOTTIME).map(Duration::from);
        Self { wall: SystemTime::now(), since_boot: since_boot.unwrap_or(Duration::MAX) }
    }
}
