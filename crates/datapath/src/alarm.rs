//! What somebody has to know at once: tables that fill up, and news that got lost.
//!
//! Whoever raises them compares the counts of two moments; nothing here reads a map.

use std::fmt;

use crate::{Counters, usage::Fill};

/// Above this share of its capacity `est` is nearly full, percent.
const NEARLY_FULL: u64 = 80;

/// Something is not as it should be. Those about counts are raised when a count rises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// `est` has little room left.
    NearlyFull(Fill),
    /// Connections found `est` full; they are the first to be forgotten.
    EstablishedFull(u64),
    /// Connections found their endpoint's share of `est` used up.
    ShareFull(u64),
    /// Connections could not be remembered at all: their replies need a rule.
    HalfFailed(u64),
    /// Events found no room in the ring.
    EventsLost(u64),
}

impl Alarm {
    /// What is wrong by `now` that was not at `before`.
    #[must_use]
    pub fn raised(before: &Counters, now: &Counters, established: Fill) -> Vec<Self> {
        let nearly_full =
            established.is_above(NEARLY_FULL).then_some(Self::NearlyFull(established));
        let risen = |alarm: fn(u64) -> Self, before: u64, now: u64| {
            (now > before).then(|| alarm(now - before))
        };
        let counted = [
            risen(Self::EstablishedFull, before.established_full, now.established_full),
            risen(Self::ShareFull, before.share_full, now.share_full),
            risen(Self::HalfFailed, before.half_failed, now.half_failed),
            risen(Self::EventsLost, before.events_lost, now.events_lost),
        ];
        nearly_full.into_iter().chain(counted.into_iter().flatten()).collect()
    }

    /// What it is about, in one word for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::NearlyFull(_) => "nearly-full",
            Self::EstablishedFull(_) => "established-full",
            Self::ShareFull(_) => "share-full",
            Self::HalfFailed(_) => "half-failed",
            Self::EventsLost(_) => "events-lost",
        }
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NearlyFull(Fill { used, capacity }) => {
                write!(f, "{used} of {capacity} established connections are in use")
            }
            Self::EstablishedFull(count) => {
                write!(f, "{count} connections found no room among the established ones")
            }
            Self::ShareFull(count) => {
                write!(f, "{count} connections were more than the share of their pod")
            }
            Self::HalfFailed(count) => write!(f, "{count} connections could not be remembered"),
            Self::EventsLost(count) => write!(f, "{count} events were lost"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Fill = Fill { used: 80, capacity: 100 };

    #[test]
    fn counts_that_stand_still_are_no_news() {
        let counters = Counters { events_lost: 5, share_full: 3, ..Counters::default() };
        assert_eq!(Alarm::raised(&counters, &counters, ROOM), []);
    }

    #[test]
    fn each_count_that_rises_is_an_alarm_of_its_own() {
        let before = Counters { events_lost: 5, ..Counters::default() };
        let now = Counters {
            events_lost: 7,
            established_full: 1,
            share_full: 2,
            half_failed: 3,
            ..Counters::default()
        };
        let raised = [
            Alarm::EstablishedFull(1),
            Alarm::ShareFull(2),
            Alarm::HalfFailed(3),
            Alarm::EventsLost(2),
        ];
        assert_eq!(Alarm::raised(&before, &now, ROOM), raised);
        let full = Fill { used: 81, ..ROOM };
        assert_eq!(Alarm::raised(&now, &now, full), [Alarm::NearlyFull(full)]);
    }
}
