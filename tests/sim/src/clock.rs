//! Two clocks, as a machine has them: one that only goes on, and one that people and daemons set.
//!
//! News of the cluster is due by the second one, which jumps both ways; connections grow old by the
//! first one, which jumps forwards when a machine sleeps.

use crate::chance::Chance;

const SECOND_NS: u64 = 1_000_000_000;

/// The time.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// Since the machine started, nanoseconds.
    pub(crate) monotonic_ns: u64,
    /// As the machine believes, nanoseconds.
    pub(crate) wall_ns: u64,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { monotonic_ns: SECOND_NS, wall_ns: 1_000_000 * SECOND_NS }
    }

    /// Some seconds pass; now and then a clock jumps.
    pub(crate) fn pass(&mut self, chance: &mut Chance) {
        let passed = (1 + chance.below(5) as u64) * SECOND_NS;
        self.monotonic_ns += passed;
        self.wall_ns += passed;
        let jump = (1 + chance.below(3600) as u64) * SECOND_NS;
        match chance.below(24) {
            0 => self.wall_ns = self.wall_ns.saturating_sub(jump),
            1 => self.wall_ns += jump,
            2 => {
                self.monotonic_ns += jump;
                self.wall_ns += jump;
            }
            _ => {}
        }
    }

    /// When something that is sent now arrives.
    pub(crate) fn soon(&self, chance: &mut Chance) -> u64 {
        self.wall_ns + chance.below(20) as u64 * SECOND_NS
    }
}
