//! Exact counts, whatever happened to the events.
//!
//! Events may be lost under load; that they were lost, and how many, may not.

use std::{collections::BTreeMap, os::fd::AsFd};

use abi::{RuleCount, counter};
use aya::util::nr_cpus;

use crate::{Instance, ReadError, TableError, plain::Plain, sys, table::Table};

/// Sums over all processors since the maps were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Denied packets by reason code; 0 where a rule denied.
    pub denied: [u64; counter::EVENTS_LOST as usize],
    /// Events that found no room in the ring.
    pub events_lost: u64,
    /// Connections that stayed in `half` because `est` was full.
    pub established_full: u64,
    /// Connections that stayed in `half` because their endpoint held its share of `est`.
    pub share_full: u64,
    /// Connections that could not be remembered.
    pub half_failed: u64,
    /// Connections that a policy change cut.
    pub cut: u64,
}

impl Instance {
    /// Reads the counters.
    ///
    /// # Errors
    /// Where the map cannot be read.
    pub fn counters(&self) -> Result<Counters, ReadError> {
        let mut counters = Counters {
            events_lost: self.counter(counter::EVENTS_LOST)?,
            established_full: self.counter(counter::ESTABLISHED_FULL)?,
            share_full: self.counter(counter::SHARE_FULL)?,
            half_failed: self.counter(counter::HALF_FAILED)?,
            cut: self.counter(counter::CUT)?,
            ..Counters::default()
        };
        for (slot, place) in (0..).zip(&mut counters.denied) {
            *place = self.counter(slot)?;
        }
        Ok(counters)
    }

    /// What each of these rules decided, by the numbers that their cells have.
    ///
    /// # Errors
    /// Where the map cannot be read.
    pub fn rule_counts(
        &self,
        counters: impl IntoIterator<Item = u16>,
    ) -> Result<BTreeMap<u16, RuleCount>, ReadError> {
        let of = |counter: u16| {
            let words = self.words(&self.tables.rule_counts, u32::from(counter), 2)?;
            let [packets, bytes] = [0, 1].map(|at| words.iter().skip(at).step_by(2).sum());
            Ok((counter, RuleCount { packets, bytes }))
        };
        counters.into_iter().map(of).collect()
    }

    /// Begins counting anew: these numbers are other rules' from now on.
    ///
    /// # Errors
    /// Where the map cannot be written.
    pub fn reset_rule_counts(&self, counters: &[u16]) -> Result<(), ReadError> {
        let zero = vec![0; self.processors()? * 2];
        counters.iter().try_for_each(|counter| {
            let map = self.tables.rule_counts.fd().as_fd();
            let written = sys::update_each(map, u32::from(*counter), &zero);
            Ok(written.map_err(|source| TableError {
                action: "write",
                map: "rule_counts",
                source,
            })?)
        })
    }

    fn counter(&self, slot: u32) -> Result<u64, ReadError> {
        Ok(self.words(&self.tables.counters, slot, 1)?.iter().sum())
    }

    /// All processors' values of an entry, each of so many words.
    fn words<V: Plain>(
        &self,
        table: &Table<u32, V>,
        slot: u32,
        words: usize,
    ) -> Result<Vec<u64>, ReadError> {
        let mut values = vec![0; self.processors()? * words];
        sys::lookup_each(table.fd().as_fd(), slot, &mut values).map_err(|source| TableError {
            action: "read",
            map: table.name(),
            source,
        })?;
        Ok(values)
    }

    fn processors(&self) -> Result<usize, ReadError> {
        let processors = nr_cpus().map_err(|(_, error)| ReadError::Processors(error))?;
        Ok(processors.get() as usize)
    }
}
