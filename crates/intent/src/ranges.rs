//! Sets of addresses, as ranges that are cut where something about them differs.
//!
//! Words name networks and tables cut the address space; tests ask what is in both, and what is left.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use compile::AddressRange;
use ipnet::IpNet;

/// All addresses of both families.
pub(crate) fn everything() -> Vec<AddressRange> {
    let whole = |address: IpAddr| AddressRange::of(IpNet::new_assert(address, 0));
    vec![whole(Ipv4Addr::UNSPECIFIED.into()), whole(Ipv6Addr::UNSPECIFIED.into())]
}

/// What is in `one` and in some of `others`.
pub(crate) fn common(one: AddressRange, others: &[AddressRange]) -> Vec<AddressRange> {
    let both = |other: &AddressRange| {
        let range = AddressRange {
            first: one.first.max(other.first),
            last: one.last.min(other.last),
            ..one
        };
        (one.family == other.family && range.first <= range.last).then_some(range)
    };
    others.iter().filter_map(both).collect()
}

/// What is in `one` and in none of `others`.
pub(crate) fn minus(one: AddressRange, others: &[AddressRange]) -> Vec<AddressRange> {
    others.iter().fold(vec![one], |left, hole| {
        left.into_iter().flat_map(|range| without(range, *hole)).collect()
    })
}

fn without(range: AddressRange, hole: AddressRange) -> Vec<AddressRange> {
    let misses = hole.last < range.first || hole.first > range.last;
    if range.family != hole.family || misses {
        return vec![range];
    }
    let below = hole.first.checked_sub(1).map(|last| AddressRange { last, ..range });
    let above = hole.last.checked_add(1).map(|first| AddressRange { first, ..range });
    let parts = [below, above].into_iter().flatten();
    parts
        .filter(|part| {
            part.first <= part.last && part.first >= range.first && part.last <= range.last
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use analysis::address;
    use model::Family;

    use super::*;

    fn range(network: &str) -> AddressRange {
        AddressRange::of(network.parse().unwrap_or_else(|error| unreachable!("{error}")))
    }

    #[test]
    fn a_hole_leaves_what_is_around_it() {
        let whole = range("10.0.0.0/8");
        let left = minus(whole, &[range("10.1.0.0/16"), range("fd00::/8")]);
        let [below, above] = left.as_slice() else { unreachable!("{left:?}") };
        assert_eq!(address(Family::V4, below.last).to_string(), "10.0.255.255");
        assert_eq!(address(Family::V4, above.first).to_string(), "10.2.0.0");
        assert!(minus(range("10.1.0.0/16"), &[whole]).is_empty());
        assert_eq!(common(whole, &[range("10.1.0.0/16")]), [range("10.1.0.0/16")]);
        assert_eq!(common(whole, &[range("11.0.0.0/8")]), []);
    }

    #[test]
    fn the_ends_of_a_family_do_not_wrap() {
        for all in everything() {
            assert!(minus(all, &everything()).is_empty());
        }
    }
}
