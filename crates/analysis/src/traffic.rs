//! Sets of traffic: ports of each protocol as minimal ranges, and everything without ports.
//!
//! A verdict is about one packet, but people ask on what two ends may talk, and that is a set.

use std::fmt;

use compile::Span;
use model::{PortRange, Protocol, Traffic};
use serde::{Serialize, Serializer};

/// A set of traffic. Equal sets are equal values.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrafficSet {
    /// Sorted, disjoint and not adjacent.
    ports: Vec<(Protocol, PortRange)>,
    /// Every protocol without ports.
    other: bool,
}

impl TrafficSet {
    /// No traffic.
    pub const NONE: Self = Self { ports: Vec::new(), other: false };

    /// All traffic.
    #[must_use]
    pub fn all() -> Self {
        let ports = Protocol::ALL.map(|protocol| (protocol, PortRange::ALL)).to_vec();
        Self { ports, other: true }
    }

    /// The ports of one protocol.
    #[must_use]
    pub fn ports_of(protocol: Protocol, range: PortRange) -> Self {
        Self { ports: vec![(protocol, range)], other: false }
    }

    /// One kind of traffic.
    #[must_use]
    pub fn one(traffic: Traffic) -> Self {
        match traffic {
            Traffic::Port(protocol, port) => Self::ports_of(protocol, PortRange::single(port)),
            Traffic::Other(_) => Self { ports: Vec::new(), other: true },
        }
    }

    /// The traffic of `spans`.
    pub fn of_spans(spans: impl IntoIterator<Item = Span>) -> Self {
        let mut set = Self::NONE;
        for span in spans {
            match span {
                Span::Ports(protocol, range) => set.ports.push((protocol, range)),
                Span::Other => set.other = true,
            }
        }
        set.tidy();
        set
    }

    fn tidy(&mut self) {
        self.ports.sort_unstable();
        let mut tidy: Vec<(Protocol, PortRange)> = Vec::with_capacity(self.ports.len());
        for &(protocol, range) in &self.ports {
            match tidy.last_mut().filter(|(of, last)| *of == protocol && touches(*last, range)) {
                Some((_, last)) => *last = joined(*last, range),
                None => tidy.push((protocol, range)),
            }
        }
        self.ports = tidy;
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ports.is_empty() && !self.other
    }

    /// Whether everything is in it.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::all()
    }

    /// Whether `traffic` is in it.
    #[must_use]
    pub fn contains(&self, traffic: Traffic) -> bool {
        match traffic {
            Traffic::Port(protocol, port) => {
                self.ports.iter().any(|(of, range)| *of == protocol && range.contains(port))
            }
            Traffic::Other(_) => self.other,
        }
    }

    /// Whether all of `other` is in it.
    #[must_use]
    pub fn includes(&self, other: &Self) -> bool {
        other.minus(self).is_empty()
    }

    /// The ports in it, sorted.
    #[must_use]
    pub fn ports(&self) -> &[(Protocol, PortRange)] {
        &self.ports
    }

    /// Whether protocols without ports are in it.
    #[must_use]
    pub fn has_other(&self) -> bool {
        self.other
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let ports = self.ports.iter().chain(&other.ports).copied().collect();
        let mut set = Self { ports, other: self.other || other.other };
        set.tidy();
        set
    }

    /// What is in both.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let mut ports = Vec::new();
        for (protocol, one) in &self.ports {
            let same = other.ports.iter().filter(|(of, _)| of == protocol);
            ports.extend(same.filter_map(|(_, two)| {
                let range =
                    PortRange::new(one.first().max(two.first()), one.last().min(two.last()));
                Some((*protocol, range.ok()?))
            }));
        }
        Self { ports, other: self.other && other.other }
    }

    /// What is in this set and not in `other`.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let ports = self.ports.iter().flat_map(|(protocol, range)| {
            let holes = other.ports.iter().filter(move |(of, _)| of == protocol);
            let left = holes.fold(vec![*range], |left, (_, hole)| {
                left.into_iter().flat_map(|range| cut(range, *hole)).collect()
            });
            left.into_iter().map(move |range| (*protocol, range))
        });
        Self { ports: ports.collect(), other: self.other && !other.other }
    }

    /// The words that people read: `80/tcp`, `8000-8100/tcp`, `udp` for a whole protocol, `other`
    /// for all without ports, `all` for everything.
    pub fn words(&self) -> Vec<String> {
        if self.is_all() {
            return vec!["all".to_owned()];
        }
        let word = |(protocol, range): &(Protocol, PortRange)| match (range.first(), range.last()) {
            (0, u16::MAX) => protocol.to_string(),
            (first, last) if first == last => format!("{first}/{protocol}"),
            (first, last) => format!("{first}-{last}/{protocol}"),
        };
        self.ports.iter().map(word).chain(self.other.then(|| "other".to_owned())).collect()
    }
}

impl fmt::Display for TrafficSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(", "))
    }
}

impl Serialize for TrafficSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.words())
    }
}

fn touches(one: PortRange, next: PortRange) -> bool {
    u32::from(next.first()) <= u32::from(one.last()) + 1
}

fn joined(one: PortRange, other: PortRange) -> PortRange {
    let (first, last) = (one.first().min(other.first()), one.last().max(other.last()));
    PortRange::new(first, last).unwrap_or(one)
}

fn cut(range: PortRange, hole: PortRange) -> impl Iterator<Item = PortRange> {
    let below = hole.first().checked_sub(1).map(|last| (range.first(), last.min(range.last())));
    let above = hole.last().checked_add(1).map(|first| (first.max(range.first()), range.last()));
    let parts = [below, above].into_iter().flatten();
    parts.filter_map(|(first, last)| PortRange::new(first, last).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(first: u16, last: u16) -> TrafficSet {
        let range = PortRange::new(first, last).unwrap_or(PortRange::ALL);
        TrafficSet::ports_of(Protocol::Tcp, range)
    }

    #[test]
    fn adjacent_ranges_are_one_and_distant_ones_are_two() {
        assert_eq!(tcp(80, 89).union(&tcp(90, 99)), tcp(80, 99));
        assert_eq!(tcp(80, 89).union(&tcp(91, 99)).to_string(), "80-89/tcp, 91-99/tcp");
    }

    #[test]
    fn a_hole_leaves_both_sides_and_the_whole_leaves_nothing() {
        assert_eq!(tcp(80, 90).minus(&tcp(85, 85)).to_string(), "80-84/tcp, 86-90/tcp");
        assert_eq!(tcp(0, 65535).minus(&tcp(0, 9)).to_string(), "10-65535/tcp");
        assert_eq!(tcp(80, 90).minus(&tcp(91, 95)), tcp(80, 90));
        assert!(TrafficSet::all().minus(&TrafficSet::all()).is_empty());
    }

    #[test]
    fn words_name_whole_protocols() {
        assert_eq!(TrafficSet::all().to_string(), "all");
        let without_udp =
            TrafficSet::all().minus(&TrafficSet::ports_of(Protocol::Udp, PortRange::ALL));
        assert_eq!(without_udp.to_string(), "tcp, sctp, other");
        assert!(TrafficSet::all().includes(&without_udp));
        assert!(!without_udp.includes(&TrafficSet::all()));
    }
}
