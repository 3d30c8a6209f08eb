//! The node's own addresses: one of the conditions under which a packet counts as the node's.

use std::{collections::BTreeSet, net::IpAddr};

use abi::{Address, NodeAddress};

use crate::{Instance, TableError};

impl Instance {
    /// Makes `addresses` the node's own: what is missing is written, what is more is removed.
    ///
    /// # Errors
    /// Where the map cannot be read or written.
    pub fn set_node_addresses(&self, addresses: &[IpAddr]) -> Result<(), TableError> {
        let table = &self.tables.node_addresses;
        let wanted: BTreeSet<Address> = addresses.iter().map(|&address| address.into()).collect();
        let found: BTreeSet<Address> =
            table.entries()?.into_iter().map(|(address, _)| address).collect();
        for address in wanted.difference(&found) {
            table.insert(address, &NodeAddress { reserved: 0 })?;
        }
        found.difference(&wanted).try_for_each(|address| table.remove(address).map(drop))
    }
}
