//! IPv6 extension headers (RFC 8200 section 4), walked to the transport header.
//!
//! A chain may be as long as a packet, and whoever walks it pays; so there is a bound, beyond which
//! nobody honest goes. A later fragment ends the walk: what it carries is no header.

use crate::{Refusal, octets::Octets, protocol};

/// How many extension headers are walked.
pub const HEADERS_MAX: usize = 8;
/// How many octets of hop-by-hop and destination options a pod may send: enough for what is in
/// use, too few to make the node take packets apart on its slow path.
pub const OPTIONS_FROM_POD_MAX: usize = 64;
/// Of an authentication header before its integrity check value (RFC 4302 section 2).
const AUTHENTICATION_MIN: usize = 12;
const FRAGMENT_SIZE: usize = 8;

/// Where a walk ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain {
    /// Of what is at `offset`.
    pub(crate) protocol: u8,
    pub(crate) offset: usize,
    /// Octets of hop-by-hop and destination options.
    pub(crate) options: usize,
    pub(crate) fragment: Option<Fragment>,
}

/// A fragment header (RFC 8200 section 4.5).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fragment {
    pub(crate) next: u8,
    /// In octets.
    pub(crate) offset: u16,
    pub(crate) more: bool,
    pub(crate) id: u32,
    /// Where in the packet the fragment's own octets begin.
    pub(crate) start: usize,
}

/// Walks from the header of `protocol` at `start`.
pub(crate) fn walk(octets: Octets<'_>, protocol: u8, start: usize) -> Result<Chain, Refusal> {
    let mut chain = Chain { protocol, offset: start, options: 0, fragment: None };
    for walked in 0.. {
        if !is_extension(chain.protocol) || chain.is_later() {
            break;
        }
        if walked == HEADERS_MAX {
            return Err(Refusal::Chain);
        }
        chain.step(octets, walked == 0)?;
    }
    Ok(chain)
}

fn is_extension(protocol: u8) -> bool {
    matches!(
        protocol,
        protocol::HOP_BY_HOP
            | protocol::ROUTING
            | protocol::FRAGMENT
            | protocol::AUTHENTICATION
            | protocol::DESTINATION_OPTIONS
    )
}

impl Chain {
    fn is_later(&self) -> bool {
        self.fragment.is_some_and(|fragment| fragment.offset != 0)
    }

    /// Goes over one header, all of which must be there.
    fn step(&mut self, octets: Octets<'_>, is_first: bool) -> Result<(), Refusal> {
        let kind = self.protocol;
        let [next, length] = octets.array(self.offset)?;
        let size = self.size(octets, length, is_first)?;
        if self.offset + size > octets.len() {
            return Err(Refusal::Short);
        }
        if kind == protocol::HOP_BY_HOP || kind == protocol::DESTINATION_OPTIONS {
            self.options += size;
        }
        if kind == protocol::FRAGMENT {
            self.fragment = Some(fragment(octets, self.offset)?);
        }
        self.offset += size;
        self.protocol = next;
        Ok(())
    }

    /// The size of the header, which must be allowed here.
    fn size(&self, octets: Octets<'_>, length: u8, is_first: bool) -> Result<usize, Refusal> {
        let length = usize::from(length);
        match self.protocol {
            protocol::HOP_BY_HOP if !is_first => Err(Refusal::HopByHop),
            // Section 4.4: with segments left, the destination is not where the packet ends.
            protocol::ROUTING if octets.u8(self.offset + 3)? != 0 => Err(Refusal::Routing),
            protocol::FRAGMENT if self.fragment.is_some() => Err(Refusal::Fragmented),
            protocol::FRAGMENT => Ok(FRAGMENT_SIZE),
            // In words of four octets, less two.
            protocol::AUTHENTICATION if (length + 2) * 4 < AUTHENTICATION_MIN => {
                Err(Refusal::Authentication)
            }
            protocol::AUTHENTICATION => Ok((length + 2) * 4),
            // In words of eight octets, less one.
            _ => Ok((length + 1) * 8),
        }
    }
}

fn fragment(octets: Octets<'_>, at: usize) -> Result<Fragment, Refusal> {
    let field = octets.u16(at + 2)?;
    Ok(Fragment {
        next: octets.u8(at)?,
        offset: field & !7,
        more: field & 1 != 0,
        id: octets.u32(at + 4)?,
        start: at + FRAGMENT_SIZE,
    })
}
