//! The packet that an ICMP error quotes (RFC 792, RFC 4443 section 2.4): as much of it as names its
//! connection.
//!
//! A quote is cut off somewhere, so its own lengths may be longer than what is there. But eight
//! octets of its transport header are there, or it names nothing.

use crate::{
    Packet, Refusal, Role, extension,
    fragment::Part,
    icmp::{self, Message},
    icmpv6, ipv4, ipv6,
    network::Network,
    octets::Octets,
    protocol,
    transport::Transport,
};

/// What is quoted of a transport header at least.
const START: usize = 8;

pub(crate) fn read(octets: &[u8], packet: &Packet) -> Result<Packet, Refusal> {
    let octets = Octets(octets).until(packet.end as usize);
    let at = packet.offset as usize + icmp::SIZE;
    let network =
        if packet.family == 4 { network_ipv4(octets, at) } else { network_ipv6(octets, at) };
    let network = network?;
    let transport = transport(octets.until(network.end), &network)?;
    Ok(Packet::of(&network, &transport))
}

/// The quote ends where the error does, or before if it says so; 0 says nothing.
fn end(octets: Octets<'_>, at: usize, length: usize) -> usize {
    if length == 0 { octets.len() } else { octets.len().min(at + length) }
}

fn network_ipv4(octets: Octets<'_>, at: usize) -> Result<Network, Refusal> {
    let header = ipv4::Header::read(octets, at)?;
    if header.fragment_offset != 0 {
        return Err(Refusal::QuotedFragment);
    }
    Ok(header.network(at + header.size, end(octets, at, header.total_length), Part::Whole))
}

fn network_ipv6(octets: Octets<'_>, at: usize) -> Result<Network, Refusal> {
    let header = ipv6::Header::read(octets, at)?;
    let length = if header.payload_length == 0 { 0 } else { ipv6::SIZE + header.payload_length };
    let end = end(octets, at, length);
    let chain = extension::walk(octets.until(end), header.next, at + ipv6::SIZE)?;
    if chain.fragment.is_some_and(|fragment| fragment.offset != 0) {
        return Err(Refusal::QuotedFragment);
    }
    Ok(header.network(&chain, end, Part::Whole))
}

fn transport(octets: Octets<'_>, network: &Network) -> Result<Transport, Refusal> {
    match (network.protocol, network.family) {
        (protocol::TCP | protocol::UDP | protocol::SCTP, _) => ports(octets, network.offset),
        (protocol::ICMP, 4) => {
            let message = Message::read(octets, network.offset)?;
            message_quoted(&message, icmp::role(&message))
        }
        (protocol::ICMPV6, 6) => {
            let message = Message::read(octets, network.offset)?;
            message_quoted(&message, icmpv6::role(&message, network.hop_limit))
        }
        _ => Ok(Transport::default()),
    }
}

fn ports(octets: Octets<'_>, at: usize) -> Result<Transport, Refusal> {
    let _: [u8; START] = octets.array(at)?;
    Ok(Transport {
        source_port: octets.u16(at)?,
        destination_port: octets.u16(at + 2)?,
        ..Transport::default()
    })
}

/// RFC 1122 section 3.2.2: nobody reports an error about an error.
fn message_quoted(message: &Message, role: Role) -> Result<Transport, Refusal> {
    match role {
        Role::Error | Role::PathMtu => Err(Refusal::QuotedError),
        Role::Any
        | Role::Open
        | Role::Answer
        | Role::Middle
        | Role::Reset
        | Role::Neighbour
        | Role::Membership => Ok(message.transport(role)),
    }
}
