//! How many entries every table has, how many an image needs, and whether they fit.
//!
//! Capacities are values, so that whoever knows the kernel's says so and a test can take room away.

use crate::Image;

/// The most entries of the tables that a plan writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Capacities {
    /// Of `peers`.
    pub peers: u32,
    /// Of `prefixes`.
    pub prefixes: u32,
    /// Of `rows`.
    pub rows: u32,
    /// Of `cells`.
    pub cells: u32,
    /// Of `endpoints`; slots begin at 1, so one fewer can be used.
    pub endpoints: u32,
    /// Of `services`.
    pub services: u32,
    /// Of `backends`.
    pub backends: u32,
}

/// How many entries are needed of each table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of `peers`.
    pub peers: usize,
    /// Of `prefixes`.
    pub prefixes: usize,
    /// Of `rows`.
    pub rows: usize,
    /// Of `cells`, up to the last one.
    pub cells: usize,
    /// Of `endpoints`, up to the last one.
    pub endpoints: usize,
    /// Of `services`.
    pub services: usize,
    /// Of `backends`.
    pub backends: usize,
}

/// A table that would overflow, and how large it would have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{table} needs {needed} entries, there is room for {capacity}")]
pub struct Shortage {
    /// The name of the table.
    pub table: &'static str,
    /// How many entries it would need, at the widest.
    pub needed: usize,
    /// How many it holds.
    pub capacity: u32,
}

impl Default for Capacities {
    fn default() -> Self {
        Self {
            peers: abi::capacity::PEERS,
            prefixes: abi::capacity::PREFIXES,
            rows: abi::capacity::ROWS,
            cells: abi::capacity::CELLS,
            endpoints: abi::capacity::ENDPOINTS,
            services: 16_384,
            backends: 65_536,
        }
    }
}

impl Capacities {
    /// More cells than this are never laid out, to see whether they fit: a change from one such table
    /// to the next needs 64 MiB of the kernel and ten times that to plan. Rules about one endpoint that
    /// open a port each to a peer each need one cell for every pair of them.
    pub const CELLS_MAX: u32 = 1 << 22;

    /// Room for everything that is ever laid out: to learn what would be needed.
    pub const LARGEST: Self = Self {
        peers: u32::MAX,
        prefixes: u32::MAX,
        rows: u32::MAX,
        cells: Self::CELLS_MAX,
        endpoints: u32::MAX,
        services: u32::MAX,
        backends: u32::MAX,
    };

    /// The same, but nowhere less than what is in use already: a table never has to grow for what it
    /// holds.
    #[must_use]
    pub fn at_least(self, used: Counts) -> Self {
        let most =
            |capacity: u32, used: usize| capacity.max(u32::try_from(used).unwrap_or(u32::MAX));
        Self {
            peers: most(self.peers, used.peers),
            prefixes: most(self.prefixes, used.prefixes),
            rows: most(self.rows, used.rows),
            cells: most(self.cells, used.cells),
            endpoints: most(self.endpoints, used.endpoints),
            services: most(self.services, used.services),
            backends: most(self.backends, used.backends),
        }
    }
}

impl Counts {
    /// What an image needs.
    #[must_use]
    pub fn of(image: &Image) -> Self {
        let end = |last: Option<&u32>| last.map_or(0, |last| *last as usize + 1);
        Self {
            peers: image.peers.len(),
            prefixes: image.prefixes.len(),
            rows: image.rows.len(),
            cells: end(image.cells.last_key_value().map(|(index, _)| index)),
            // A slot is in use as soon as a process is led to it.
            endpoints: end(image.endpoints.keys().chain(image.subjects.values()).max()),
            services: image.services.len(),
            backends: image.backends.len(),
        }
    }

    /// Every table that is too small.
    #[must_use]
    pub fn shortages(self, capacities: &Capacities) -> Vec<Shortage> {
        let all = [
            ("peers", self.peers, capacities.peers),
            ("prefixes", self.prefixes, capacities.prefixes),
            ("rows", self.rows, capacities.rows),
            ("cells", self.cells, capacities.cells),
            ("endpoints", self.endpoints, capacities.endpoints),
            ("services", self.services, capacities.services),
            ("backends", self.backends, capacities.backends),
        ];
        let short = |(table, needed, capacity): (&'static str, usize, u32)| {
            (needed > capacity as usize).then_some(Shortage { table, needed, capacity })
        };
        all.into_iter().filter_map(short).collect()
    }

    /// Nothing, if every table is large enough.
    ///
    /// # Errors
    /// Names the first table that is not.
    pub fn fit(self, capacities: &Capacities) -> Result<(), Shortage> {
        self.shortages(capacities).first().map_or(Ok(()), |shortage| Err(*shortage))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_full_at_its_capacity_and_short_one_beyond() {
        let capacities = Capacities { rows: 3, ..Capacities::default() };
        let rows = |rows| Counts { rows, ..Counts::default() };
        assert_eq!(rows(3).fit(&capacities), Ok(()));
        let shortage = Shortage { table: "rows", needed: 4, capacity: 3 };
        assert_eq!(rows(4).fit(&capacities), Err(shortage));
        assert_eq!(shortage.to_string(), "rows needs 4 entries, there is room for 3");
        assert_eq!(rows(4).fit(&capacities.at_least(rows(4))), Ok(()));
    }
}
