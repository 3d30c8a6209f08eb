//! Source ports in turn, so that no two probes of a lab look like one flow.
//!
//! The kernel would choose at random, and processes come and go with the pods; a port that comes
//! again while the datapath still remembers its flow would be a probe without an event.

use std::collections::BTreeMap;
use std::net::IpAddr;

/// The first source port and how many follow it.
const FIRST: u16 = 20_000;
const COUNT: u16 = 40_000;

/// A counter for each address, whoever has it; it wraps after 40,000 probes.
#[derive(Debug, Default)]
pub(crate) struct SourcePorts {
    next: BTreeMap<IpAddr, u16>,
}

impl SourcePorts {
    /// The next port of `source` at which nobody listens.
    pub(crate) fn take(&mut self, source: IpAddr, is_listened_at: impl Fn(u16) -> bool) -> u16 {
        let next = self.next.entry(source).or_insert(FIRST);
        for _ in 0..COUNT {
            let port = *next;
            *next = FIRST + (port - FIRST + 1) % COUNT;
            if !is_listened_at(port) {
                return port;
            }
        }
        *next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_come_in_turn_for_each_address_pass_listeners_and_wrap() {
        let mut ports = SourcePorts::default();
        let [one, other] = [IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2])];
        let mut take = |address| ports.take(address, |port| port == 20_001);
        assert_eq!([take(one), take(one), take(other)], [20_000, 20_002, 20_000]);
        for _ in 0..COUNT - 3 {
            take(one);
        }
        assert_eq!([take(one), take(one)], [20_000, 20_002]);
    }
}
