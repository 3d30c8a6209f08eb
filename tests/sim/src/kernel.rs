//! A kernel that keeps what was written, answers as the programs do, and fails when it is told to.
//!
//! What it does as the real one does, and the test of the real one:
//! - its answers are `Image::lookup`: `the_programs_say_what_the_oracle_says_of_random_worlds` (t2);
//! - one write is seen whole, the writes before one that is cut off stand:
//!   `a_change_that_is_cut_off_and_made_anew_arrives` (crossing);
//! - nothing that was written is lost when the process ends, and reading back finds it:
//!   `a_change_to_what_is_there_writes_nothing_and_the_maps_stay_as_they_were` (crossing);
//! - a cell that is all zero is read back as none: the same;
//! - a full table refuses a new key and takes a known one, and the writes before it stand:
//!   `a_full_table_refuses_a_new_key_and_takes_a_known_one` (full);
//! - an endpoint whose pod is gone is in quarantine, and its connections end:
//!   `the_next_pod_with_the_slot_and_the_address_begins_in_quarantine_without_connections` (reuse);
//! - a connection is judged again when the generation is another, and not before:
//!   `without_a_new_generation_nothing_is_judged_again` (connection).

use std::collections::BTreeMap;

use abi::{Endpoint, Sets};
use compile::{Capacities, Counts, Image};
use plan::{Kernel, Op};

use crate::clock::Clock;
use crate::connection::Connections;
use crate::judge::Judge;
use crate::state::Key;

/// A pod's interface, which leads to its slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interface {
    pub(crate) uid: u64,
    pub(crate) slot: u32,
}

/// Why the kernel did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// For a reason of its own.
    #[error("the kernel refuses write {0}")]
    Write(usize),
    /// The table is full. Whoever counts first never hears this.
    #[error("the table is full at write {0}")]
    Full(usize),
    /// Whoever asks is dead.
    #[error("the process died at write {0}")]
    Died(usize),
}

/// What goes wrong with the next writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// So many writes succeed, the next one is refused, once.
    Refuse(usize),
    /// As above, and then so often again.
    RefuseOften(usize, u32),
    /// So many writes succeed, then the process dies.
    Die(usize),
}

/// The fake.
#[derive(Debug)]
pub(crate) struct FakeKernel {
    pub(crate) image: Image,
    pub(crate) capacities: Capacities,
    pub(crate) interfaces: BTreeMap<Key, Interface>,
    pub(crate) connections: Connections,
    pub(crate) fault: Option<Fault>,
    pub(crate) is_dead: bool,
    pub(crate) writes: u64,
    pub(crate) judge: Judge,
    pub(crate) clock: Clock,
}

