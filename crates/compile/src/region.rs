//! Regions: the parts into which all prefixes of a table cut the address space.
//!
//! A region is one prefix without the longer ones inside it, so every block either contains it or
//! misses it, and the longest matching prefix of an address names its region.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use model::World;

use crate::atom::{Atom, Atoms};

/// Every prefix with the block atoms that contain its region.
pub(crate) struct Regions {
    blocks: BTreeMap<IpNet, Vec<u32>>,
    lengths: [BTreeSet<u8>; 2],
}

impl Regions {
    pub(crate) fn of(world: &World, atoms: &Atoms) -> Self {
        let blocks: BTreeMap<IpNet, Vec<u32>> = prefixes(world, atoms)
            .into_iter()
            .map(|prefix| (prefix, containing(atoms, prefix)))
            .collect();
        let lengths = [true, false].map(|v4| {
            let of_family = blocks.keys().filter(|prefix| prefix.addr().is_ipv4() == v4);
            of_family.map(IpNet::prefix_len).collect()
        });
        Self { blocks, lengths }
    }

    /// All regions in the order of their prefixes: a prefix comes before those inside it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (IpNet, &[u32])> {
        self.blocks.iter().map(|(prefix, blocks)| (*prefix, blocks.as_slice()))
    }

    /// The block atoms that contain `address`.
    pub(crate) fn blocks_at(&self, address: IpAddr) -> &[u32] {
        self.longest(address, 128).map_or(&[], |(_, blocks)| blocks)
    }

    /// The longest prefix around `prefix` that is shorter than it.
    pub(crate) fn parent(&self, prefix: IpNet) -> Option<IpNet> {
        let longest = prefix.prefix_len().checked_sub(1)?;
        self.longest(prefix.addr(), longest).map(|(prefix, _)| prefix)
    }

    fn longest(&self, address: IpAddr, length_max: u8) -> Option<(IpNet, &[u32])> {
        let [v4, v6] = &self.lengths;
        let lengths = if address.is_ipv4() { v4 } else { v6 };
        lengths.range(..=length_max).rev().find_map(|length| {
            let prefix = IpNet::new(address, *length).ok()?.trunc();
            self.blocks.get(&prefix).map(|blocks| (prefix, blocks.as_slice()))
        })
    }
}

/// Both whole families, the pod networks, and every network and exception of every block.
fn prefixes(world: &World, atoms: &Atoms) -> BTreeSet<IpNet> {
    let whole =
        [[0; 4].into(), [0_u16; 8].into()].map(|address: IpAddr| IpNet::new_assert(address, 0));
    let pods = world.pod_networks().iter().map(IpNet::trunc);
    let blocks = atoms
        .peers
        .iter()
        .filter_map(block)
        .flat_map(|block| std::iter::once(block.cidr()).chain(block.except().iter().copied()));
    whole.into_iter().chain(pods).chain(blocks).collect()
}

fn containing(atoms: &Atoms, prefix: IpNet) -> Vec<u32> {
    let contains = |atom: &Atom| {
        block(atom).is_some_and(|block| {
            block.cidr().contains(&prefix)
                && !block.except().iter().any(|except| except.contains(&prefix))
        })
    };
    (0..).zip(&atoms.peers).filter(|(_, atom)| contains(atom)).map(|(id, _)| id).collect()
}

fn block(atom: &Atom) -> Option<&model::Block> {
    match atom {
        Atom::Block(block) => Some(block),
        Atom::Pods { .. } | Atom::Nodes(_) | Atom::NamedPort { .. } => None,
    }
}
