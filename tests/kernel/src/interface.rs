//! The interface of a pod that has none: a record that leads to its slot.
//!
//! A test run names an interface by a number, and no device stands behind it; so its addresses are
//! made up here, the same for whoever sends and for what the programs are told.

use abi::{Interface, interface_flags};
use model::{Family, PodId, World};

/// A link-layer address of the bench's own.
pub(crate) fn mac(slot: u32) -> [u8; 6] {
    let [_, _, high, low] = slot.to_be_bytes();
    [2, 0, 0, 1, high, low]
}

/// Where a pod's packets come from and go to, as if an agent had attached it.
pub(crate) fn interface(world: &World, pod: PodId, slot: u32) -> Interface {
    let address = |family| world.pod(pod).address(family);
    let flag = |family, flag| if address(family).is_some() { flag } else { 0 };
    Interface {
        endpoint: slot,
        flags: flag(Family::V4, interface_flags::IPV4) | flag(Family::V6, interface_flags::IPV6),
        ipv4: address(Family::V4).map(Into::into).unwrap_or_default(),
        ipv6: address(Family::V6).map(Into::into).unwrap_or_default(),
        mac: mac(slot),
        pad: [0; 2],
        adopted_until_ns: 0,
    }
}
