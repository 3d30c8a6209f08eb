//! What is behind the network header: ports, and what the packet means to its connection.
//!
//! A protocol that is not named here has no ports, and each of its packets may open a connection.

use crate::{Refusal, Role, fragment::Part, icmp, icmpv6, network::Network, octets::Octets};
use crate::{protocol, sctp, tcp, udp};

/// What a transport header says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Transport {
    pub(crate) source_port: u16,
    pub(crate) destination_port: u16,
    pub(crate) role: Role,
    pub(crate) closes: bool,
    pub(crate) r#type: u8,
}

/// Where a transport header is, and what is known of the packet around it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// Up to the packet's end.
    pub(crate) octets: Octets<'a>,
    pub(crate) at: usize,
    /// More of the datagram is elsewhere.
    pub(crate) is_cut: bool,
    pub(crate) hop_limit: u8,
}

impl Place<'_> {
    /// How much there is of header and payload.
    pub(crate) fn room(&self) -> usize {
        self.octets.len().saturating_sub(self.at)
    }
}

/// How many octets of a header the first fragment must have, because they decide.
pub(crate) fn decisive(protocol: u8) -> usize {
    match protocol {
        protocol::TCP => tcp::SIZE,
        protocol::SCTP => sctp::SIZE,
        // No fragment begins before the eighth octet, and no other header needs more.
        _ => 0,
    }
}

pub(crate) fn read(octets: Octets<'_>, network: &Network) -> Result<Transport, Refusal> {
    let is_cut = match network.part {
        Part::Whole => false,
        Part::First { .. } => true,
        Part::Later { .. } => return Ok(Transport::default()),
    };
    let place = Place { octets, at: network.offset, is_cut, hop_limit: network.hop_limit };
    match (network.protocol, network.family) {
        (protocol::TCP, _) => tcp::read(&place),
        (protocol::UDP, _) => udp::read(&place),
        (protocol::SCTP, _) => sctp::read(&place),
        (protocol::ICMP, 4) => icmp::read(&place),
        (protocol::ICMPV6, 6) => icmpv6::read(&place),
        _ => Ok(Transport::default()),
    }
}
