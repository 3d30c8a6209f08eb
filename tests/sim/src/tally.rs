//! What a run did, so that one that did nothing cannot pass.
//!
//! The figures of a whole run are in TESTING.md.

use std::fmt;
use std::ops::AddAssign;

/// Counts of one run or of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Seeds.
    pub seeds: u64,
    /// Times that something happened.
    pub steps: u64,
    /// Times that the node was to be programmed.
    pub programs: u64,
    /// Writes that were made.
    pub writes: u64,
    /// Answers that were compared.
    pub flows: u64,
    /// Answers that would be others if what is staged were enforced.
    pub staged: u64,
    /// Packets of connections that exist.
    pub packets: u64,
    /// Connections that were cut.
    pub cut: u64,
    /// Writes that were refused.
    pub refused: u64,
    /// Deaths of the process.
    pub deaths: u64,
    /// Times that not everything fitted.
    pub overflows: u64,
    /// Endpoints that kept their last good policies.
    pub held: u64,
    /// Endpoints that were in quarantine for lack of room.
    pub quarantined: u64,
    /// Services that were denied for lack of room.
    pub services: u64,
    /// Addresses that were left out for lack of room.
    pub peers: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.steps += other.steps;
        self.programs += other.programs;
        self.writes += other.writes;
        self.flows += other.flows;
        self.staged += other.staged;
        self.packets += other.packets;
        self.cut += other.cut;
        self.refused += other.refused;
        self.deaths += other.deaths;
        self.overflows += other.overflows;
        self.held += other.held;
        self.quarantined += other.quarantined;
        self.services += other.services;
        self.peers += other.peers;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seeds, steps, programs, writes, flows, staged, packets, cut, .. } = self;
        let Self { refused, deaths, overflows, held, quarantined, services, peers, .. } = self;
        write!(
            f,
            "seeds={seeds} steps={steps} programs={programs} writes={writes} flows={flows} \
             staged={staged} packets={packets} cut={cut} refused={refused} deaths={deaths} overflows={overflows} \
             held={held} quarantined={quarantined} services={services} peers={peers}"
        )
    }
}
