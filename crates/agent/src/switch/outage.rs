//! A while in which policies do not count, and its end.
//!
//! It is over when the clock on the wall says so, or when it has lasted as long as was written,
//! whichever comes first, and for ever; so a clock that is set back prolongs nothing, and one that is
//! set forward ends it early.

use std::time::{Duration, SystemTime};

use cluster::Disabled;

use super::Moment;

/// A while in which policies do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outage {
    disabled: Disabled,
    /// Since boot.
    ends: Duration,
    is_over: bool,
}

impl Outage {
    /// It is heard of now: what is left of it by the wall's clock, and no more than all of it.
    pub(super) fn begin(disabled: Disabled, now: Moment) -> Self {
        let left = disabled.until().duration_since(now.wall).unwrap_or_default();
        let ends = now.since_boot.saturating_add(left.min(disabled.long()));
        let mut outage = Self { disabled, ends, is_over: false };
        outage.look(now);
        outage
    }

    /// As the agent before knew it.
    pub(super) fn remembered(disabled: Disabled, ends: Duration, is_over: bool) -> Self {
        Self { disabled, ends, is_over }
    }

    /// Another agent goes on with it, perhaps after a boot that its folder outlived.
    pub(super) fn resume(&mut self, now: Moment) {
        self.ends = self.ends.min(now.since_boot.saturating_add(self.disabled.long()));
        self.look(now);
    }

    /// Whether it ended just now.
    pub(super) fn look(&mut self, now: Moment) -> bool {
        let was_over = self.is_over;
        self.is_over |= now.wall >= self.until() || now.since_boot >= self.ends;
        self.is_over != was_over
    }

    /// Whether it is the one that is written there.
    pub(super) fn is_of(&self, disabled: &Disabled) -> bool {
        self.disabled == *disabled
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    pub(super) fn disabled(&self) -> &Disabled {
        &self.disabled
    }

    /// Since boot.
    pub(super) fn ends(&self) -> Duration {
        self.ends
    }

    fn until(&self) -> SystemTime {
        self.disabled.until()
    }
}
