//! Gives addresses and nodes to what has none, so that a world of files can become real.
//!
//! The same input always gets the same addresses: positions decide, nothing is drawn.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::{Family, Labels, Node, WorldParts};

/// The networks to take addresses from. Every node gets its own part of the pod networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressPlan {
    /// How many nodes to make where the files name none; at least one is made.
    pub nodes: u16,
}

impl AddressPlan {
    /// Addresses of one node's pods: 1,022 of IPv4.
    const NODE_POD_BITS: u32 = 10;

    /// All pod addresses: 64 nodes' parts in each family.
    #[must_use]
    pub fn pod_networks() -> [IpNet; 2] {
        [v4([10, 244, 0, 0], 16), v6([0xfd00, 0x10, 0x244, 0, 0, 0, 0, 0], 56)]
    }

    /// The part of node `index` (from 0) in each family; its first address is the node's bridge.
    #[must_use]
    pub fn node_pod_networks(index: u16) -> [IpNet; 2] {
        let [_, third] = (index << (Self::NODE_POD_BITS - 8)).to_be_bytes();
        [v4([10, 244, third, 0], 22), v6([0xfd00, 0x10, 0x244, index, 0, 0, 0, 0], 64)]
    }

    /// The wire between nodes.
    #[must_use]
    pub fn node_networks() -> [IpNet; 2] {
        [v4([172, 30, 0, 0], 16), v6([0xfd00, 0x172, 0x30, 0, 0, 0, 0, 0], 64)]
    }

    /// Service addresses.
    #[must_use]
    pub fn service_networks() -> [IpNet; 2] {
        [v4([10, 96, 0, 0], 16), v6([0xfd00, 0x10, 0x96, 0, 0, 0, 0, 0], 112)]
    }
}

/// Why an address cannot be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignError {
    /// There are more than 64 nodes.
    TooManyNodes,
    /// A network has no address left.
    Exhausted(
        /// The network.
        IpNet,
    ),
}

impl fmt::Display for AssignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyNodes => f.write_str("more than 64 nodes"),
            Self::Exhausted(network) => write!(f, "no address left in {network}"),
        }
    }
}

impl std::error::Error for AssignError {}

impl WorldParts {
    /// Gives every node, pod and Service what it lacks. What has an address of any family keeps
    /// just that.
    ///
    /// # Errors
    /// Where there are too many nodes or a network is full.
    pub fn assign(&mut self, plan: AddressPlan) -> Result<(), AssignError> {
        self.add_nodes(plan);
        if self.nodes.len() > 64 {
            return Err(AssignError::TooManyNodes);
        }
        let mut taken = self.taken();
        self.address_nodes(&mut taken)?;
        self.place_pods();
        self.address_pods(&mut taken)?;
        self.address_services(&mut taken)?;
        if self.pod_networks.is_empty() {
            self.pod_networks = AddressPlan::pod_networks().to_vec();
        }
        Ok(())
    }

    fn add_nodes(&mut self, plan: AddressPlan) {
        let named: BTreeSet<String> = self.nodes.iter().map(|node| node.name.clone()).collect();
        let used: BTreeSet<String> = self.pods.iter().filter_map(|pod| pod.node.clone()).collect();
        let mut names: Vec<String> = used.difference(&named).cloned().collect();
        if self.nodes.is_empty() {
            let known = names.len();
            let numbered = (1..).map(|number| format!("node{number}"));
            let free = numbered.filter(|name| !used.contains(name));
            names.extend(free.take(usize::from(plan.nodes.max(1)).saturating_sub(known)));
        }
        self.nodes.extend(names.into_iter().map(|name| Node {
            labels: Labels::default().with("kubernetes.io/hostname", name.clone()),
            name,
            addresses: Vec::new(),
        }));
    }

    fn taken(&self) -> BTreeSet<IpAddr> {
        let nodes = self.nodes.iter().flat_map(|node| &node.addresses);
        let pods = self.pods.iter().flat_map(|pod| &pod.addresses);
        let services = self.services.iter().flat_map(|service| &service.addresses);
        nodes.chain(pods).chain(services).copied().collect()
    }

    fn address_nodes(&mut self, taken: &mut BTreeSet<IpAddr>) -> Result<(), AssignError> {
        for node in self.nodes.iter_mut().filter(|node| node.addresses.is_empty()) {
            node.addresses = next_of_both(AddressPlan::node_networks(), taken)?;
        }
        Ok(())
    }

    fn place_pods(&mut self) {
        let nodes: Vec<String> = self.nodes.iter().map(|node| node.name.clone()).collect();
        let unplaced = self.pods.iter_mut().filter(|pod| pod.node.is_none());
        for (pod, node) in unplaced.zip(nodes.iter().cycle()) {
            pod.node = Some(node.clone());
        }
    }

    fn address_pods(&mut self, taken: &mut BTreeSet<IpAddr>) -> Result<(), AssignError> {
        for pod in self.pods.iter_mut().filter(|pod| pod.addresses.is_empty()) {
            let at = self.nodes.iter().position(|node| Some(&node.name) == pod.node.as_ref());
            let at = at.unwrap_or_default();
            pod.addresses = match self.nodes.get(at).filter(|_| pod.host_network) {
                Some(node) => first_of_each_family(&node.addresses),
                None => {
                    let index = u16::try_from(at).unwrap_or(u16::MAX);
                    next_of_both(AddressPlan::node_pod_networks(index), taken)?
                }
            };
        }
        Ok(())
    }

    fn address_services(&mut self, taken: &mut BTreeSet<IpAddr>) -> Result<(), AssignError> {
        let lacking = self
            .services
            .iter_mut()
            .filter(|service| !service.headless && service.addresses.is_empty());
        for service in lacking {
            service.addresses = next_of_both(AddressPlan::service_networks(), taken)?;
        }
        Ok(())
    }
}

fn v4([a, b, c, d]: [u8; 4], length: u8) -> IpNet {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length).into()
}

fn v6(parts: [u16; 8], length: u8) -> IpNet {
    let [a, b, c, d, e, f, g, h] = parts;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), length).into()
}

fn first_of_each_family(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let of = |family| addresses.iter().copied().find(|address| Family::of(*address) == family);
    [of(Family::V4), of(Family::V6)].into_iter().flatten().collect()
}

fn next_of_both(
    networks: [IpNet; 2],
    taken: &mut BTreeSet<IpAddr>,
) -> Result<Vec<IpAddr>, AssignError> {
    networks.into_iter().map(|network| next(network, taken)).collect()
}

/// The first free address after the network's first, which is the node's bridge.
fn next(network: IpNet, taken: &mut BTreeSet<IpAddr>) -> Result<IpAddr, AssignError> {
    let free = network.hosts().skip(2).find(|address| !taken.contains(address));
    let address = free.ok_or(AssignError::Exhausted(network))?;
    taken.insert(address);
    Ok(address)
}