impl FakeKernel {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            image: Image::default(),
            capacities: Capacities::default(),
            interfaces: BTreeMap::new(),
            connections: Connections::default(),
            fault: None,
            is_dead: false,
            writes: 0,
            judge: Judge::default(),
            clock,
        }
    }

    /// A new interface leads to `slot`.
    pub(crate) fn attach(&mut self, key: Key, interface: Interface) {
        self.interfaces.insert(key, interface);
    }

    /// As [`datapath`]'s: the endpoint is retired, its connections end, the interface goes.
    pub(crate) fn detach(&mut self, key: &Key) {
        let Some(interface) = self.interfaces.remove(key) else { return };
        // A slot that the table does not have was never written.
        if interface.slot < self.capacities.endpoints {
            let record = self.image.endpoints.entry(interface.slot).or_default();
            let generation = plan::settled_after(record.generation);
            *record = Endpoint { generation, ..Endpoint::default() };
        }
        self.connections.end(interface.slot);
    }

    /// The word of a slot; nothing is quarantine.
    pub(crate) fn word(&self, slot: u32) -> Sets {
        self.image.endpoints.get(&slot).map_or(Sets::QUARANTINE, |endpoint| endpoint.sets)
    }

    fn fails(&mut self, at: usize) -> Option<Refused> {
        let fault = self.fault.as_mut()?;
        match fault {
            Fault::Refuse(0) => {
                self.fault = None;
                Some(Refused::Write(at))
            }
            Fault::RefuseOften(0, times) => {
                match *times {
                    0 => self.fault = None,
                    _ => *times -= 1,
                }
                Some(Refused::Write(at))
            }
            Fault::Die(0) => {
                self.fault = None;
                self.is_dead = true;
                Some(Refused::Died(at))
            }
            Fault::Refuse(left) | Fault::RefuseOften(left, _) | Fault::Die(left) => {
                *left -= 1;
                None
            }
        }
    }

    /// A write that would make a table grow beyond its capacity is refused.
    fn write(&mut self, at: usize, op: &Op) -> Result<(), Refused> {
        if !self.has_room(op) {
            let counts = Counts::of(&self.image);
            self.judge.report(format!("write {at} does not fit: {op:?}: {counts:?}"));
            return Err(Refused::Full(at));
        }
        op.apply(&mut self.image);
        self.writes += 1;
        Ok(())
    }

    fn has_room(&self, op: &Op) -> bool {
        let Self { image, capacities, .. } = self;
        let fits =
            |is_known: bool, used: usize, capacity: u32| is_known || used < capacity as usize;
        match op {
            Op::Peer { address, .. } => {
                fits(image.peers.contains_key(address), image.peers.len(), capacities.peers)
            }
            Op::Prefix { key, .. } => {
                fits(image.prefixes.contains_key(key), image.prefixes.len(), capacities.prefixes)
            }
            Op::Row { key, .. } => {
                fits(image.rows.contains_key(key), image.rows.len(), capacities.rows)
            }
            Op::Service { key, .. } => {
                fits(image.services.contains_key(key), image.services.len(), capacities.services)
            }
            Op::Backend { key, .. } => {
                fits(image.backends.contains_key(key), image.backends.len(), capacities.backends)
            }
            // An array has no entry beyond its end. Its size never shrinks below what is in use.
            Op::Cell { index, .. } => *index < capacities.cells,
            Op::Endpoint { endpoint, .. }
            | Op::Sets { endpoint, .. }
            | Op::Staged { endpoint, .. }
            | Op::Hairpin { endpoint, .. }
            | Op::Generation { endpoint, .. } => *endpoint < capacities.endpoints,
            Op::Port { slot, .. } => *slot < abi::PORT_SLOTS,
            Op::NoRow { .. }
            | Op::NoPeer { .. }
            | Op::NoPrefix { .. }
            | Op::NoBackend { .. }
            | Op::NoService { .. }
            | Op::NoSubject { .. } => true,
            Op::Subject { slot, .. } => *slot < capacities.endpoints,
        }
    }
}

impl Kernel for FakeKernel {
    type ObserveError = Refused;
    type PerformError = Refused;

    fn capacities(&self) -> Result<Capacities, Refused> {
        Ok(self.capacities)
    }

    fn observe(&self) -> Result<Image, Refused> {
        if self.is_dead {
            return Err(Refused::Died(0));
        }
        let mut image = self.image.clone();
        image.cells.retain(|_, cell| (cell.rule, cell.verdict, cell.reason) != (0, 0, 0));
        image.endpoints.retain(|_, record| *record != Endpoint::default());
        Ok(image)
    }

    fn reset_rule_counts(&mut self, _: &[u16]) -> Result<(), Refused> {
        Ok(())
    }

    /// No rule of these worlds is about nodes, so none has a record.
    fn open_host(&mut self, _: u32) -> Result<(), Refused> {
        Ok(())
    }

    fn perform(&mut self, ops: &[Op]) -> Result<(), Refused> {
        for (at, op) in ops.iter().enumerate() {
            if self.is_dead {
                return Err(Refused::Died(at));
            }
            // A plan may move thousands of ports; a fault among them would never reach its end.
            if !matches!(op, Op::Port { .. })
                && let Some(refused) = self.fails(at)
            {
                return Err(refused);
            }
            self.write(at, op)?;
            let Self { judge, image, connections, clock, .. } = self;
            judge.after(op, image, connections, clock);
        }
        Ok(())
    }
}
