//! Reading the tables back: what a restarted process finds.

use abi::{Cell, PORT_SLOTS};
use compile::Image;

use crate::{Instance, ReadError};

impl Instance {
    /// Reads every map that a plan writes. Of array maps, what is zero is left out.
    ///
    /// # Errors
    /// Where a map cannot be read.
    pub fn observe(&self) -> Result<Image, ReadError> {
        let tables = &self.tables;
        let mut ports = vec![0; PORT_SLOTS as usize];
        for (slot, column) in tables.ports.entries()? {
            if let Some(place) = ports.get_mut(slot as usize) {
                *place = column;
            }
        }
        let empty = Cell { rule: 0, verdict: 0, reason: 0, counter: 0 };
        Ok(Image {
            endpoints: tables.endpoints.entries()?.into_iter().collect(),
            subjects: tables.subjects.entries()?.into_iter().collect(),
            peers: tables.peers.entries()?.into_iter().collect(),
            prefixes: tables.prefixes.entries()?.into_iter().collect(),
            ports,
            rows: tables.rows.entries()?.into_iter().collect(),
            cells: tables.cells.entries()?.into_iter().filter(|(_, cell)| *cell != empty).collect(),
            services: tables.services.entries()?.into_iter().collect(),
            backends: tables.backends.entries()?.into_iter().collect(),
        })
    }
}
