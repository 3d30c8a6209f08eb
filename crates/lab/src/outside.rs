//! Which addresses outside of the cluster are worth probing.
//!
//! A policy's blocks are interesting at their edges: the first and the last address inside and one
//! just outside, of every block and of every exception.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use model::{End, Family, Peer, Peers, Rules, World};

/// The most addresses of one family that are made because of blocks.
pub const OUTSIDE_MAX: usize = 16;

/// The edges of all blocks in `rules` that are no pod's, node's or Service's address, at most
/// [`OUTSIDE_MAX`] of each family. Where the rules name no block, one ordinary address of each.
#[must_use]
pub fn interesting(world: &World, rules: &Rules) -> Vec<IpAddr> {
    let networks: BTreeSet<IpNet> = rules.iter().flat_map(networks).collect();
    let mut found: Vec<IpAddr> = Vec::new();
    for family in [Family::V4, Family::V6] {
        let of_family = networks.iter().copied().filter(|one| Family::of(one.addr()) == family);
        let edges = of_family.flat_map(edges).chain([ordinary(family)]);
        let mut seen = BTreeSet::new();
        let fit = edges.filter(|address| is_outside(world, *address) && seen.insert(*address));
        found.extend(fit.take(OUTSIDE_MAX));
    }
    found
}

/// Whether `address` can be a host outside: unicast, and nobody's in the cluster.
#[must_use]
pub fn is_outside(world: &World, address: IpAddr) -> bool {
    let service = world.services().iter().any(|service| service.addresses.contains(&address));
    let external = matches!(world.end_at(address), End::External { .. });
    external && !service && is_ordinary(address)
}

fn networks(rule: &model::Rule) -> Vec<IpNet> {
    let block = |block: &model::Block| {
        std::iter::once(block.cidr()).chain(block.except().iter().copied()).collect::<Vec<_>>()
    };
    match &rule.peers {
        Peers::Any => Vec::new(),
        Peers::OneOf(peers) => peers
            .iter()
            .flat_map(|peer| match peer {
                Peer::Block(peer) => block(peer),
                Peer::Pods { .. } | Peer::Nodes(_) | Peer::Domain(_) => Vec::new(),
            })
            .collect(),
    }
}

fn edges(network: IpNet) -> Vec<IpAddr> {
    let (first, last) = (network.network(), network.broadcast());
    let inner = [step(first, 1), step(last, -1)].into_iter().flatten();
    let inner = inner.filter(|address| network.contains(address));
    let outer = [step(last, 1), step(first, -1)].into_iter().flatten().take(1);
    [first, last].into_iter().chain(inner).chain(outer).collect()
}

fn step(address: IpAddr, by: i8) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => {
            u32::from(address).checked_add_signed(by.into()).map(|next| Ipv4Addr::from(next).into())
        }
        IpAddr::V6(address) => {
            let next = u128::from(address).checked_add_signed(by.into());
            next.map(|next| Ipv6Addr::from(next).into())
        }
    }
}

fn ordinary(family: Family) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::new(203, 0, 113, 7).into(),
        Family::V6 => Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 7).into(),
    }
}

/// No address that a host's own network stack treats in its own way.
pub(crate) fn is_ordinary(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, ..] = address.octets();
            (1..224).contains(&first) && !address.is_loopback() && !address.is_link_local()
        }
        IpAddr::V6(address) => {
            let [first, ..] = address.segments();
            let unicast = (0x2000..0xfe00).contains(&first);
            unicast && address.to_ipv4_mapped().is_none()
        }
    }
}
