//! One write of one map entry: the unit after which the table must make sense.

use abi::{
    Address, BackendKey, BackendValue, Cell, Endpoint, PrefixKey, RowKey, RowValue, ServiceKey,
    ServiceValue, Sets, SubjectKey,
};
use compile::Image;

/// One write. Each is atomic for a program that reads at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Writes one cell that no row leads to yet.
    Cell {
        /// Index of the cell.
        index: u32,
        /// The cell.
        cell: Cell,
    },
    /// Inserts or replaces a row.
    Row {
        /// The key.
        key: RowKey,
        /// The value.
        value: RowValue,
    },
    /// Removes a row that no endpoint and peer lead to any more.
    NoRow {
        /// The key.
        key: RowKey,
    },
    /// Moves a port slot to a column.
    Port {
        /// Index into the port array.
        slot: u32,
        /// The column.
        column: u32,
    },
    /// Inserts a pod or node address or moves it to a class.
    Peer {
        /// The address.
        address: Address,
        /// The class.
        class: u32,
    },
    /// Removes a pod or node address, which from then on is what its prefix says.
    NoPeer {
        /// The address.
        address: Address,
    },
    /// Inserts a prefix or moves it to a class.
    Prefix {
        /// The key.
        key: PrefixKey,
        /// The class.
        class: u32,
    },
    /// Removes a prefix, whose addresses from then on are what the next longer one says.
    NoPrefix {
        /// The key.
        key: PrefixKey,
    },
    /// Writes a whole endpoint record into a slot that no interface leads to.
    Endpoint {
        /// The slot.
        endpoint: u32,
        /// The record.
        record: Endpoint,
    },
    /// Flips the enforced sets.
    Sets {
        /// The slot.
        endpoint: u32,
        /// The word.
        sets: Sets,
    },
    /// Leads a subject to its slot.
    Subject {
        /// The key.
        key: SubjectKey,
        /// The slot.
        slot: u32,
    },
    /// Makes a subject one that nobody names.
    NoSubject {
        /// The key.
        key: SubjectKey,
    },
    /// Flips the staged sets.
    Staged {
        /// The slot.
        endpoint: u32,
        /// The word.
        sets: Sets,
    },
    /// Flips the sets of the hairpin.
    Hairpin {
        /// The slot.
        endpoint: u32,
        /// The word.
        sets: Sets,
    },
    /// Makes every connection of the endpoint be evaluated again.
    Generation {
        /// The slot.
        endpoint: u32,
        /// The generation.
        generation: u64,
    },
    /// Writes a backend that no Service leads to yet.
    Backend {
        /// The key.
        key: BackendKey,
        /// The value.
        value: BackendValue,
    },
    /// Removes a backend that no Service leads to any more.
    NoBackend {
        /// The key.
        key: BackendKey,
    },
    /// Inserts a Service or flips its backends.
    Service {
        /// The key.
        key: ServiceKey,
        /// The value.
        value: ServiceValue,
    },
    /// Removes a Service.
    NoService {
        /// The key.
        key: ServiceKey,
    },
}

impl Op {
    /// What this write makes of `image`.
    pub fn apply(&self, image: &mut Image) {
        match self.clone() {
            Self::Cell { index, cell } => drop(image.cells.insert(index, cell)),
            Self::Row { key, value } => drop(image.rows.insert(key, value)),
            Self::NoRow { key } => drop(image.rows.remove(&key)),
            Self::Port { slot, column } => {
                if let Some(entry) = image.ports.get_mut(slot as usize) {
                    *entry = column;
                }
            }
            Self::Peer { address, class } => drop(image.peers.insert(address, class)),
            Self::NoPeer { address } => drop(image.peers.remove(&address)),
            Self::Prefix { key, class } => drop(image.prefixes.insert(key, class)),
            Self::NoPrefix { key } => drop(image.prefixes.remove(&key)),
            Self::Endpoint { endpoint, record } => {
                image.endpoints.insert(endpoint, record);
            }
            Self::Sets { endpoint, sets } => {
                image.endpoints.entry(endpoint).or_default().sets = sets
            }
            Self::Subject { key, slot } => drop(image.subjects.insert(key, slot)),
            Self::NoSubject { key } => drop(image.subjects.remove(&key)),
            Self::Staged { endpoint, sets } => {
                image.endpoints.entry(endpoint).or_default().staged = sets;
            }
            Self::Hairpin { endpoint, sets } => {
                image.endpoints.entry(endpoint).or_default().hairpin = sets;
            }
            Self::Generation { endpoint, generation } => {
                image.endpoints.entry(endpoint).or_default().generation = generation;
            }
            Self::Backend { key, value } => drop(image.backends.insert(key, value)),
            Self::NoBackend { key } => drop(image.backends.remove(&key)),
            Self::Service { key, value } => drop(image.services.insert(key, value)),
            Self::NoService { key } => drop(image.services.remove(&key)),
        }
    }
}
