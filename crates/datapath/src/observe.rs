//! Reading the tables back: what a restarted process finds.

use abi::Cell;
use aya::maps::MapInfo;
use compile::{Capacities, Image};
use plan::{Kernel, Op};

use crate::{Instance, PerformError, ReadError, instance::failed};

impl Instance {
    /// Reads every map that a plan writes. Of array maps, what is zero is left out.
    ///
    /// # Errors
    /// Where a map cannot be read.
    pub fn observe(&self) -> Result<Image, ReadError> {
        let tables = &self.tables;
        let empty = Cell { rule: 0, verdict: 0, reason: 0, counter: 0 };
        Ok(Image {
            endpoints: tables.endpoints.entries()?.into_iter().collect(),
            subjects: tables.subjects.entries()?.into_iter().collect(),
            peers: tables.peers.entries()?.into_iter().collect(),
            prefixes: tables.prefixes.entries()?.into_iter().collect(),
            ports: tables.columns.read()?,
            rows: tables.rows.entries()?.into_iter().collect(),
            cells: tables.cells.entries()?.into_iter().filter(|(_, cell)| *cell != empty).collect(),
            services: tables.services.entries()?.into_iter().collect(),
            backends: tables.backends.entries()?.into_iter().collect(),
        })
    }
}

impl Kernel for Instance {
    type ObserveError = ReadError;
    type PerformError = PerformError;

    fn capacities(&self) -> Result<Capacities, ReadError> {
        Ok(Capacities {
            peers: self.entries_max("peers")?,
            prefixes: self.entries_max("prefixes")?,
            rows: self.entries_max("rows")?,
            cells: self.entries_max("cells")?,
            endpoints: self.entries_max("endpoints")?,
            services: self.entries_max("services")?,
            backends: self.entries_max("backends")?,
        })
    }

    fn observe(&self) -> Result<Image, ReadError> {
        Self::observe(self)
    }

    fn reset_rule_counts(&mut self, numbers: &[u16]) -> Result<(), ReadError> {
        Self::reset_rule_counts(self, numbers)
    }

    fn open_host(&mut self, endpoint: u32) -> Result<(), ReadError> {
        Ok(Self::open_host(self, endpoint)?)
    }

    fn perform(&mut self, ops: &[Op]) -> Result<(), PerformError> {
        Self::perform(self, ops)
    }
}

impl Instance {
    /// How many entries a pinned map takes, as the kernel says.
    fn entries_max(&self, map: &str) -> Result<u32, ReadError> {
        let path = self.pins.maps.join(map);
        let info = MapInfo::from_pin(&path);
        let info = info.map_err(|error| failed("inspect", &path)(std::io::Error::other(error)))?;
        Ok(info.max_entries())
    }
}
