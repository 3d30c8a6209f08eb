//! The address space outside of the cluster, cut where a set can tell addresses apart.
//!
//! Regions nest; here they become disjoint ranges, which can be compared and joined.

use std::net::IpAddr;

use ipnet::IpNet;
use model::Family;

/// Consecutive addresses of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressRange {
    /// The family.
    pub family: Family,
    /// The first address as a number.
    pub first: u128,
    /// The last address, included.
    pub last: u128,
}

impl AddressRange {
    /// The addresses of a network.
    #[must_use]
    pub fn of(network: IpNet) -> Self {
        let family = Family::of(network.addr());
        Self { family, first: number(network.network()), last: number(network.broadcast()) }
    }

    fn holds(self, other: Self) -> bool {
        self.family == other.family && self.first <= other.first && other.last <= self.last
    }
}

/// An address as a number of its family.
#[must_use]
pub fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

/// What `regions`, parents before the prefixes inside them, leave of each: disjoint ranges in order.
pub(crate) fn disjoint<T: Copy>(
    regions: impl Iterator<Item = (IpNet, T)>,
) -> Vec<(AddressRange, T)> {
    let mut sweep = Sweep { open: Vec::new(), next: None, cut: Vec::new() };
    for (prefix, value) in regions {
        let range = AddressRange::of(prefix);
        while sweep.open.last().is_some_and(|(open, _)| !open.holds(range)) {
            sweep.close();
        }
        if let (Some(last), Some(_)) = (range.first.checked_sub(1), sweep.open.last()) {
            sweep.emit(last);
        }
        sweep.open.push((range, value));
        sweep.next = Some(range.first);
    }
    while !sweep.open.is_empty() {
        sweep.close();
    }
    sweep.cut
}

struct Sweep<T> {
    open: Vec<(AddressRange, T)>,
    /// The first address that is not in `cut` yet; none after the end of a family.
    next: Option<u128>,
    cut: Vec<(AddressRange, T)>,
}

impl<T: Copy> Sweep<T> {
    /// Gives what is left up to `last` to the innermost open region.
    fn emit(&mut self, last: u128) {
        if let (Some((open, value)), Some(first)) = (self.open.last(), self.next)
            && first <= last
        {
            self.cut.push((AddressRange { first, last, ..*open }, *value));
            self.next = last.checked_add(1);
        }
    }

    fn close(&mut self) {
        if let Some((open, _)) = self.open.last().copied() {
            self.emit(open.last);
            self.open.pop();
        }
    }
}
