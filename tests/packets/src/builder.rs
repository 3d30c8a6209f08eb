//! Packets, octet by octet, with correct checksums.
//!
//! A packet is described by its ends and what it carries; options, extension headers and fragments
//! are asked for on top. What a test wants broken it breaks in the octets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Protocol numbers that tests name.
pub mod protocol {
    #![allow(missing_docs, reason = "the names are the registry's")]
    pub const HOP_BY_HOP: u8 = 0;
    pub const ICMP: u8 = 1;
    pub const TCP: u8 = 6;
    pub const UDP: u8 = 17;
    pub const ROUTING: u8 = 43;
    pub const FRAGMENT: u8 = 44;
    pub const AUTHENTICATION: u8 = 51;
    pub const ICMPV6: u8 = 58;
    pub const DESTINATION_OPTIONS: u8 = 60;
    pub const SCTP: u8 = 132;
}

/// TCP's flags that tests name.
pub mod tcp {
    #![allow(missing_docs, reason = "the names are the protocol's")]
    pub const FIN: u8 = 1;
    pub const SYN: u8 = 2;
    pub const RST: u8 = 4;
    pub const ACK: u8 = 16;
}

/// Octets before the network header.
pub const ETHERNET_SIZE: usize = 14;

/// What a packet carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// A TCP segment.
    Tcp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
        /// See [`tcp`].
        flags: u8,
    },
    /// A UDP datagram.
    Udp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
        /// What it carries.
        data: Vec<u8>,
    },
    /// An SCTP packet of one chunk.
    Sctp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
        /// The chunk's type: 1 INIT, 2 INIT ACK.
        chunk: u8,
    },
    /// ICMP or, in an IPv6 packet, ICMPv6.
    Icmp {
        /// Type.
        kind: u8,
        /// Code.
        code: u8,
        /// The second word: identifier and sequence of an echo.
        word: [u8; 4],
        /// What follows.
        data: Vec<u8>,
    },
    /// Any other protocol.
    Other {
        /// Its number.
        protocol: u8,
        /// What it carries.
        data: Vec<u8>,
    },
}

/// A place in a fragmented datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Identification.
    pub id: u32,
    /// Offset in octets, a multiple of eight.
    pub offset: u16,
    /// More follow.
    pub more: bool,
}

/// A packet to be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Link-layer source.
    pub source_mac: [u8; 6],
    /// Link-layer destination.
    pub destination_mac: [u8; 6],
    /// Source.
    pub source: IpAddr,
    /// Destination, of the same family.
    pub destination: IpAddr,
    /// Hop limit.
    pub hop_limit: u8,
    /// IPv4 options, a multiple of four octets.
    pub options: Vec<u8>,
    /// IPv6 extension headers: kind and content after the first two octets.
    pub extensions: Vec<(u8, Vec<u8>)>,
    /// Whether it is a fragment. Later fragments carry the payload's octets as they are.
    pub fragment: Option<Fragment>,
    /// What it carries.
    pub payload: Payload,
}

impl Packet {
    /// A plain packet.
    #[must_use]
    pub fn new(source_mac: [u8; 6], source: IpAddr, destination: IpAddr, payload: Payload) -> Self {
        Self {
            source_mac,
            destination_mac: [2, 0, 0, 0, 0, 0xfe],
            source,
            destination,
            hop_limit: 64,
            options: Vec::new(),
            extensions: Vec::new(),
            fragment: None,
            payload,
        }
    }

    /// Its octets.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        let (ethertype, network) = match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                (0x0800, self.ipv4(source, destination))
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                (0x86dd, self.ipv6(source, destination))
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => (0, Vec::new()),
        };
        ethernet(self.destination_mac, self.source_mac, ethertype, &network)
    }

    fn ipv4(&self, source: Ipv4Addr, destination: Ipv4Addr) -> Vec<u8> {
        let (protocol, payload) = self.payload.build(self.source, self.destination);
        let header = 20 + self.options.len();
        let fragment = self.fragment.unwrap_or(Fragment { id: 0, offset: 0, more: false });
        let field = (fragment.offset / 8) | if fragment.more { 0x2000 } else { 0 };
        let mut octets = vec![0x40 | (header / 4) as u8, 0];
        octets.extend(((header + payload.len()) as u16).to_be_bytes());
        octets.extend((fragment.id as u16).to_be_bytes());
        octets.extend(field.to_be_bytes());
        octets.extend([self.hop_limit, protocol, 0, 0]);
        octets.extend(source.octets());
        octets.extend(destination.octets());
        octets.extend(&self.options);
        let sum = checksum(&octets).to_be_bytes();
        put(&mut octets, 10, sum);
        octets.extend(payload);
        octets
    }

    fn ipv6(&self, source: Ipv6Addr, destination: Ipv6Addr) -> Vec<u8> {
        let (protocol, payload) = self.payload.build(self.source, self.destination);
        let (first, extensions) = self.extension_headers(protocol);
        let mut octets = vec![0x60, 0, 0, 0];
        octets.extend(((extensions.len() + payload.len()) as u16).to_be_bytes());
        octets.extend([first, self.hop_limit]);
        octets.extend(source.octets());
        octets.extend(destination.octets());
        octets.extend(extensions);
        octets.extend(payload);
        octets
    }

    /// The chain of extension headers, the fragment header last, and the first one's kind.
    fn extension_headers(&self, protocol: u8) -> (u8, Vec<u8>) {
        let mut headers = self.extensions.clone();
        if let Some(fragment) = self.fragment {
            let mut content = (fragment.offset | u16::from(fragment.more)).to_be_bytes().to_vec();
            content.extend(fragment.id.to_be_bytes());
            headers.push((protocol::FRAGMENT, content));
        }
        let mut next = protocol;
        let mut chain = Vec::new();
        for (kind, content) in headers.into_iter().rev() {
            let mut header = vec![next, extension_length(kind, 2 + content.len())];
            header.extend(content);
            header.extend(chain);
            chain = header;
            next = kind;
        }
        (next, chain)
    }
}

