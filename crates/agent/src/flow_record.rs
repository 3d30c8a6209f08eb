//! The node's record of flows: kept by the thread that works, read by whoever asks.
//!
//! It is bounded in memory, and in the time that it takes: what would be pushed out by what came with it
//! is counted and never named.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use abi::Event;
use flows::{FlowFilter, FlowLog, FlowRecord, Flows};
use tokio::sync::watch;

use crate::AgentError;
use crate::node_agent::NodeAgent;

/// The record, to be written and read.
#[derive(Clone, Debug)]
pub(crate) struct FlowRecords {
    log: Arc<Mutex<FlowLog>>,
    changed: watch::Sender<()>,
}

impl FlowRecords {
    /// An empty one that keeps so many.
    pub(crate) fn new(kept: usize) -> Self {
        Self { log: Arc::new(Mutex::new(FlowLog::new(kept))), changed: watch::Sender::new(()) }
    }

    /// The newest `most` of those from number `from` on that `filter` takes.
    pub(crate) fn read(&self, from: u64, filter: &FlowFilter, most: usize) -> Flows {
        self.log().read(from, filter, most)
    }

    /// Hears whenever there are new ones.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn add(&self, overrun: usize, records: impl Iterator<Item = FlowRecord>) {
        let mut log = self.log();
        if overrun > 0 {
            log.overrun(overrun as u64);
        }
        records.for_each(|record| log.push(record));
        drop(log);
        self.changed.send_replace(());
    }

    fn log(&self) -> MutexGuard<'_, FlowLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NodeAgent {
    /// Notes what the kernel said since the last time, with the names that are true until now. So it comes
    /// before every change of them.
    pub(crate) fn hear_flows(&mut self) -> Result<(), AgentError> {
        let events = self.enforcer.heard()?;
        self.note_flows(&events)
    }

    pub(crate) fn note_flows(&mut self, events: &[Event]) -> Result<(), AgentError> {
        if events.is_empty() {
            return Ok(());
        }
        self.metrics.flows(events);
        let overrun = events.len().saturating_sub(self.flows.log().kept());
        let newest = events.get(overrun..).unwrap_or_default();
        let Self { enforcer, wanted, flows, .. } = self;
        let records = enforcer.records(newest, &wanted.world, &wanted.rules)?;
        // A line of an object's JSON is no place that anybody could open.
        let placeless = |record| FlowRecord { file: None, line: None, ..record };
        flows.add(overrun, records.into_iter().map(placeless));
        Ok(())
    }
}
