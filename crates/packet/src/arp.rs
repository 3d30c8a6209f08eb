//! ARP (RFC 826): IPv4 addresses on Ethernet, and no other form of it.
//!
//! What it claims is judged elsewhere; here it only has to be there.

use crate::{Flags, Packet, Refusal, ethernet, octets::Octets};

/// Hardware Ethernet, protocol IPv4, addresses of six and four octets.
const FORM: [u8; 6] = [0, 1, 8, 0, 6, 4];
/// The form, the operation and two pairs of addresses.
const SIZE: usize = 28;

pub(crate) fn read(octets: Octets<'_>) -> Result<(), Refusal> {
    let arp: [u8; SIZE] = octets.array(ethernet::SIZE)?;
    if arp.starts_with(&FORM) { Ok(()) } else { Err(Refusal::ArpForm) }
}

pub(crate) fn packet() -> Packet {
    Packet { flags: Flags { arp: true, ..Flags::default() }, ..Packet::default() }
}
