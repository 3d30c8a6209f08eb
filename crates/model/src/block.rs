//! CIDR blocks with exceptions, and sets of addresses as ranges.
//!
//! A pod whose address is not known yet can only be compared with whole networks (ruling N10), so
//! blocks must be able to say whether their union covers a network, touches it or misses it.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::Family;

/// A network minus exceptions, each a longer prefix inside it. Source: `ipBlock`, ruling N11.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Block {
    cidr: IpNet,
    except: Vec<IpNet>,
}

/// An exception that is not a strict part of its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockError {
    /// The block.
    pub cidr: IpNet,
    /// The exception that lies outside of it, equals it or has the other family.
    pub except: IpNet,
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "except {} is not a strict part of {}", self.except, self.cidr)
    }
}

impl std::error::Error for BlockError {}

impl Block {
    /// `cidr` minus every network of `except`; host bits are masked (ruling N12).
    ///
    /// # Errors
    /// Where an exception is not a strict part of `cidr`.
    pub fn new(cidr: IpNet, except: impl IntoIterator<Item = IpNet>) -> Result<Self, BlockError> {
        let cidr = cidr.trunc();
        let mut except: Vec<IpNet> = except.into_iter().map(|network| network.trunc()).collect();
        except.sort_unstable();
        except.dedup();
        match except.iter().find(|except| !is_strict_part(**except, cidr)) {
            Some(&except) => Err(BlockError { cidr, except }),
            None => Ok(Self { cidr, except }),
        }
    }

    /// A block without exceptions.
    #[must_use]
    pub fn whole(cidr: IpNet) -> Self {
        Self { cidr: cidr.trunc(), except: Vec::new() }
    }

    /// The network.
    #[must_use]
    pub fn cidr(&self) -> IpNet {
        self.cidr
    }

    /// The exceptions, sorted, each once.
    #[must_use]
    pub fn except(&self) -> &[IpNet] {
        &self.except
    }

    /// Whether `address` is in the network and in no exception.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.cidr.contains(&address) && !self.except.iter().any(|except| except.contains(&address))
    }

    /// The addresses of this block.
    #[must_use]
    pub fn addresses(&self) -> AddressSet {
        self.except.iter().fold(AddressSet::of(self.cidr), |set, except| set.minus(*except))
    }
}

fn is_strict_part(part: IpNet, whole: IpNet) -> bool {
    whole.contains(&part) && part.prefix_len() > whole.prefix_len()
}

/// How a set of addresses relates to a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Every address of the network is in the set.
    Whole,
    /// Some are, some are not.
    Part,
    /// None is.
    None,
}

/// A set of addresses of both families, as sorted, disjoint, non-adjacent inclusive ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressSet {
    ranges: Vec<Range>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Range {
    family: Family,
    first: u128,
    last: u128,
}

impl Range {
    fn of(network: IpNet) -> Self {
        let family = Family::of(network.network());
        Self { family, first: number(network.network()), last: number(network.broadcast()) }
    }

    fn meets(self, other: Self) -> bool {
        self.family == other.family && self.first <= other.last && other.first <= self.last
    }

    fn touches(self, other: Self) -> bool {
        self.family == other.family && other.first <= self.last.saturating_add(1)
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

impl AddressSet {
    /// The addresses of one network.
    #[must_use]
    pub fn of(network: IpNet) -> Self {
        Self { ranges: vec![Range::of(network)] }
    }

    /// The addresses of both sets.
    #[must_use]
    pub fn union(mut self, other: Self) -> Self {
        self.ranges.extend(other.ranges);
        self.ranges.sort_unstable();
        let mut merged: Vec<Range> = Vec::with_capacity(self.ranges.len());
        for range in self.ranges {
            match merged.last_mut().filter(|last| last.touches(range)) {
                Some(last) => last.last = last.last.max(range.last),
                None => merged.push(range),
            }
        }
        Self { ranges: merged }
    }

    /// The addresses of this set outside of `network`.
    #[must_use]
    pub fn minus(self, network: IpNet) -> Self {
        let hole = Range::of(network);
        Self { ranges: self.ranges.into_iter().flat_map(|range| cut(range, hole)).collect() }
    }

    /// How this set relates to `network`.
    #[must_use]
    pub fn covers(&self, network: IpNet) -> Coverage {
        let network = Range::of(network);
        let holds = |range: &&Range| range.first <= network.first && network.last <= range.last;
        match self.ranges.iter().find(|range| range.meets(network)) {
            Some(range) if holds(&range) => Coverage::Whole,
            Some(_) => Coverage::Part,
            None => Coverage::None,
        }
    }
}

fn cut(range: Range, hole: Range) -> Vec<Range> {
    if !range.meets(hole) {
        return vec![range];
    }
    let below = (range.first < hole.first).then(|| Range { last: hole.first - 1, ..range });
    let above = (range.last > hole.last).then(|| Range { first: hole.last + 1, ..range });
    below.into_iter().chain(above).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> IpNet {
        text.parse().unwrap_or_else(|error| unreachable!("{text}: {error}"))
    }

    #[test]
    fn an_exception_must_be_a_longer_prefix_of_the_same_family() {
        assert!(Block::new(net("10.0.0.0/8"), [net("10.1.0.0/16")]).is_ok());
        for outside in ["10.0.0.0/8", "11.0.0.0/16", "0.0.0.0/0", "fd00::/16"] {
            assert!(Block::new(net("10.0.0.0/8"), [net(outside)]).is_err(), "{outside}");
        }
    }

    #[test]
    fn the_union_of_two_halves_covers_the_whole() {
        let halves = AddressSet::of(net("0.0.0.0/1")).union(AddressSet::of(net("128.0.0.0/1")));
        assert_eq!(halves.covers(net("0.0.0.0/0")), Coverage::Whole);
        assert_eq!(halves.covers(net("::/0")), Coverage::None);
    }

    #[test]
    fn an_exception_leaves_the_rest() {
        let block = Block::new(net("0.0.0.0/0"), [net("10.0.0.0/8")]);
        let addresses = block.map(|block| block.addresses()).unwrap_or_default();
        assert_eq!(addresses.covers(net("10.1.0.0/16")), Coverage::None);
        assert_eq!(addresses.covers(net("11.1.0.0/16")), Coverage::Whole);
        assert_eq!(addresses.covers(net("10.0.0.0/7")), Coverage::Part);
    }

    #[test]
    fn ranges_at_the_end_of_a_family_do_not_wrap() {
        let all = AddressSet::of(net("::/0"));
        assert_eq!(all.clone().minus(net("::/0")), AddressSet::default());
        assert_eq!(all.clone().union(all.clone()), all);
    }
}
