//! Where rules tell ports and addresses apart: one of each stands for all that are alike.
//!
//! The oracle answers one flow at a time; between two edges all flows get the same answer.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use analysis::{TrafficSet, address};
use compile::{AddressRange, number};
use ipnet::IpNet;
use model::{Family, Peer, Peers, PortMatch, PortRange, Ports, Protocol, Rules, Traffic, World};

/// An address of the internet that is used for nothing inside: what stands for it where something
/// must be allowed, and the best example of many.
pub(crate) fn public(family: Family) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::new(1, 1, 1, 1).into(),
        Family::V6 => Ipv6Addr::new(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111).into(),
    }
}

/// The first of each piece of ports and addresses.
#[derive(Debug, Default)]
pub(crate) struct Edges {
    ports: BTreeMap<Protocol, BTreeSet<u16>>,
    addresses: BTreeMap<Family, BTreeSet<u128>>,
    /// The addresses that pods, nodes and Services have.
    owned: BTreeSet<IpAddr>,
    /// The networks of blocks.
    blocks: BTreeSet<IpNet>,
}

impl Edges {
    pub(crate) fn of(world: &World, rules: &Rules) -> Self {
        let mut edges = Self::default();
        for rule in rules {
            if let Ports::OneOf(ports) = &rule.ports {
                ports.iter().for_each(|port| edges.add_port(port, world));
            }
            if let Peers::OneOf(peers) = &rule.peers {
                peers.iter().for_each(|peer| edges.add_peer(peer));
            }
        }
        let pods = world.pods().flat_map(|(_, pod)| &pod.addresses);
        let nodes = world.nodes().flat_map(|(_, node)| &node.addresses);
        // What a Service's address leads to is asked by its name (ruling N13).
        let services = world.services().iter().flat_map(|service| &service.addresses);
        edges.owned = pods.chain(nodes).chain(services).copied().collect();
        let single: Vec<IpAddr> = edges.owned.iter().copied().collect();
        single.into_iter().for_each(|address| edges.add_network(address.into()));
        world.pod_networks().iter().for_each(|network| edges.add_network(*network));
        edges
    }

    fn add_port(&mut self, port: &PortMatch, world: &World) {
        match port {
            PortMatch::Numbers { protocol, range } => self.add_range(*protocol, *range),
            PortMatch::Named { name, .. } => {
                let ports = world.pods().flat_map(|(_, pod)| &pod.ports);
                for port in ports.filter(|port| port.name.as_deref() == Some(name)) {
                    self.add_range(port.protocol, PortRange::single(port.number));
                }
            }
        }
    }

    fn add_range(&mut self, protocol: Protocol, range: PortRange) {
        let edges = self.ports.entry(protocol).or_default();
        edges.insert(range.first());
        edges.extend(range.last().checked_add(1));
    }

    fn add_peer(&mut self, peer: &Peer) {
        match peer {
            Peer::Block(block) => {
                let networks = std::iter::once(block.cidr()).chain(block.except().iter().copied());
                for network in networks {
                    self.blocks.insert(network);
                    self.add_network(network);
                }
            }
            Peer::Pods { .. } | Peer::Nodes(_) | Peer::Domain(_) => {}
        }
    }

    fn add_network(&mut self, network: IpNet) {
        let range = AddressRange::of(network);
        let edges = self.addresses.entry(range.family).or_default();
        edges.insert(range.first);
        edges.extend(range.last.checked_add(1));
    }

    /// One of each kind of traffic in `set` that rules tell apart, ports that somebody named first.
    pub(crate) fn traffic(&self, set: &TrafficSet, family: Family) -> Vec<Traffic> {
        let none = BTreeSet::new();
        let mut all = Vec::new();
        for (protocol, range) in set.ports() {
            let edges = self.ports.get(protocol).unwrap_or(&none);
            let inside = edges.range(range.first()..=range.last());
            let first = Some(range.first()).filter(|first| !edges.contains(first));
            // Nobody can listen on port 0, so its neighbour is the better example.
            let is_zero = first == Some(0) && range.last() > 0 && !edges.contains(&1);
            let ports = inside.copied().chain(if is_zero { Some(1) } else { first });
            all.extend(ports.map(|port| Traffic::Port(*protocol, port)));
        }
        all.extend(set.has_other().then(|| Traffic::icmp(family)));
        all
    }

    /// One of each kind of address in `range` that rules and the world tell apart.
    pub(crate) fn addresses(&self, range: AddressRange) -> Vec<IpAddr> {
        let none = BTreeSet::new();
        let edges = self.addresses.get(&range.family).unwrap_or(&none);
        let inside = edges.range(range.first..=range.last).copied();
        let mut firsts: BTreeSet<u128> = inside.collect();
        firsts.insert(range.first);
        let ends = firsts.iter().skip(1).map(|next| next - 1).chain([range.last]);
        let public = number(public(range.family));
        let one = |(first, last): (&u128, u128)| {
            let is_inside = (*first..=last).contains(&public);
            address(range.family, if is_inside { public } else { *first })
        };
        firsts.iter().zip(ends).map(one).collect()
    }

    /// Whether a pod, a node or a Service has it.
    pub(crate) fn is_owned(&self, address: IpAddr) -> bool {
        self.owned.contains(&address)
    }

    /// The addresses that pods, nodes and Services have.
    pub(crate) fn owned(&self) -> Vec<AddressRange> {
        self.owned.iter().map(|address| AddressRange::of((*address).into())).collect()
    }

    /// Addresses that a pod may get and that blocks tell apart from others it may get; none where
    /// the blocks treat all of the pod networks alike.
    pub(crate) fn future_addresses(&self, world: &World, family: Family) -> Vec<IpAddr> {
        let networks = world.pod_networks().iter().map(|network| AddressRange::of(*network));
        let networks: Vec<AddressRange> =
            networks.filter(|network| network.family == family).collect();
        let is_cut = |block: &IpNet| {
            let block = AddressRange::of(*block);
            block.family == family
                && networks.iter().any(|network| {
                    let (first, last) = (network.first, network.last);
                    let overlaps = block.first <= last && first <= block.last;
                    overlaps && !(block.first <= first && last <= block.last)
                })
        };
        if !self.blocks.iter().any(is_cut) {
            return Vec::new();
        }
        let all = networks.iter().flat_map(|network| self.addresses(*network));
        all.filter(|address| !self.is_owned(*address)).collect()
    }
}
