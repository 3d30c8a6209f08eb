//! Addresses of both families in one key.
//!
//! One key form means one hash table for both, and no second path for IPv6 to fall behind on.

use std::net::IpAddr;

/// 16 bytes in network order; IPv4 as the mapped address `::ffff:a.b.c.d`.
///
/// A packet that carries such an address in an IPv6 header is refused as unparsable, so the two
/// families cannot be confused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct Address(pub [u8; 16]);

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self(address.to_ipv6_mapped().octets()),
            IpAddr::V6(address) => Self(address.octets()),
        }
    }
}

impl From<Address> for IpAddr {
    fn from(address: Address) -> Self {
        Self::V6(address.0.into()).to_canonical()
    }
}

/// Key of the longest-prefix table; an IPv4 prefix is 96 bits longer than written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct PrefixKey {
    /// Bits of `address` that count.
    pub length: u32,
    /// The network's address.
    pub address: Address,
}

impl PrefixKey {
    /// The key of `network`/`length`, the length as written for the address's own family.
    #[must_use]
    pub fn new(network: IpAddr, length: u8) -> Self {
        let offset = if network.is_ipv4() { 96 } else { 0 };
        Self { length: offset + u32::from(length), address: network.into() }
    }
}
