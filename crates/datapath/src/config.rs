//! What an instance is told when it is opened.
//!
//! Capacities and lifetimes are fixed when the programs are loaded, so they are not arguments of
//! later calls.

use std::{path::PathBuf, time::Duration};

use compile::Shortage;

use crate::Hooks;

/// Which object is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Programs {
    /// The hooks.
    Hooks,
    /// The entry points for test runs, which take origin and incoming device as arguments.
    TestRuns,
}

/// The most entries of the maps whose size is a matter of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Capacities {
    /// Entries of `peers`.
    pub peers: u32,
    /// Entries of `prefixes`.
    pub prefixes: u32,
    /// Entries of `rows`.
    pub rows: u32,
    /// Entries of `cells`.
    pub cells: u32,
    /// Entries of `services`.
    pub services: u32,
    /// Entries of `backends`.
    pub backends: u32,
    /// Endpoints, and as many entries of everything that each of them has one of. Slots begin at 1.
    pub endpoints: u32,
    /// Entries of `half`.
    pub half: u32,
    /// Entries of `est`.
    pub established: u32,
    /// How many of those one endpoint may hold.
    pub established_share: u32,
    /// Entries of `denied`.
    pub denied: u32,
    /// Entries of `fragments`.
    pub fragments: u32,
    /// Entries of `affinities`.
    pub affinities: u32,
    /// Entries of `translations`.
    pub translations: u32,
    /// Entries of `processes`.
    pub processes: u32,
    /// Octets of the ring of events, a power of two and whole pages.
    pub events: u32,
}

/// How long silent connections live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lifetimes {
    /// Without a proved return path.
    pub half: Duration,
    /// After one end closed.
    pub closing: Duration,
    /// UDP, SCTP and others.
    pub datagram: Duration,
    /// TCP.
    pub stream: Duration,
    /// The ports of a fragmented datagram.
    pub fragment: Duration,
    /// Equal denials within this time are one event.
    pub report_interval: Duration,
}

/// What the programs may use where the kernel has it. A test takes away what it wants to do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Features {
    /// The connection tracker's lookup: a source that the node rewrote is known (ruling N35).
    pub ct_lookup: bool,
    /// The namespace cookie of a packet: a condition of what is the node's own (ruling N15).
    pub netns_cookie: bool,
    /// The programs at the node's own sockets, which need the same of a socket's packet (Linux 6.15):
    /// without them no policy of a node is enforced (ruling N39).
    pub host: bool,
}

/// How to open an instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// A directory of the BPF file system that belongs to this instance alone; made if absent.
    pub pin_dir: PathBuf,
    /// Which programs.
    pub programs: Programs,
    /// Sizes of the maps.
    pub capacities: Capacities,
    /// Lifetimes of connections.
    pub lifetimes: Lifetimes,
    /// The cookie of the node's network namespace, see [`crate::netns_cookie`]; a packet of another
    /// namespace's socket is then never taken for the node's own.
    pub node_namespace: Option<u64>,
    /// What may be used; all of it unless said otherwise.
    pub features: Features,
    /// By which means the programs are attached; the best that this kernel has unless said otherwise.
    pub hooks: Hooks,
}

impl Config {
    /// The usual configuration, pinned under `pin_dir`.
    #[must_use]
    pub fn new(pin_dir: PathBuf) -> Self {
        Self {
            pin_dir,
            programs: Programs::Hooks,
            capacities: Capacities::default(),
            lifetimes: Lifetimes::default(),
            node_namespace: None,
            features: Features::default(),
            hooks: Hooks::of_this_kernel(),
        }
    }
}

impl Default for Features {
    fn default() -> Self {
        Self { ct_lookup: true, netns_cookie: true, host: true }
    }
}

impl Capacities {
    /// Those of a node with 110 pods in a cluster of 10,000: all maps together hold 20 MB at most.
    /// What grows begins as small as that; the others stay as they are.
    const USUAL: Self = Self {
        peers: 1 << 14,
        prefixes: 1 << 14,
        rows: 1 << 14,
        cells: 1 << 15,
        services: 1 << 11,
        backends: 1 << 13,
        endpoints: abi::capacity::ENDPOINTS,
        half: 1 << 14,
        established: 9 << 12,
        established_share: (9 << 12) / 4,
        denied: 1 << 14,
        fragments: 1 << 12,
        affinities: 1 << 12,
        translations: 1 << 13,
        processes: 1 << 14,
        events: 1 << 20,
    };

    /// The most that tables grow to: what is short beyond this stays short and is said to
    /// be.
    pub const BUDGET: Self = Self {
        peers: 1 << 20,
        prefixes: 1 << 17,
        rows: 1 << 20,
        cells: 1 << 23,
        services: 1 << 17,
        backends: 1 << 20,
        endpoints: 1 << 15,
        established: 1 << 19,
        ..Self::USUAL
    };

    /// With room for what was short, as far as the budget goes. Tables double, so that they seldom
    /// have to.
    #[must_use]
    pub fn with_room(self, shortages: &[Shortage]) -> Self {
        let room = |table: &str, has: u32, most: u32| {
            let short = shortages.iter().find(|shortage| shortage.table == table);
            let needed = short.map_or(0, |shortage| shortage.needed.next_power_of_two());
            has.max(u32::try_from(needed).unwrap_or(u32::MAX).min(most))
        };
        Self {
            peers: room("peers", self.peers, Self::BUDGET.peers),
            prefixes: room("prefixes", self.prefixes, Self::BUDGET.prefixes),
            rows: room("rows", self.rows, Self::BUDGET.rows),
            cells: room("cells", self.cells, Self::BUDGET.cells),
            services: room("services", self.services, Self::BUDGET.services),
            backends: room("backends", self.backends, Self::BUDGET.backends),
            endpoints: room("endpoints", self.endpoints, Self::BUDGET.endpoints),
            ..self
        }
    }

    /// With room for so many established connections. The share of an endpoint stays the same part.
    #[must_use]
    pub fn with_established(self, established: u32) -> Self {
        let share = u64::from(self.established_share) * u64::from(established);
        let share = share / u64::from(self.established.max(1));
        let established_share = u32::try_from(share).unwrap_or(u32::MAX);
        Self { established, established_share, ..self }
    }
}

impl Default for Capacities {
    fn default() -> Self {
        Self::USUAL
    }
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            half: Duration::from_secs(60),
            closing: Duration::from_secs(120),
            datagram: Duration::from_secs(180),
            stream: Duration::from_secs(5 * 24 * 60 * 60),
            fragment: Duration::from_secs(30),
            report_interval: Duration::from_secs(5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_short_has_room_up_to_the_budget_and_nothing_shrinks() {
        let has = Capacities::default();
        let short = |table, needed| Shortage { table, needed, capacity: 1 };
        let wanted = has.with_room(&[short("rows", 70_000), short("peers", 3)]);
        assert_eq!((wanted.rows, wanted.peers), (131_072, has.peers));
        let most = has.with_room(&[short("cells", usize::MAX / 4)]);
        assert_eq!(most.cells, Capacities::BUDGET.cells);
        assert_eq!(has.with_room(&[short("endpoints", 5_000)]).endpoints, 8_192);
        assert_eq!(has.with_room(&[short("ports", 5_000)]), has);
    }

    #[test]
    fn an_endpoints_share_of_connections_grows_with_the_table() {
        let has = Capacities { established: 100, established_share: 25, ..Capacities::default() };
        let grown = has.with_established(400);
        assert_eq!((grown.established, grown.established_share), (400, 100));
        assert_eq!(grown.with_established(100), has);
    }
}
