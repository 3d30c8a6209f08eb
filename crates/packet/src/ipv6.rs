//! The IPv6 header (RFC 8200 section 3).
//!
//! An address that stands for an IPv4 one is refused: both families share one form of address, and
//! nobody may be taken for somebody of the other family (RFC 4291 section 2.5.5.2).

use abi::Address;

use crate::{
    Refusal, ethernet,
    extension::{self, Chain, OPTIONS_FROM_POD_MAX},
    fragment::Part,
    network::{self, LENGTH_MAX, Network},
    octets::Octets,
};

/// Octets of the header without extension headers.
pub(crate) const SIZE: usize = 40;

/// The fields of a header, wherever it stands.
pub(crate) struct Header {
    pub(crate) payload_length: usize,
    pub(crate) next: u8,
    pub(crate) hop_limit: u8,
    pub(crate) source: Address,
    pub(crate) destination: Address,
}

impl Header {
    /// The header at `at`.
    pub(crate) fn read(octets: Octets<'_>, at: usize) -> Result<Self, Refusal> {
        let _: [u8; SIZE] = octets.array(at)?;
        if octets.u8(at)? >> 4 != 6 {
            return Err(Refusal::Version);
        }
        Ok(Self {
            payload_length: octets.u16(at + 4)?.into(),
            next: octets.u8(at + 6)?,
            hop_limit: octets.u8(at + 7)?,
            source: Address(octets.array(at + 8)?),
            destination: Address(octets.array(at + 24)?),
        })
    }

    /// What is known of the packet once its chain is walked.
    pub(crate) fn network(&self, chain: &Chain, end: usize, part: Part) -> Network {
        Network {
            source: self.source,
            destination: self.destination,
            family: 6,
            protocol: chain.protocol,
            hop_limit: self.hop_limit,
            offset: chain.offset,
            end,
            fragment_id: chain.fragment.map_or(0, |fragment| fragment.id),
            part,
        }
    }

    /// Where the packet ends. A packet without payload and one that is too long to say its length
    /// (RFC 2675) both say 0.
    fn end(&self, octets: usize) -> Option<usize> {
        let most = SIZE + LENGTH_MAX;
        match self.payload_length {
            0 => {
                network::end(octets, None, most).or_else(|| network::end(octets, Some(SIZE), most))
            }
            payload => network::end(octets, Some(SIZE + payload), most),
        }
    }
}

pub(crate) fn read(octets: Octets<'_>, is_from_pod: bool) -> Result<Network, Refusal> {
    let header = Header::read(octets, ethernet::SIZE)?;
    if is_mapped(header.source) || is_mapped(header.destination) {
        return Err(Refusal::Mapped);
    }
    let end = header.end(octets.len()).ok_or(Refusal::Length)?;
    let chain = extension::walk(octets.until(end), header.next, ethernet::SIZE + SIZE)?;
    let part = match chain.fragment {
        Some(fragment) => {
            let size = end.saturating_sub(fragment.start);
            Part::new(fragment.offset, fragment.more, size, fragment.next)?
        }
        None => Part::Whole,
    };
    if is_from_pod && chain.options > OPTIONS_FROM_POD_MAX {
        return Err(Refusal::Options);
    }
    Ok(header.network(&chain, end, part))
}

fn is_mapped(address: Address) -> bool {
    std::net::Ipv6Addr::from(address.0).to_ipv4_mapped().is_some()
}
