//! The table of one set: who is told apart, and what each of them gets on which traffic.
//!
//! Whoever the set does not mention shares one row, so a table is as large as its set, not as the
//! cluster.

use std::sync::Arc;

use model::{Family, PortRange, Protocol, Verdict};
use roaring::RoaringBitmap;

use crate::Said;
use crate::tables::space::AddressRange;

/// Traffic that a set does not tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Span {
    /// Destination ports of one protocol.
    Ports(Protocol, PortRange),
    /// Every protocol without ports, ICMP among them.
    Other,
}

/// One set's answers to everybody.
#[derive(Clone, Debug)]
pub struct Table {
    pub(crate) spans: Arc<Vec<(Span, u32)>>,
    pub(crate) rows: Vec<Vec<Said>>,
    pub(crate) peers: [Arc<PeerRows>; 2],
    pub(crate) external: Vec<(AddressRange, u32)>,
    pub(crate) unknown: Vec<(AddressRange, u32)>,
}

/// Which row each peer of one family has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PeerRows {
    /// Disjoint groups with their rows, in the order of what the set sees of them.
    pub groups: Vec<(RoaringBitmap, u32)>,
    /// The row of everybody else.
    pub rest: u32,
}

impl PeerRows {
    /// The row of peer `number`.
    #[must_use]
    pub fn row(&self, number: u32) -> u32 {
        let group = self.groups.iter().find(|(peers, _)| peers.contains(number));
        group.map_or(self.rest, |(_, row)| *row)
    }
}

impl Table {
    /// How many rows there are; they are numbered from 0.
    #[must_use]
    pub fn rows(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }

    /// What `row` says of all traffic, in order: each protocol's ports, then everything else.
    pub fn row(&self, row: u32) -> impl Iterator<Item = (Span, Said)> {
        let cells = self.rows.get(row as usize);
        self.spans.iter().filter_map(move |(span, column)| {
            cells.and_then(|cells| cells.get(*column as usize)).map(|said| (*span, *said))
        })
    }

    /// Whether `row` says `verdict` of everything.
    #[must_use]
    pub fn says_only(&self, row: u32, verdict: Verdict) -> bool {
        self.row(row).all(|(_, said)| said.verdict == verdict)
    }

    /// The rows of pods and hosts in flows of `family`.
    #[must_use]
    pub fn peers(&self, family: Family) -> &Arc<PeerRows> {
        let [v4, v6] = &self.peers;
        match family {
            Family::V4 => v4,
            Family::V6 => v6,
        }
    }

    /// The rows of addresses outside of the pod networks, as disjoint ranges in order.
    #[must_use]
    pub fn external(&self) -> &[(AddressRange, u32)] {
        &self.external
    }

    /// The rows of addresses inside the pod networks that no known pod has (ruling N34).
    #[must_use]
    pub fn unknown(&self) -> &[(AddressRange, u32)] {
        &self.unknown
    }
}
