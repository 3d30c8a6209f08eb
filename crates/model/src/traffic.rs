//! What is carried: address family, protocol, ports, and the traffic of a flow.

use std::fmt;
use std::net::IpAddr;

/// An address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The family of `address`.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }
}

/// A protocol with ports, the only ones that a policy can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP, IP protocol 6.
    Tcp,
    /// UDP, IP protocol 17.
    Udp,
    /// SCTP, IP protocol 132.
    Sctp,
}

impl Protocol {
    /// All of them, in the order in which tables list them.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Sctp];

    /// The IANA protocol number.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Sctp => 132,
        }
    }

    /// Lower-case name, as in `5432/tcp`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An inclusive range of ports, never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    first: u16,
    last: u16,
}

/// Why a port range cannot exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRangeError {
    /// The first port that was asked for.
    pub first: u16,
    /// The last port that was asked for, smaller than `first`.
    pub last: u16,
}

impl fmt::Display for PortRangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "port range {}-{} ends before it starts", self.first, self.last)
    }
}

impl std::error::Error for PortRangeError {}

impl PortRange {
    /// Every port of a protocol, 0 included: a packet may carry it even if no rule can name it.
    pub const ALL: Self = Self { first: 0, last: u16::MAX };

    /// `first..=last`.
    ///
    /// # Errors
    /// Where `last` is smaller than `first`.
    pub fn new(first: u16, last: u16) -> Result<Self, PortRangeError> {
        if first <= last { Ok(Self { first, last }) } else { Err(PortRangeError { first, last }) }
    }

    /// The range of one port.
    #[must_use]
    pub fn single(port: u16) -> Self {
        Self { first: port, last: port }
    }

    /// The first port.
    #[must_use]
    pub fn first(self) -> u16 {
        self.first
    }

    /// The last port, included.
    #[must_use]
    pub fn last(self) -> u16 {
        self.last
    }

    /// Whether `port` lies inside.
    #[must_use]
    pub fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }
}

/// What a flow carries: a protocol and its *destination* port, or a protocol without ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Traffic {
    /// One of the protocols with ports.
    Port(Protocol, u16),
    /// Any other IP protocol by its number, ICMP (1) and ICMPv6 (58) among them.
    Other(OtherProtocol),
}

/// An IP protocol number that is none of [`Protocol`]'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OtherProtocol(u8);

impl Traffic {
    /// Traffic of IP protocol `number`; `port` counts only where the protocol has ports.
    #[must_use]
    pub fn new(number: u8, port: u16) -> Self {
        match Protocol::ALL.into_iter().find(|protocol| protocol.number() == number) {
            Some(protocol) => Self::Port(protocol, port),
            None => Self::Other(OtherProtocol(number)),
        }
    }

    /// The echo traffic of `family`: ICMP or ICMPv6.
    #[must_use]
    pub fn icmp(family: Family) -> Self {
        match family {
            Family::V4 => Self::Other(OtherProtocol(1)),
            Family::V6 => Self::Other(OtherProtocol(58)),
        }
    }

    /// The IANA protocol number.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Port(protocol, _) => protocol.number(),
            Self::Other(OtherProtocol(number)) => number,
        }
    }

    /// The destination port, where the protocol has one.
    #[must_use]
    pub fn port(self) -> Option<u16> {
        match self {
            Self::Port(_, port) => Some(port),
            Self::Other(_) => None,
        }
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(protocol, port) => write!(f, "{port}/{protocol}"),
            Self::Other(OtherProtocol(1)) => f.write_str("icmp"),
            Self::Other(OtherProtocol(58)) => f.write_str("icmpv6"),
            Self::Other(OtherProtocol(number)) => write!(f, "protocol {number}"),
        }
    }
}
