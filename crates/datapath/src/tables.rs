//! All maps of an instance.
//!
//! Held together, so that an instance has either every map or none.

use std::path::Path;

use abi::{
    Address, BackendKey, BackendValue, Cell, Connection, ConnectionKey, DeniedKey, DeniedValue,
    ExecutableKey, ExecutableValue, Interface, Maker, NodeAddress, PrefixKey, ProcessKey, RowKey,
    RowValue, RuleCount, ServiceKey, ServiceValue, SubjectKey, TranslationKey, TranslationValue,
};

use crate::{
    Config, OpenError, Programs, columns::Columns, share::Shares, table::Table, words::Words,
};

#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) peers: Table<Address, u32>,
    pub(crate) prefixes: Table<PrefixKey, u32>,
    pub(crate) ports: Table<u32, u32>,
    pub(crate) columns: Columns,
    pub(crate) rows: Table<RowKey, RowValue>,
    pub(crate) cells: Table<u32, Cell>,
    pub(crate) services: Table<ServiceKey, ServiceValue>,
    pub(crate) backends: Table<BackendKey, BackendValue>,
    pub(crate) interfaces: Table<u32, Interface>,
    pub(crate) node_addresses: Table<Address, NodeAddress>,
    pub(crate) half: Table<ConnectionKey, Connection>,
    pub(crate) established: Table<ConnectionKey, Connection>,
    pub(crate) denied: Table<DeniedKey, DeniedValue>,
    pub(crate) pods: Table<u64, Interface>,
    pub(crate) translations: Table<TranslationKey, TranslationValue>,
    pub(crate) counters: Table<u32, u64>,
    pub(crate) rule_counts: Table<u32, RuleCount>,
    pub(crate) subjects: Table<SubjectKey, u32>,
    pub(crate) processes: Table<ProcessKey, u32>,
    /// Only where sockets are created.
    pub(crate) executables: Option<Table<ExecutableKey, ExecutableValue>>,
    /// Only where packets are test runs.
    pub(crate) test_maker: Option<Table<u32, Maker>>,
    pub(crate) endpoints: Words,
    pub(crate) shares: Shares,
}

impl Tables {
    /// Opens every map that `config` says of the directory `maps`.
    pub(crate) fn open(maps: &Path, config: &Config) -> Result<Self, OpenError> {
        let (programs, slots) = (config.programs, config.capacities.endpoints);
        let endpoints: Table<u32, u64> = Table::open(maps, "endpoints")?;
        let is_for = |wanted| programs == wanted;
        let ports: Table<u32, u32> = Table::open(maps, "ports")?;
        let held: Table<u32, u64> = Table::open(maps, "held")?;
        Ok(Self {
            peers: Table::open(maps, "peers")?,
            prefixes: Table::open(maps, "prefixes")?,
            columns: Columns::map(ports.fd())?,
            ports,
            rows: Table::open(maps, "rows")?,
            cells: Table::open(maps, "cells")?,
            services: Table::open(maps, "services")?,
            backends: Table::open(maps, "backends")?,
            interfaces: Table::open(maps, "interfaces")?,
            node_addresses: Table::open(maps, "node_addresses")?,
            half: Table::open(maps, "half")?,
            established: Table::open(maps, "est")?,
            denied: Table::open(maps, "denied")?,
            pods: Table::open(maps, "pods")?,
            translations: Table::open(maps, "translations")?,
            counters: Table::open(maps, "counters")?,
            rule_counts: Table::open(maps, "rule_counts")?,
            subjects: Table::open(maps, "subjects")?,
            processes: Table::open(maps, "processes")?,
            executables: is_for(Programs::Hooks)
                .then(|| Table::open(maps, "executables"))
                .transpose()?,
            test_maker: is_for(Programs::TestRuns)
                .then(|| Table::open(maps, "test_maker"))
                .transpose()?,
            endpoints: Words::map(endpoints.fd(), slots)?,
            shares: Shares::map(held.fd(), slots)?,
        })
    }
}
