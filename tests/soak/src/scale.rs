//! How much a run has to do in the time that it is given. A short run that did nothing would pass too.

use std::time::Duration;

/// What a full run does, in [`FULL`].
const STARTS: u64 = 10_000;
const FLIPS: u64 = 1_000;
const IDLE_STARTS: u64 = 25;
const FULL: Duration = Duration::from_secs(600);
/// An agent is killed about as often.
const BETWEEN_KILLS: Duration = Duration::from_secs(5);

/// What a run has to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// How long it runs.
    pub duration: Duration,
    /// Pods that start, and stop.
    pub starts: u64,
    /// Changes of policy.
    pub flips: u64,
    /// Agents that are killed.
    pub kills: u64,
    /// Agents that start again with nothing to do.
    pub idle_starts: u64,
    /// Whether it is less than a full run.
    pub is_scaled: bool,
}

impl Scale {
    /// As much as fits in `duration`, and never more than a full run.
    #[must_use]
    pub fn of(duration: Duration) -> Self {
        let share = |of: u64| {
            let scaled = u128::from(of) * duration.as_millis() / FULL.as_millis();
            u64::try_from(scaled).unwrap_or(of).min(of)
        };
        Self {
            duration,
            starts: share(STARTS),
            flips: share(FLIPS),
            kills: duration.as_secs() / (2 * BETWEEN_KILLS.as_secs()),
            idle_starts: share(IDLE_STARTS),
            is_scaled: duration < FULL,
        }
    }

    /// A run from version to version, whose every start has a veth of its own, which costs more, and in
    /// which programs are loaded more often. Somebody is always leaving, so no agent is idle for sure.
    #[must_use]
    pub fn of_versions(self) -> Self {
        let (starts, flips, kills) = (self.starts / 4, self.flips / 2, self.kills / 2);
        Self { starts, flips, kills, idle_starts: 0, ..self }
    }

    /// What even a busy machine does in this time.
    #[must_use]
    pub fn quarter(&self) -> Self {
        let (starts, flips, kills) = (self.starts / 4, self.flips / 4, self.kills / 4);
        Self { starts, flips, kills, idle_starts: self.idle_starts / 4, ..*self }
    }

    /// One of several equal parts.
    pub(crate) fn part(&self, parts: u32) -> Self {
        let share = |of: u64| of.div_ceil(u64::from(parts));
        Self {
            duration: self.duration / parts,
            starts: share(self.starts),
            flips: share(self.flips),
            ..*self
        }
    }

    /// How long between two kills, on average.
    pub(crate) fn between_kills(&self) -> Duration {
        BETWEEN_KILLS
    }

    /// How many of `of` are due after `elapsed`: a little early, so that the last are not late.
    pub(crate) fn due(&self, of: u64, elapsed: Duration) -> u64 {
        let duration = (self.duration * 19 / 20).as_millis().max(1);
        let due = u128::from(of) * elapsed.as_millis() / duration;
        u64::try_from(due).unwrap_or(of).min(of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shorter_run_does_its_share_and_a_longer_one_no_more_than_a_full_one() {
        let full = Scale::of(FULL);
        assert_eq!((full.starts, full.flips, full.is_scaled), (10_000, 1_000, false));
        let minute = Scale::of(Duration::from_secs(60));
        assert_eq!((minute.starts, minute.flips, minute.is_scaled), (1_000, 100, true));
        assert_eq!(Scale::of(FULL * 2).starts, 10_000);
    }

    #[test]
    fn all_is_due_before_the_end_and_nothing_at_the_beginning() {
        let scale = Scale::of(Duration::from_secs(100));
        assert_eq!(scale.due(1000, Duration::ZERO), 0);
        assert_eq!(scale.due(1000, Duration::from_secs(96)), 1000);
        assert!(scale.due(1000, Duration::from_secs(90)) < 1000);
    }
}
