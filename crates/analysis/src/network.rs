//! Sets of addresses as the fewest networks that say the same.
//!
//! Tables cut the address space where rules tell addresses apart; people read CIDRs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use compile::AddressRange;
use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};
use model::Family;

/// Sorts and joins ranges that touch.
pub(crate) fn joined(mut ranges: Vec<AddressRange>) -> Vec<AddressRange> {
    ranges.sort_unstable();
    let mut all: Vec<AddressRange> = Vec::with_capacity(ranges.len());
    for range in ranges {
        let touches = |last: &&mut AddressRange| {
            last.family == range.family && range.first <= last.last.saturating_add(1)
        };
        match all.last_mut().filter(touches) {
            Some(last) => last.last = last.last.max(range.last),
            None => all.push(range),
        }
    }
    all
}

/// What is in both.
pub(crate) fn common(one: &[AddressRange], other: &[AddressRange]) -> Vec<AddressRange> {
    let both = |a: &AddressRange, b: &AddressRange| {
        let range = AddressRange { first: a.first.max(b.first), last: a.last.min(b.last), ..*a };
        (a.family == b.family && range.first <= range.last).then_some(range)
    };
    let all = one.iter().flat_map(|a| other.iter().filter_map(move |b| both(a, b)));
    joined(all.collect())
}

/// The fewest networks that cover exactly `ranges`, in order.
#[must_use]
pub fn networks(ranges: &[AddressRange]) -> Vec<IpNet> {
    ranges.iter().flat_map(|range| of_range(*range)).collect()
}

fn of_range(range: AddressRange) -> Vec<IpNet> {
    match (address(range.family, range.first), address(range.family, range.last)) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            Ipv4Subnets::new(first, last, 0).map(IpNet::from).collect()
        }
        (IpAddr::V6(first), IpAddr::V6(last)) => {
            Ipv6Subnets::new(first, last, 0).map(IpNet::from).collect()
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => Vec::new(),
    }
}

/// The number of an address that stands for the internet: public, and used for nothing inside.
pub(crate) fn internet(family: Family) -> u128 {
    match family {
        Family::V4 => u128::from(u32::from(Ipv4Addr::new(1, 1, 1, 1))),
        Family::V6 => u128::from(Ipv6Addr::new(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111)),
    }
}

/// The address of `family` with this number.
#[must_use]
pub fn address(family: Family, number: u128) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)).into(),
        Family::V6 => Ipv6Addr::from(number).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(network: &str) -> AddressRange {
        AddressRange::of(network.parse().unwrap_or_else(|error| unreachable!("{error}")))
    }

    #[test]
    fn halves_become_the_whole_and_a_hole_becomes_few_networks() {
        let halves = joined(vec![range("128.0.0.0/1"), range("0.0.0.0/1")]);
        assert_eq!(networks(&halves), ["0.0.0.0/0".parse().unwrap_or_default()]);
        let around = joined(vec![range("10.0.0.0/25"), range("10.0.0.192/26")]);
        let words: Vec<String> = networks(&around).iter().map(ToString::to_string).collect();
        assert_eq!(words, ["10.0.0.0/25", "10.0.0.192/26"]);
    }

    #[test]
    fn the_last_address_of_a_family_does_not_wrap() {
        let all = joined(vec![range("::/0"), range("ffff::/16"), range("0.0.0.0/0")]);
        assert_eq!(networks(&all).len(), 2);
    }
}