fn extension_length(kind: u8, octets: usize) -> u8 {
    match kind {
        protocol::FRAGMENT => 0,
        protocol::AUTHENTICATION => (octets / 4) as u8 - 2,
        _ => (octets / 8) as u8 - 1,
    }
}

impl Payload {
    /// Protocol number and octets.
    pub(crate) fn build(&self, source: IpAddr, destination: IpAddr) -> (u8, Vec<u8>) {
        let pseudo = |protocol, at, octets: Vec<u8>| {
            (protocol, summed(source, destination, protocol, octets, at))
        };
        match self {
            Self::Tcp { source, destination, flags } => {
                let mut octets = ports(*source, *destination);
                octets.extend([0, 0, 0, 1, 0, 0, 0, 2, 0x50, *flags, 0xff, 0xff, 0, 0, 0, 0]);
                pseudo(protocol::TCP, 16, octets)
            }
            Self::Udp { source, destination, data } => {
                let mut octets = ports(*source, *destination);
                octets.extend(((8 + data.len()) as u16).to_be_bytes());
                octets.extend([0, 0]);
                octets.extend(data);
                pseudo(protocol::UDP, 6, octets)
            }
            Self::Sctp { source, destination, chunk } => {
                (protocol::SCTP, sctp(*source, *destination, *chunk))
            }
            Self::Icmp { kind, code, word, data } => {
                let mut octets = vec![*kind, *code, 0, 0];
                octets.extend(word);
                octets.extend(data);
                if destination.is_ipv6() {
                    return pseudo(protocol::ICMPV6, 2, octets);
                }
                let sum = checksum(&octets).to_be_bytes();
                put(&mut octets, 2, sum);
                (protocol::ICMP, octets)
            }
            Self::Other { protocol, data } => (*protocol, data.clone()),
        }
    }
}

/// A frame.
#[must_use]
pub fn ethernet(destination: [u8; 6], source: [u8; 6], ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut octets = destination.to_vec();
    octets.extend(source);
    octets.extend(ethertype.to_be_bytes());
    octets.extend(payload);
    octets
}

/// An ARP packet: 1 asks, 2 answers.
#[must_use]
pub fn arp(mac: [u8; 6], operation: u16, sender: ([u8; 6], Ipv4Addr), target: Ipv4Addr) -> Vec<u8> {
    let mut octets = vec![0, 1, 8, 0, 6, 4];
    octets.extend(operation.to_be_bytes());
    octets.extend(sender.0);
    octets.extend(sender.1.octets());
    octets.extend([0; 6]);
    octets.extend(target.octets());
    ethernet([0xff; 6], mac, 0x0806, &octets)
}

fn ports(source: u16, destination: u16) -> Vec<u8> {
    [source.to_be_bytes(), destination.to_be_bytes()].concat()
}

/// A packet of one chunk with an empty body of 16 octets.
fn sctp(source: u16, destination: u16, chunk: u8) -> Vec<u8> {
    let mut octets = ports(source, destination);
    octets.extend([0, 0, 0, 0, 0, 0, 0, 0, chunk, 0, 0, 20]);
    octets.extend([0; 16]);
    let sum = crc32c::crc32c(&octets).to_le_bytes();
    put(&mut octets, 8, sum);
    octets
}

fn summed(
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    mut octets: Vec<u8>,
    at: usize,
) -> Vec<u8> {
    let mut pseudo = Vec::new();
    for address in [source, destination] {
        match address {
            IpAddr::V4(address) => pseudo.extend(address.octets()),
            IpAddr::V6(address) => pseudo.extend(address.octets()),
        }
    }
    pseudo.extend((octets.len() as u32).to_be_bytes());
    pseudo.extend([0, 0, 0, protocol]);
    pseudo.extend(&octets);
    let sum = checksum(&pseudo).to_be_bytes();
    put(&mut octets, at, sum);
    octets
}

fn put<const N: usize>(octets: &mut [u8], at: usize, field: [u8; N]) {
    if let Some(place) = octets.get_mut(at..at + N) {
        place.copy_from_slice(&field);
    }
}

/// The Internet checksum.
#[must_use]
pub fn checksum(octets: &[u8]) -> u16 {
    let mut sum: u32 = octets
        .chunks(2)
        .map(|pair| {
            let low = pair.get(1).copied().unwrap_or(0);
            pair.first().map_or(0, |high| u32::from(*high) << 8 | u32::from(low))
        })
        .sum();
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
