//! The compiled table as plain data: the exact content of the kernel's maps.

use std::collections::BTreeMap;

use abi::{
    Address, BackendKey, BackendValue, Cell, Endpoint, PORT_SLOTS, PrefixKey, RowKey, RowValue,
    ServiceKey, ServiceValue, SubjectKey,
};

/// Each field is one map of the programs; what an array map does not mention is zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// `endpoints`, by slot.
    pub endpoints: BTreeMap<u32, Endpoint>,
    /// `subjects`: the slots of processes that rules name.
    pub subjects: BTreeMap<SubjectKey, u32>,
    /// `peers`: the class of every pod and node address.
    pub peers: BTreeMap<Address, u32>,
    /// `prefixes`: the class of every other address, by longest prefix.
    pub prefixes: BTreeMap<PrefixKey, u32>,
    /// `ports`: the column of every port, [`PORT_SLOTS`] entries.
    pub ports: Vec<u32>,
    /// `rows`.
    pub rows: BTreeMap<RowKey, RowValue>,
    /// `cells`, by index.
    pub cells: BTreeMap<u32, Cell>,
    /// `services`.
    pub services: BTreeMap<ServiceKey, ServiceValue>,
    /// `backends`.
    pub backends: BTreeMap<BackendKey, BackendValue>,
}

impl Default for Image {
    fn default() -> Self {
        Self {
            endpoints: BTreeMap::new(),
            subjects: BTreeMap::new(),
            peers: BTreeMap::new(),
            prefixes: BTreeMap::new(),
            ports: vec![0; PORT_SLOTS as usize],
            rows: BTreeMap::new(),
            cells: BTreeMap::new(),
            services: BTreeMap::new(),
            backends: BTreeMap::new(),
        }
    }
}
