//! What is kept of a packet, field by field as `struct packet` of the programs.
//!
//! A test compares the two, so a field that one side had and the other had not would be noticed.

use abi::Address;

use crate::{network::Network, transport::Transport};

/// What a packet means to the connection it belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Role {
    /// It opens a connection if there is none.
    #[default]
    Any = 0,
    /// It wants a new connection: SYN, INIT, echo request.
    Open = 1,
    /// It answers one: SYN+ACK, INIT ACK, echo reply.
    Answer = 2,
    /// It belongs to one: other TCP.
    Middle = 3,
    /// It ends one at once.
    Reset = 4,
    /// An ICMP error about one.
    Error = 5,
    /// An ICMP error without which large packets vanish.
    PathMtu = 6,
    /// Neighbour discovery from this link.
    Neighbour = 7,
    /// Multicast listener discovery.
    Membership = 8,
}

/// What else is to be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flags {
    /// An ARP packet; all fields but `source_mac` are zero.
    pub arp: bool,
    /// The first fragment of a datagram, which has the ports of all.
    pub first_fragment: bool,
    /// A later one, which has none.
    pub later_fragment: bool,
    /// A connection ends with it.
    pub closes: bool,
}

impl Flags {
    /// As the programs keep them.
    #[must_use]
    pub fn bits(self) -> u8 {
        u8::from(self.arp)
            | u8::from(self.first_fragment) << 1
            | u8::from(self.later_fragment) << 2
            | u8::from(self.closes) << 3
    }
}

/// A packet that was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Packet {
    /// Who sent it.
    pub source: Address,
    /// Who is to get it.
    pub destination: Address,
    /// Where the transport header is, or what a later fragment carries; from the frame's start.
    pub offset: u32,
    /// Where the packet ends by its own length; padding may follow.
    pub end: u32,
    /// The identification: of every IPv4 packet, and of IPv6 fragments.
    pub fragment_id: u32,
    /// Where in the datagram a fragment begins, in octets.
    pub fragment_offset: u16,
    /// Where the next fragment begins.
    pub fragment_end: u16,
    /// The source port; an echo's identifier, in both directions; else 0.
    pub source_port: u16,
    /// The destination port, or 0.
    pub destination_port: u16,
    /// The protocol of the transport header, or of what a later fragment says it carries.
    pub protocol: u8,
    /// 4 or 6; 0 for ARP.
    pub family: u8,
    /// What it means to its connection.
    pub role: Role,
    /// What else is to be known.
    pub flags: Flags,
    /// The ICMP type, or 0.
    pub r#type: u8,
    /// How many more hops it may go.
    pub hop_limit: u8,
    /// The link-layer source.
    pub source_mac: [u8; 6],
}

impl Packet {
    /// What the layers found, put together.
    pub(crate) fn of(network: &Network, transport: &Transport) -> Self {
        let (fragment_offset, fragment_end) = network.part.span();
        Self {
            source: network.source,
            destination: network.destination,
            offset: network.offset as u32,
            end: network.end as u32,
            fragment_id: network.fragment_id,
            fragment_offset,
            fragment_end,
            source_port: transport.source_port,
            destination_port: transport.destination_port,
            protocol: network.protocol,
            family: network.family,
            role: transport.role,
            flags: Flags {
                arp: false,
                first_fragment: network.part.is_first(),
                later_fragment: network.part.is_later(),
                closes: transport.closes,
            },
            r#type: transport.r#type,
            hop_limit: network.hop_limit,
            source_mac: [0; 6],
        }
    }
}
