//! Who takes part, and with how many peers: the one list of contestants.
//!
//! Tables stay in the kernel for the whole run, so that every round meets the same maps.

use std::collections::BTreeMap;

use crate::layout;
use crate::packet;
use crate::peers::peers;
use crate::race::{Contestant, Entry, What};
use crate::racer::{Racer, RacerError};
use crate::table::{Others, Table, TableError};

/// Peers of the layouts and of our table.
pub(crate) const PEERS: [u32; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];
/// Rules of one endpoint, among 10,000 peers.
pub(crate) const RULES: [u32; 5] = [1, 100, 1_000, 10_000, 100_000];
/// Rules of one endpoint that each name another of 10,000 peers.
pub(crate) const KINDS: u32 = 10_000;
/// External prefixes.
pub(crate) const PREFIXES: [u32; 2] = [100, 10_000];
/// Rules that are tested in their order.
pub(crate) const ORDERED: [u32; 2] = [10, 1_000];
/// Connections.
pub(crate) const CONNECTIONS: [u32; 2] = [10_000, 100_000];

const AMONG: u32 = 10_000;

/// All contestants, and the tables that their programs read.
#[derive(Debug, Default)]
pub(crate) struct Field {
    pub(crate) contestants: Vec<Contestant>,
    /// By the contestant that was made from it.
    tables: BTreeMap<Entry, Table>,
}

impl Field {
    pub(crate) fn new() -> Result<Self, TableError> {
        let mut field = Self::default();
        field.add((What::Empty, 0), layout::empty(&peers(AMONG))?);
        PEERS.into_iter().try_for_each(|count| field.add_layouts(count))?;
        for rules in ORDERED {
            field.add((What::Ordered, rules), layout::ordered(rules)?);
        }
        for count in PEERS {
            let table = Table::new(pods(count), count.min(layout::CLASSES_MAX))?;
            let base = (What::Rewritten, count);
            field.add_packets(base, base, packet::rewritten(&table)?);
            field.add_packets((What::Opening, count), base, packet::opening(&table)?);
            field.add_lookup((What::Peers, count), table)?;
        }
        for rules in RULES {
            let table = Table::new(pods(AMONG), rules)?;
            let base = (What::Rewritten, AMONG);
            field.add_packets((What::OpeningAmong, rules), base, packet::opening(&table)?);
            field.add_lookup((What::Rules, rules), table)?;
        }
        let apart = Others::Pods { count: AMONG, kinds: KINDS };
        field.add_lookup((What::Kinds, KINDS), Table::new(apart, KINDS)?)?;
        for count in PREFIXES {
            let table = Table::new(Others::Prefixes(count), count.min(layout::CLASSES_MAX))?;
            field.add_lookup((What::External, count), table)?;
        }
        field.add_connections()?;
        Ok(field)
    }

    fn add(&mut self, entry: Entry, racer: Racer) {
        self.contestants.push(Contestant { entry, base: (What::Empty, 0), racer });
    }

    fn add_layouts(&mut self, count: u32) -> Result<(), RacerError> {
        let peers = peers(count);
        self.add((What::Hash, count), layout::hash(&peers)?);
        self.add((What::Address, count), layout::address(&peers)?);
        self.add((What::Prefix, count), layout::prefix(&peers)?);
        self.add((What::Dense, count), layout::dense(&peers)?);
        self.add((What::Identity, count), layout::identity(&peers)?);
        self.add((What::Slots, count), layout::slots(&peers)?);
        Ok(())
    }

    /// The lookup by itself, and whole packets that each need one.
    fn add_lookup(&mut self, entry: Entry, table: Table) -> Result<(), TableError> {
        self.add(entry, table.racer()?);
        self.tables.insert(entry, table);
        Ok(())
    }

    fn add_packets(&mut self, entry: Entry, base: Entry, racer: Racer) {
        self.contestants.push(Contestant { entry, base, racer });
    }

    fn add_connections(&mut self) -> Result<(), TableError> {
        for count in CONNECTIONS {
            self.add((What::Lru, count), layout::lru(&peers(count))?);
            let mut table = Table::new(pods(count), layout::CLASSES_MAX)?;
            let racer = packet::established(&mut table)?;
            let entry = (What::Established, count);
            self.add_packets(entry, (What::Rewritten, count), racer);
            self.tables.insert(entry, table);
        }
        Ok(())
    }

    /// What the verifier looked at in each of the real programs.
    pub(crate) fn verified(&self) -> [Option<u32>; 2] {
        let table = self.tables.values().next();
        let counts = table.map(|table| table.bench.instance().verified_instructions());
        let counts = counts.unwrap_or_default();
        ["ringfence_egress", "ringfence_ingress"]
            .map(|program| counts.get(program).copied().flatten())
    }
}

/// Pods of which rules tell no more than a thousand kinds apart.
fn pods(count: u32) -> Others {
    Others::Pods { count, kinds: layout::CLASSES_MAX }
}
