//! Exact counts, whatever happened to the events.
//!
//! Events may be lost under load; that they were lost, and how many, may not.

use abi::counter;
use aya::util::nr_cpus;

use crate::{Instance, ReadError, TableError, sys};

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

    fn counter(&self, slot: u32) -> Result<u64, ReadError> {
        use std::os::fd::AsFd;
        let processors = nr_cpus().map_err(|(_, error)| ReadError::Processors(error))?;
        let mut values = vec![0; processors.get() as usize];
        sys::lookup_each(self.tables.counters.fd().as_fd(), slot, &mut values)
            .map_err(|source| TableError { action: "read", map: "counters", source })?;
        Ok(values.iter().sum())
    }
}
