//! Performing a plan: every write in its order, neighbours of one kind in one system call.

use abi::{Address, Cell, RowKey, RowValue};
use plan::Op;

use crate::{Instance, PerformError, TableError, plain::Plain, table::Table};

/// The most writes of one system call.
const BATCH_MAX: usize = 16_384;

/// Writes of one kind that follow each other.
enum Batch {
    Cells(Vec<u32>, Vec<Cell>),
    Rows(Vec<RowKey>, Vec<RowValue>),
    Peers(Vec<Address>, Vec<u32>),
    Ports(Vec<u32>, Vec<u32>),
    One(Op),
}

impl Batch {
    fn of(op: &Op) -> Self {
        match op {
            Op::Cell { index, cell } => Self::Cells(vec![*index], vec![*cell]),
            Op::Row { key, value } => Self::Rows(vec![*key], vec![*value]),
            Op::Peer { address, class } => Self::Peers(vec![*address], vec![*class]),
            Op::Port { slot, column } => Self::Ports(vec![*slot], vec![*column]),
            Op::NoRow { .. }
            | Op::NoPeer { .. }
            | Op::Prefix { .. }
            | Op::NoPrefix { .. }
            | Op::Endpoint { .. }
            | Op::Sets { .. }
            | Op::Subject { .. }
            | Op::NoSubject { .. }
            | Op::Staged { .. }
            | Op::Hairpin { .. }
            | Op::Generation { .. }
            | Op::Backend { .. }
            | Op::NoBackend { .. }
            | Op::Service { .. }
            | Op::NoService { .. } => Self::One(op.clone()),
        }
    }

    /// Takes `op` in if it is of the same kind. Returns whether it did.
    fn take(&mut self, op: &Op) -> bool {
        match (self, Self::of(op)) {
            (Self::Cells(keys, values), Self::Cells(key, value)) => join(keys, values, key, value),
            (Self::Rows(keys, values), Self::Rows(key, value)) => join(keys, values, key, value),
            (Self::Peers(keys, values), Self::Peers(key, value)) => join(keys, values, key, value),
            (Self::Ports(keys, values), Self::Ports(key, value)) => join(keys, values, key, value),
            (Self::Cells(..) | Self::Rows(..) | Self::Peers(..) | Self::Ports(..), _)
            | (Self::One(_), _) => false,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Cells(keys, _) | Self::Ports(keys, _) => keys.len(),
            Self::Rows(keys, _) => keys.len(),
            Self::Peers(keys, _) => keys.len(),
            Self::One(_) => 1,
        }
    }
}

fn join<K, V>(keys: &mut Vec<K>, values: &mut Vec<V>, key: Vec<K>, value: Vec<V>) -> bool {
    let room = keys.len() < BATCH_MAX;
    if room {
        keys.extend(key);
        values.extend(value);
    }
    room
}

impl Instance {
    /// Performs the writes in order and stops at the first that fails.
    ///
    /// # Errors
    /// Names the write that failed.
    pub fn perform(&self, ops: &[Op]) -> Result<(), PerformError> {
        let mut start = 0;
        while let Some((first, rest)) = ops.get(start..).and_then(<[Op]>::split_first) {
            let mut batch = Batch::of(first);
            let _ = rest.iter().take_while(|op| batch.take(op)).count();
            self.write(&batch).map_err(|(done, source)| {
                let index = start + done;
                let op = Box::new(ops.get(index).unwrap_or(first).clone());
                PerformError { index, op, source }
            })?;
            start += batch.len();
        }
        Ok(())
    }

    fn write(&self, batch: &Batch) -> Result<(), (usize, TableError)> {
        let tables = &self.tables;
        match batch {
            Batch::Cells(keys, values) => many(&tables.cells, keys, values),
            Batch::Rows(keys, values) => many(&tables.rows, keys, values),
            Batch::Peers(keys, values) => many(&tables.peers, keys, values),
            Batch::Ports(keys, values) => many(&tables.ports, keys, values),
            Batch::One(op) => self.write_one(op).map_err(|error| (0, error)),
        }
    }

    fn write_one(&self, op: &Op) -> Result<(), TableError> {
        let tables = &self.tables;
        match *op {
            Op::Cell { index, cell } => tables.cells.insert(&index, &cell),
            Op::Row { key, value } => tables.rows.insert(&key, &value),
            Op::NoRow { key } => tables.rows.remove(&key).map(drop),
            Op::Port { slot, column } => tables.ports.insert(&slot, &column),
            Op::Peer { address, class } => tables.peers.insert(&address, &class),
            Op::NoPeer { address } => tables.peers.remove(&address).map(drop),
            Op::Prefix { key, class } => tables.prefixes.insert(&key, &class),
            Op::NoPrefix { key } => tables.prefixes.remove(&key).map(drop),
            Op::Endpoint { endpoint, record } => tables.endpoints.set(endpoint, record),
            Op::Sets { endpoint, sets } => tables.endpoints.set_sets(endpoint, sets),
            Op::Subject { key, slot } => tables.subjects.insert(&key, &slot),
            Op::NoSubject { key } => tables.subjects.remove(&key).map(drop),
            Op::Staged { endpoint, sets } => tables.endpoints.set_staged(endpoint, sets),
            Op::Hairpin { endpoint, sets } => tables.endpoints.set_hairpin(endpoint, sets),
            Op::Generation { endpoint, generation } => {
                tables.endpoints.set_generation(endpoint, generation)
            }
            Op::Backend { key, value } => tables.backends.insert(&key, &value),
            Op::NoBackend { key } => tables.backends.remove(&key).map(drop),
            Op::Service { key, value } => tables.services.insert(&key, &value),
            Op::NoService { key } => tables.services.remove(&key).map(drop),
        }
    }
}

fn many<K: Plain, V: Plain>(
    table: &Table<K, V>,
    keys: &[K],
    values: &[V],
) -> Result<(), (usize, TableError)> {
    match (keys, values) {
        ([key], [value]) => table.insert(key, value).map_err(|error| (0, error)),
        _ => table.insert_all(keys, values),
    }
}
