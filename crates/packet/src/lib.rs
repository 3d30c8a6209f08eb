//! How the datapath must read a packet, written to be read as the specification of it.
//!
//! The parser of the programs in `bpf/lib/packet.h` is its twin: a test gives both the same packets
//! and compares everything they say. What an honest sender does not make is refused, because an
//! attacker who can make two readers disagree about a packet can hide a port in it.
//!
//! **Invariant:** no octets make it panic.
//! **Invariant:** what it returns was there; nothing is guessed and nothing is filled in.

mod arp;
mod ethernet;
mod extension;
mod fragment;
mod icmp;
mod icmpv6;
mod ipv4;
mod ipv4_options;
mod ipv6;
mod network;
mod octets;
mod packet;
mod protocol;
mod quoted;
mod refusal;
mod sctp;
mod tcp;
mod transport;
mod udp;

pub use ethernet::{Frame, SIZE as ETHERNET_SIZE};
pub use extension::{HEADERS_MAX, OPTIONS_FROM_POD_MAX};
pub use packet::{Flags, Packet, Role};
pub use refusal::Refusal;

/// Reads a frame.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn read(frame: &Frame<'_>) -> Result<Packet, Refusal> {
    ethernet::read(frame)
}

/// Reads the packet that `packet`, an ICMP error found in `octets`, quotes: as much as names its
/// connection.
///
/// # Errors
/// What keeps it from naming one.
pub fn quoted(octets: &[u8], packet: &Packet) -> Result<Packet, Refusal> {
    quoted::read(octets, packet)
}
