//! What a network header says, of either family.
//!
//! One shape for both, so that everything above it is written once.

use std::net::IpAddr;

use abi::Address;

use crate::{Refusal, ethernet, fragment::Part};

/// What a length field can say at most, and where a datagram ends at the latest.
pub(crate) const LENGTH_MAX: usize = 65_535;

/// A network header and the extension headers behind it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Network {
    pub(crate) source: Address,
    pub(crate) destination: Address,
    pub(crate) family: u8,
    /// Of what is at `offset`.
    pub(crate) protocol: u8,
    pub(crate) hop_limit: u8,
    pub(crate) offset: usize,
    pub(crate) end: usize,
    pub(crate) fragment_id: u32,
    pub(crate) part: Part,
}

impl Network {
    /// A group never sends: RFC 1122 section 3.2.1.3 for IPv4 and its broadcast, RFC 4291 section
    /// 2.7 for IPv6.
    pub(crate) fn source_is_no_group(&self) -> Result<(), Refusal> {
        let is_group = match IpAddr::from(self.source) {
            IpAddr::V4(address) => address.is_multicast() || address.is_broadcast(),
            IpAddr::V6(address) => address.is_multicast(),
        };
        if is_group { Err(Refusal::Group) } else { Ok(()) }
    }
}

/// Where a packet ends that says it has `said` octets, of a frame of `octets`.
///
/// A length of 0 (`None`) is how the kernel marks what is longer than the field can say, `most`
/// octets; then the packet is what there is. Padding behind the end is no part of the packet.
pub(crate) fn end(octets: usize, said: Option<usize>, most: usize) -> Option<usize> {
    let there = octets.checked_sub(ethernet::SIZE)?;
    match said {
        Some(said) if said <= there => Some(ethernet::SIZE + said),
        None if there > most => Some(octets),
        Some(_) | None => None,
    }
}
