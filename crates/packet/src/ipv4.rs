//! The IPv4 header (RFC 791 section 3.1).
//!
//! Its length is in words of four octets; what is longer than five words are options.

use std::net::{IpAddr, Ipv4Addr};

use abi::Address;

use crate::{
    Refusal, ethernet,
    fragment::Part,
    ipv4_options,
    network::{self, LENGTH_MAX, Network},
    octets::Octets,
};

const SIZE: usize = 20;
const MORE: u16 = 0x2000;
const OFFSET: u16 = 0x1fff;

/// The fields of a header, wherever it stands.
pub(crate) struct Header {
    pub(crate) size: usize,
    pub(crate) total_length: usize,
    pub(crate) id: u16,
    pub(crate) fragment_offset: u16,
    pub(crate) more: bool,
    pub(crate) hop_limit: u8,
    pub(crate) protocol: u8,
    pub(crate) source: Address,
    pub(crate) destination: Address,
}

impl Header {
    /// The header at `at`, which is there without its options at least.
    pub(crate) fn read(octets: Octets<'_>, at: usize) -> Result<Self, Refusal> {
        let _: [u8; SIZE] = octets.array(at)?;
        let first = octets.u8(at)?;
        if first >> 4 != 4 {
            return Err(Refusal::Version);
        }
        let size = usize::from(first & 15) * 4;
        if size < SIZE {
            return Err(Refusal::HeaderLength);
        }
        let fragment = octets.u16(at + 6)?;
        Ok(Self {
            size,
            total_length: octets.u16(at + 2)?.into(),
            id: octets.u16(at + 4)?,
            fragment_offset: (fragment & OFFSET) * 8,
            more: fragment & MORE != 0,
            hop_limit: octets.u8(at + 8)?,
            protocol: octets.u8(at + 9)?,
            source: address(octets, at + 12)?,
            destination: address(octets, at + 16)?,
        })
    }

    /// What is known of the packet: its payload from `offset` to `end`.
    pub(crate) fn network(&self, offset: usize, end: usize, part: Part) -> Network {
        Network {
            source: self.source,
            destination: self.destination,
            family: 4,
            protocol: self.protocol,
            hop_limit: self.hop_limit,
            offset,
            end,
            fragment_id: self.id.into(),
            part,
        }
    }
}

fn address(octets: Octets<'_>, at: usize) -> Result<Address, Refusal> {
    octets.u32(at).map(|word| IpAddr::from(Ipv4Addr::from(word)).into())
}

pub(crate) fn read(octets: Octets<'_>) -> Result<Network, Refusal> {
    let header = Header::read(octets, ethernet::SIZE)?;
    let said = (header.total_length != 0).then_some(header.total_length);
    let end = network::end(octets.len(), said, LENGTH_MAX).ok_or(Refusal::Length)?;
    let offset = ethernet::SIZE + header.size;
    let size = end.checked_sub(offset).ok_or(Refusal::Length)?;
    ipv4_options::check(octets.until(offset), ethernet::SIZE + SIZE)?;
    let part = Part::new(header.fragment_offset, header.more, size, header.protocol)?;
    Ok(header.network(offset, end, part))
}
