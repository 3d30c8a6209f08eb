//! The kernel's own events, found again by the probe that caused them.
//!
//! A probe that says "denied" because a process was slow, or "allowed" because nothing was
//! enforced, must not count: the kernel has to say the same, with the oracle's reason.

use std::collections::HashMap;
use std::net::IpAddr;

use abi::EventKind;
use model::{Direction, Reason};

use crate::message::Carrier;
use crate::probe::Probe;

/// What the kernel said about one flow at one end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Testimony {
    pub(crate) key: FlowKey,
    pub(crate) kind: EventKind,
    pub(crate) direction: Direction,
    /// None where the event carries an id that the node's table does not use.
    pub(crate) reason: Option<Reason>,
}

/// The five numbers of a flow; for an echo the source port is its identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FlowKey {
    pub(crate) source: IpAddr,
    pub(crate) source_port: u16,
    pub(crate) destination: IpAddr,
    pub(crate) destination_port: u16,
    pub(crate) protocol: u8,
}

impl FlowKey {
    pub(crate) fn of(probe: &Probe, source_port: u16) -> Self {
        Self {
            source: probe.source,
            // A pod's way to itself is judged before its socket has a port that counts.
            source_port: if probe.is_hairpin() { 0 } else { source_port },
            destination: probe.destination,
            destination_port: if probe.carrier == Carrier::Echo { 0 } else { probe.port },
            protocol: probe.flow.traffic().number(),
        }
    }
}

/// All testimonies of a run.
#[derive(Debug, Default)]
pub(crate) struct Witnesses {
    by_flow: HashMap<FlowKey, Vec<Testimony>>,
}

impl Extend<Testimony> for Witnesses {
    fn extend<I: IntoIterator<Item = Testimony>>(&mut self, testimonies: I) {
        for testimony in testimonies {
            self.by_flow.entry(testimony.key).or_default().push(testimony);
        }
    }
}

impl Witnesses {
    /// What was said about a flow, in the order of the events of each node.
    pub(crate) fn about(&self, key: &FlowKey) -> &[Testimony] {
        self.by_flow.get(key).map_or(&[], Vec::as_slice)
    }
}
