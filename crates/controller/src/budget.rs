//! How many Events may be told: a change of everything at once is not worth one for each policy.
//!
//! What is left untold is counted, and stands in the objects all the same.

use std::time::Duration;

/// So many may come at once.
const AT_ONCE: u32 = 50;
/// One more after each of these.
const EACH: Duration = Duration::from_millis(200);

/// How many may still be told.
#[derive(Debug)]
pub(crate) struct Budget {
    left: u32,
    /// Up to when it was filled.
    filled: Duration,
}

impl Budget {
    /// Full at a time, on any clock that only goes on.
    pub(crate) fn new(now: Duration) -> Self {
        Self { left: AT_ONCE, filled: now }
    }

    /// Whether one more may be told.
    pub(crate) fn take(&mut self, now: Duration) -> bool {
        let more = now.saturating_sub(self.filled).as_millis() / EACH.as_millis();
        let more = u32::try_from(more).unwrap_or(u32::MAX);
        self.filled = self.filled.saturating_add(EACH.saturating_mul(more));
        self.left = self.left.saturating_add(more).min(AT_ONCE);
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_at_once_and_then_five_a_second() {
        let at = |ms| Duration::from_secs(9) + Duration::from_millis(ms);
        let mut budget = Budget::new(at(0));
        assert_eq!((0..200).filter(|_| budget.take(at(0))).count(), 50);
        assert!(!budget.take(at(199)));
        assert!(budget.take(at(200)));
        assert!(!budget.take(at(200)));
        assert_eq!((0..200).filter(|_| budget.take(at(1200))).count(), 5);
        assert_eq!((0..200).filter(|_| budget.take(at(1_000_000))).count(), 50);
    }
}
