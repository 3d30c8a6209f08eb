//! How many connections of `est` each endpoint holds: what keeps one from crowding out the others.
//!
//! The programs count what they promote and remove, this side what it collects. A process that ends
//! between taking an entry and subtracting it leaves a count too high, which is the safe side; the
//! next collection puts it right.

use std::{collections::BTreeMap, os::fd::OwnedFd, sync::atomic::Ordering};

use crate::{error::TableError, memory::Memory};

/// Added to each count while `est` is exchanged: the programs move nothing there then. The programs know
/// it by the same name.
const SHARES_FROZEN: u64 = 1 << 40;

/// The mapped array of counts.
#[derive(Debug)]
pub(crate) struct Shares {
    memory: Memory,
    endpoints: u32,
}

/// All counts at one moment.
pub(crate) struct Counted(BTreeMap<u32, u64>);

impl Shares {
    /// Maps the array `map`, which has a count for each of `endpoints`.
    pub(crate) fn map(map: &OwnedFd, endpoints: u32) -> Result<Self, TableError> {
        Ok(Self { memory: Memory::map("held", map, endpoints as usize)?, endpoints })
    }

    /// How many connections `endpoint` holds.
    pub(crate) fn held(&self, endpoint: u32) -> Result<u64, TableError> {
        let held = self.memory.word(endpoint as usize)?.load(Ordering::Acquire);
        Ok(if held & SHARES_FROZEN == 0 { held } else { held - SHARES_FROZEN })
    }

    /// From now on no program takes a place, until [`Shares::thaw`].
    pub(crate) fn freeze(&self) -> Result<(), TableError> {
        for endpoint in 0..self.endpoints {
            let word = self.memory.word(endpoint as usize)?;
            let frozen = |held: u64| (held & SHARES_FROZEN == 0).then_some(held + SHARES_FROZEN);
            // Whoever froze it before did not thaw it.
            let _ = word.try_update(Ordering::AcqRel, Ordering::Acquire, frozen);
        }
        Ok(())
    }

    /// Places may be taken again.
    pub(crate) fn thaw(&self) -> Result<(), TableError> {
        for endpoint in 0..self.endpoints {
            let word = self.memory.word(endpoint as usize)?;
            let thawed = |held: u64| (held & SHARES_FROZEN != 0).then(|| held - SHARES_FROZEN);
            // Most of the time nothing is frozen.
            let _ = word.try_update(Ordering::AcqRel, Ordering::Acquire, thawed);
        }
        Ok(())
    }

    /// The counts of a smaller array, frozen as they are.
    pub(crate) fn copy(&self, from: &Self) -> Result<(), TableError> {
        for endpoint in 0..from.endpoints.min(self.endpoints) {
            let held = from.memory.word(endpoint as usize)?.load(Ordering::Acquire);
            self.memory.word(endpoint as usize)?.store(held, Ordering::Release);
        }
        self.freeze()
    }

    /// How many all endpoints hold.
    pub(crate) fn total(&self) -> Result<u64, TableError> {
        (0..self.endpoints).map(|endpoint| self.held(endpoint)).sum()
    }

    /// Returns the place of one that was removed.
    pub(crate) fn give_back(&self, endpoint: u32) -> Result<(), TableError> {
        let word = self.memory.word(endpoint as usize)?;
        let less = |held: u64| Some(held.saturating_sub(1));
        // Zero is zero: there is nothing to do then.
        let _ = word.try_update(Ordering::AcqRel, Ordering::Acquire, less);
        Ok(())
    }

    /// All counts, to be given to [`Shares::repair`] when the entries have been read.
    pub(crate) fn counted(&self) -> Result<Counted, TableError> {
        let of = |endpoint| Ok((endpoint, self.held(endpoint)?));
        (0..self.endpoints).map(of).collect::<Result<_, _>>().map(Counted)
    }

    /// Puts counts right that differ from the entries found, by endpoint. A count that has moved
    /// since `before` was read is left alone: the entries may have moved too.
    pub(crate) fn repair(
        &self,
        before: &Counted,
        found: &BTreeMap<u32, u64>,
    ) -> Result<(), TableError> {
        for (endpoint, held) in &before.0 {
            let found = found.get(endpoint).copied().unwrap_or(0);
            if found != *held {
                let word = self.memory.word(*endpoint as usize)?;
                let order = (Ordering::AcqRel, Ordering::Acquire);
                // It moved meanwhile, so the next collection looks again.
                let _ = word.compare_exchange(*held, found, order.0, order.1);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may say so in any way")]
    use super::*;

    /// A file's memory is shared as a map's is.
    fn shares(held: &[u64]) -> Shares {
        let file = tempfile::tempfile().unwrap();
        file.set_len(held.len() as u64 * 8).unwrap();
        let shares = Shares::map(&file.into(), held.len() as u32).unwrap();
        for (endpoint, held) in (0..).zip(held) {
            shares.memory.word(endpoint).unwrap().store(*held, Ordering::Relaxed);
        }
        shares
    }

    fn held(shares: &Shares) -> Vec<u64> {
        (0..shares.endpoints).map(|endpoint| shares.held(endpoint).unwrap()).collect()
    }

    #[test]
    fn a_count_that_differs_from_the_entries_is_put_right_unless_it_moved() {
        let shares = shares(&[0, 7, 3, 2]);
        let before = shares.counted().unwrap();
        shares.give_back(3).unwrap();
        shares.repair(&before, &BTreeMap::from([(1, 5), (2, 3), (3, 9)])).unwrap();
        assert_eq!(held(&shares), [0, 5, 3, 1]);
    }

    #[test]
    fn frozen_counts_read_as_they_are_and_thaw_whatever_was_given_back() {
        let (small, large) = (shares(&[0, 7]), shares(&[0, 0, 0]));
        small.freeze().unwrap();
        small.freeze().unwrap();
        small.give_back(1).unwrap();
        assert_eq!(held(&small), [0, 6]);
        assert!(
            small.memory.word(1).unwrap().load(Ordering::Relaxed) > 1 << 32,
            "no share is so large"
        );
        large.copy(&small).unwrap();
        assert!(large.memory.word(2).unwrap().load(Ordering::Relaxed) > 1 << 32);
        for shares in [&small, &large] {
            shares.thaw().unwrap();
            shares.thaw().unwrap();
            assert_eq!(shares.memory.word(1).unwrap().load(Ordering::Relaxed), 6);
        }
    }

    #[test]
    fn nobody_holds_less_than_nothing() {
        let shares = shares(&[0, 1]);
        for endpoint in [0, 1, 1] {
            shares.give_back(endpoint).unwrap();
        }
        assert_eq!(held(&shares), [0, 0]);
        assert!(shares.give_back(2).is_err(), "there is no such endpoint");
    }
}
