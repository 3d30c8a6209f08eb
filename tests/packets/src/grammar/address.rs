//! Addresses: mostly those of pods, and one of each kind that means something.
//!
//! A parser treats few addresses in a way of their own, and those must come up.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::dice::Dice;

const IPV4: [Ipv4Addr; 6] = [
    Ipv4Addr::UNSPECIFIED,
    Ipv4Addr::BROADCAST,
    Ipv4Addr::new(224, 0, 0, 1),
    Ipv4Addr::new(239, 255, 255, 250),
    Ipv4Addr::LOCALHOST,
    Ipv4Addr::new(223, 255, 255, 255),
];

const IPV6: [Ipv6Addr; 6] = [
    Ipv6Addr::UNSPECIFIED,
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1),
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1),
    // IPv4 in the forms that are refused and that are not.
    Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0x0a00, 1),
    Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0x0a00, 1),
    Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0x0a00, 1),
];

/// Source and destination of one family.
pub(super) fn pair(dice: &mut Dice, is_ipv6: bool) -> (IpAddr, IpAddr) {
    (address(dice, is_ipv6, 30), address(dice, is_ipv6, 8))
}

/// One address in `rare` is a special one.
fn address(dice: &mut Dice, is_ipv6: bool, rare: usize) -> IpAddr {
    match (is_ipv6, dice.one_in(rare)) {
        (false, false) => Ipv4Addr::new(10, 0, 0, dice.octet()).into(),
        (true, false) => Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, dice.word()).into(),
        (false, true) => dice.pick(&IPV4).into(),
        (true, true) => dice.pick(&IPV6).into(),
    }
}
