//! Peers as a cluster has them, asked for in random order, the same in every run of the benchmark.
//!
//! An order that caches can guess would hide what a lookup costs; and a benchmark that draws
//! differently each time cannot be compared with itself.

use std::net::Ipv4Addr;

/// The fewest and the most entries of the programs' `sequence`.
const SEQUENCE_MIN: u32 = 1 << 17;
const SEQUENCE_MAX: u32 = 1 << 20;

/// A generator of numbers that look random (xorshift).
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (((self.0 >> 32) * u64::from(limit)) >> 32) as u32
    }
}

/// `count` addresses as nodes hand them out to pods: one after the other.
pub(crate) fn peers(count: u32) -> Vec<Ipv4Addr> {
    // 10.0.0.0/16 is left to the pod that is asked for.
    (0..count).map(|number| Ipv4Addr::from(0x0a01_0000 + number)).collect()
}

/// Entries of the programs' `sequence` for so many peers: room for each of them.
pub(crate) fn sequence_entries(peers: usize) -> u32 {
    (peers as u32).next_power_of_two().clamp(SEQUENCE_MIN, SEQUENCE_MAX)
}

/// The programs' `sequence_mask` for so many peers: fewer peers come by again sooner.
pub(crate) fn mask(peers: usize) -> u32 {
    (peers as u32).next_power_of_two().min(SEQUENCE_MAX) - 1
}

/// What the programs read: all of `peers`, again and again.
pub(crate) fn sequence(peers: &[Ipv4Addr]) -> impl Iterator<Item = u32> {
    let mut order = peers.to_vec();
    let mut random = Random::new();
    for last in (1..order.len()).rev() {
        order.swap(last, random.below(last as u32 + 1) as usize);
    }
    let entries = sequence_entries(peers.len()) as usize;
    order.into_iter().map(u32::from).collect::<Vec<_>>().into_iter().cycle().take(entries)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "a test fails loudly")]

    use std::collections::BTreeSet;

    use super::{SEQUENCE_MIN, mask, peers, sequence, sequence_entries};

    #[test]
    fn the_sequence_has_every_peer_and_no_order() {
        let peers = peers(1_000);
        let sequence: Vec<u32> = sequence(&peers).collect();
        assert_eq!(sequence.len(), SEQUENCE_MIN as usize);
        let all: BTreeSet<u32> = peers.iter().map(|peer| u32::from(*peer)).collect();
        assert_eq!(sequence.iter().take(1_000).copied().collect::<BTreeSet<_>>(), all);
        let rising = sequence.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((40..60).contains(&(rising * 100 / sequence.len())), "{rising}");
    }

    #[test]
    fn the_part_of_the_sequence_that_is_used_has_room_for_every_peer() {
        for count in [100, 100_000, 1_000_000] {
            let used = mask(count) + 1;
            assert!(used as usize >= count && used <= sequence_entries(count), "{count}");
        }
    }
}
