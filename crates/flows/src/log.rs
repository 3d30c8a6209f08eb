//! The newest records, numbered, so that a reader who comes back gets what is new.
//!
//! It is bounded: a node may be up for years. Who comes too late is told how many are gone.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::{FlowFilter, FlowRecord};

/// The newest records.
#[derive(Debug)]
pub struct FlowLog {
    records: VecDeque<FlowRecord>,
    kept: usize,
    /// How many records there were before the first that is kept.
    gone: u64,
}

/// What a reader gets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flows {
    /// The records that were asked for, the oldest first.
    pub records: Vec<FlowRecord>,
    /// Where to go on.
    pub next: u64,
    /// How many were no longer kept.
    pub gone: u64,
}

impl FlowLog {
    /// An empty one that keeps the newest `kept` records, and at least one.
    #[must_use]
    pub fn new(kept: usize) -> Self {
        Self { records: VecDeque::new(), kept: kept.max(1), gone: 0 }
    }

    /// Adds the newest record.
    pub fn push(&mut self, record: FlowRecord) {
        if self.records.len() == self.kept {
            self.records.pop_front();
            self.gone += 1;
        }
        self.records.push_back(record);
    }

    /// So many records that found no room went by, all of them newer than what is here.
    pub fn overrun(&mut self, count: u64) {
        self.gone += self.records.len() as u64 + count;
        self.records.clear();
    }

    /// How many records it keeps.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.kept
    }

    /// The newest `most` records from number `from` on that `filter` takes.
    #[must_use]
    pub fn read(&self, from: u64, filter: &FlowFilter, most: usize) -> Flows {
        let skipped = usize::try_from(from.saturating_sub(self.gone)).unwrap_or(usize::MAX);
        let taken = self.records.iter().skip(skipped).filter(|record| filter.takes(record));
        let mut records: Vec<FlowRecord> = taken.rev().take(most).cloned().collect();
        records.reverse();
        Flows {
            records,
            next: self.gone + self.records.len() as u64,
            gone: self.gone.saturating_sub(from),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::FlowEnd;

    const KEPT: usize = 8;

    fn record(port: u16) -> FlowRecord {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let end = FlowEnd {
            address,
            port: Some(port),
            name: None,
            container: None,
            executable: None,
            process: None,
        };
        FlowRecord::example(end.clone(), end)
    }

    fn ports(flows: &Flows) -> Vec<Option<u16>> {
        flows.records.iter().map(|record| record.source.port).collect()
    }

    #[test]
    fn a_reader_goes_on_where_it_was() {
        let mut log = FlowLog::new(KEPT);
        (0..3).for_each(|port| log.push(record(port)));
        let all = FlowFilter::default();
        let first = log.read(0, &all, 2);
        assert_eq!((ports(&first), first.next), (vec![Some(1), Some(2)], 3));
        log.push(record(3));
        let second = log.read(first.next, &all, 2);
        assert_eq!((ports(&second), second.next, second.gone), (vec![Some(3)], 4, 0));
        assert_eq!(log.read(second.next, &all, 2).records, []);
    }

    #[test]
    fn what_never_found_room_is_gone_too() {
        let mut log = FlowLog::new(KEPT);
        log.push(record(1));
        log.overrun(3);
        log.push(record(5));
        let flows = log.read(0, &FlowFilter::default(), usize::MAX);
        assert_eq!((ports(&flows), flows.gone, flows.next), (vec![Some(5)], 4, 5));
    }

    #[test]
    fn what_is_gone_is_counted() {
        let mut log = FlowLog::new(KEPT);
        (0..KEPT + 5).for_each(|at| log.push(record(at as u16)));
        let all = FlowFilter::default();
        let flows = log.read(2, &all, usize::MAX);
        assert_eq!((flows.gone, flows.next), (3, KEPT as u64 + 5));
        assert_eq!((flows.records.len(), ports(&flows).first()), (KEPT, Some(&Some(5))));
    }
}
