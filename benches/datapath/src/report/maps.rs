//! Memory of the maps, one by one.
//!
//! The largest come first: they are what a smaller node has to make smaller.

use std::cmp::Reverse;

use crate::memory::{HERE, MapMemory, NodeMemory, PODS, Sized, WORKLOADS_HERE};
use crate::report::{Measured, table, thousands};

impl NodeMemory {
    /// Octets of all maps, with the usual sizes and with those that suit the node.
    pub(super) fn totals(&self) -> [u64; 2] {
        [self.total(|map| map.usual.filled), self.total(|map| map.suited.filled)]
    }

    fn total(&self, of: impl Fn(&MapMemory) -> u64) -> u64 {
        self.maps.iter().map(of).sum()
    }
}

impl Measured {
    pub(super) fn maps(&self) -> String {
        let memory = &self.memory;
        let mut maps: Vec<&MapMemory> = memory.maps.iter().collect();
        maps.sort_by_key(|map| Reverse(map.usual.filled));
        let line = |map: &&MapMemory| {
            format!("| `{}` | {} | {} |", map.map, words(map.usual), words(map.suited))
        };
        let mut rows: Vec<String> = maps.iter().map(line).collect();
        let kilobytes = |of: fn(&MapMemory) -> u64| memory.total(of) / 1_000;
        rows.push(format!(
            "| all | | {} | {} | | {} | {} |",
            kilobytes(|map| map.usual.empty),
            kilobytes(|map| map.usual.filled),
            kilobytes(|map| map.suited.empty),
            kilobytes(|map| map.suited.filled),
        ));
        let columns = "| map | entries at most | kB empty | kB in use | suited: entries at most | kB empty | kB in use |\n|---|---|---|---|---|---|---|";
        format!(
            "{}\n\n{}",
            table(&format!("{}\n\n{columns}", self.title()), &rows),
            self.set_aside()
        )
    }

    fn title(&self) -> String {
        let NodeMemory { rows, cells, .. } = self.memory;
        format!(
            "Memory of the maps of a node with {HERE} pods of {WORKLOADS_HERE} workloads, among {} pods; its tables have {rows} rows and {cells} cells:",
            thousands(PODS)
        )
    }

    fn set_aside(&self) -> String {
        let memory = &self.memory;
        let (empty, filled) =
            (memory.total(|map| map.usual.empty), memory.total(|map| map.usual.filled));
        let suited = &memory.suited;
        format!(
            "{:.1} % of the usual sizes' memory is set aside before anything is written. The sizes that suit the node: peers {}, prefixes {}, rows {}, cells {}, half {}, established {}, share of one endpoint {}, events {} octets; the other maps have no size to configure.",
            empty as f64 * 100.0 / filled as f64,
            suited.peers,
            suited.prefixes,
            suited.rows,
            suited.cells,
            suited.half,
            suited.established,
            suited.established_share,
            suited.events,
        )
    }
}

fn words(size: Sized) -> String {
    format!("{} | {} | {}", size.entries_max, size.empty / 1_000, size.filled / 1_000)
}
