//! The first packet of a flow: what the table is asked about.
//!
//! Later packets belong to a connection and are not judged by the table.

use std::net::IpAddr;

use model::{Family, Protocol, Traffic};

use crate::packet::{Packet, Payload, tcp};

/// The first packet of a flow.
pub(crate) fn first_packet(
    mac: [u8; 6],
    source: IpAddr,
    destination: IpAddr,
    traffic: Traffic,
    port: u16,
) -> Vec<u8> {
    let payload = match traffic {
        Traffic::Port(Protocol::Tcp, to) => {
            Payload::Tcp { source: port, destination: to, flags: tcp::SYN }
        }
        Traffic::Port(Protocol::Udp, to) => {
            Payload::Udp { source: port, destination: to, data: vec![0; 8] }
        }
        Traffic::Port(Protocol::Sctp, to) => {
            Payload::Sctp { source: port, destination: to, chunk: 1 }
        }
        Traffic::Other(_) => other(traffic, source, port),
    };
    Packet::new(mac, source, destination, payload).build()
}

/// An echo request of the address's own family, or an empty packet of another protocol.
fn other(traffic: Traffic, source: IpAddr, identifier: u16) -> Payload {
    let family = Family::of(source);
    let kind = match family {
        Family::V4 => 8,
        Family::V6 => 128,
    };
    let [high, low] = identifier.to_be_bytes();
    if traffic == Traffic::icmp(family) {
        return Payload::Icmp { kind, code: 0, word: [high, low, 0, 1], data: vec![0; 8] };
    }
    Payload::Other { protocol: traffic.number(), data: vec![0; 8] }
}
