//! The frame (IEEE 802.3 section 3): who sent it on this link, and what it carries.
//!
//! Pods have no VLANs and speak IPv4, IPv6 and ARP. Everything else is refused rather than passed,
//! because nothing behind this parser could judge it.

use crate::{Packet, Refusal, arp, ipv4, ipv6, network, octets::Octets, transport};

/// Octets of two link-layer addresses and the ethertype.
pub const SIZE: usize = 14;
const SOURCE: usize = 6;
const TYPE: usize = 12;
const IPV4: u16 = 0x0800;
const ARP: u16 = 0x0806;
const IPV6: u16 = 0x86dd;
const CUSTOMER_TAG: u16 = 0x8100;
const SERVICE_TAG: u16 = 0x88a8;

/// A frame and what the device knows of it.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// From the link-layer destination on.
    pub octets: &'a [u8],
    /// The device took a VLAN tag out of it.
    pub is_tagged: bool,
    /// A pod sent it, so what is limited for pods is limited here.
    pub is_from_pod: bool,
}

impl<'a> Frame<'a> {
    /// An untagged frame.
    #[must_use]
    pub fn new(octets: &'a [u8], is_from_pod: bool) -> Self {
        Self { octets, is_tagged: false, is_from_pod }
    }
}

pub(crate) fn read(frame: &Frame<'_>) -> Result<Packet, Refusal> {
    if frame.is_tagged {
        return Err(Refusal::Tagged);
    }
    let octets = Octets(frame.octets);
    let ethertype = octets.u16(TYPE)?;
    let network = match ethertype {
        ARP => {
            arp::read(octets)?;
            None
        }
        IPV4 => Some(ipv4::read(octets)?),
        IPV6 => Some(ipv6::read(octets, frame.is_from_pod)?),
        CUSTOMER_TAG | SERVICE_TAG => return Err(Refusal::Tagged),
        _ => return Err(Refusal::Ethertype),
    };
    let mut packet = network.map_or(Ok(arp::packet()), |network| above(octets, &network))?;
    packet.source_mac = octets.array(SOURCE)?;
    Ok(packet)
}

/// What both families have in common.
fn above(octets: Octets<'_>, network: &network::Network) -> Result<Packet, Refusal> {
    network.source_is_no_group()?;
    let transport = transport::read(octets.until(network.end), network)?;
    Ok(Packet::of(network, &transport))
}
