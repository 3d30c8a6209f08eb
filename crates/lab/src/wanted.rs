//! What a world asks of the machine: namespaces, addresses, processes and their listeners.
//!
//! It is data, so two of them can be compared: what is equal stays as it is when a world changes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::{Pod, World};

use crate::LabError;
use crate::message::Listener;
use crate::port::{self, PortOf};

/// The most pods that one lab makes.
pub(crate) const PODS_MAX: usize = 500;
/// Who answers for an address outside, before the address.
const OUTSIDE: &str = "ip:";
/// Who answers for a node, before its name.
const NODE: &str = "node/";

/// Everything that should be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) nodes: Vec<WantedNode>,
    pub(crate) pods: BTreeMap<String, WantedPod>,
    pub(crate) outside: Vec<IpAddr>,
    pub(crate) outside_listeners: Vec<Listener>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WantedNode {
    pub(crate) name: String,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) listeners: Vec<Listener>,
}

/// A pod and its containers, each with its listeners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WantedPod {
    pub(crate) node: usize,
    pub(crate) host_network: bool,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) containers: Vec<(String, Vec<Listener>)>,
}

/// Ports to listen on besides the declared ones: everybody's, and those of single addresses.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExtraPorts {
    pub(crate) everywhere: BTreeSet<PortOf>,
    pub(crate) outside: BTreeSet<PortOf>,
    pub(crate) at: BTreeMap<IpAddr, BTreeSet<PortOf>>,
}

impl ExtraPorts {
    fn of(&self, addresses: &[IpAddr]) -> BTreeSet<PortOf> {
        let own = addresses.iter().filter_map(|address| self.at.get(address)).flatten();
        self.everywhere.iter().chain(own).copied().collect()
    }
}

impl Wanted {
    /// What `world` asks for.
    ///
    /// # Errors
    /// Where there are more pods than a lab holds.
    pub(crate) fn of(
        world: &World,
        outside: &[IpAddr],
        extra: &ExtraPorts,
    ) -> Result<Self, LabError> {
        let wanted = world.pods().count();
        if wanted > PODS_MAX {
            return Err(LabError::Limit { what: "pods", limit: PODS_MAX, wanted });
        }
        let nodes: Vec<WantedNode> =
            world.nodes().map(|(_, node)| wanted_node(world, node, extra)).collect();
        let pods = world.pods().map(|(_, pod)| (pod.to_string(), wanted_pod(pod, &nodes, extra)));
        Ok(Self {
            pods: pods.collect(),
            outside: outside.to_vec(),
            outside_listeners: outside
                .iter()
                .flat_map(|at| outside_listeners(*at, extra))
                .collect(),
            nodes,
        })
    }

    /// Who is expected to answer at a listener.
    pub(crate) fn names(&self) -> BTreeMap<(IpAddr, PortOf), String> {
        let nodes = self.nodes.iter().flat_map(|node| &node.listeners);
        let containers = self.pods.values().flat_map(|pod| &pod.containers);
        let pods = containers.flat_map(|(_, listeners)| listeners);
        let all = nodes.chain(pods).chain(&self.outside_listeners);
        all.map(|one| ((one.address, (one.carrier, one.port)), one.name.clone())).collect()
    }
}

/// What a host-network pod declares is the pod's to listen on, though the address is the node's.
fn wanted_node(world: &World, node: &model::Node, extra: &ExtraPorts) -> WantedNode {
    let here = world.pods().map(|(_, pod)| pod);
    let here = here.filter(|pod| pod.host_network && pod.node.as_ref() == Some(&node.name));
    let declared: BTreeSet<PortOf> = here.flat_map(port::declared).collect();
    let ports = extra.of(&node.addresses).difference(&declared).copied().collect::<Vec<_>>();
    let name = format!("{NODE}{}", node.name);
    WantedNode {
        name: node.name.clone(),
        addresses: node.addresses.clone(),
        listeners: port::at(&node.addresses, ports, &name),
    }
}

/// A host-network pod listens on what it declares; the rest of its addresses' ports are its node's.
fn wanted_pod(pod: &Pod, nodes: &[WantedNode], extra: &ExtraPorts) -> WantedPod {
    let node = nodes.iter().position(|node| Some(&node.name) == pod.node.as_ref());
    let extra = match pod.host_network {
        true => BTreeSet::new(),
        false => extra.of(&pod.addresses),
    };
    WantedPod {
        node: node.unwrap_or_default(),
        host_network: pod.host_network,
        addresses: pod.addresses.clone(),
        containers: port::listeners(pod, &pod.to_string(), &extra),
    }
}

fn outside_listeners(address: IpAddr, extra: &ExtraPorts) -> Vec<Listener> {
    let ports = extra.of(&[address]);
    let ports: BTreeSet<PortOf> = ports.union(&extra.outside).copied().collect();
    port::at(&[address], ports, &format!("{OUTSIDE}{address}"))
}
