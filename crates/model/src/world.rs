//! The world: namespaces, pods, nodes and Services at one moment.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::{Backend, End, Family, Labels, Pod, Service, ServicePort, TargetPort, Traffic};

const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// A pod by its position in [`World::pods`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodId(pub u32);

/// A node by its position in [`World::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.labels`.
    pub labels: Labels,
    /// The addresses of `status.addresses`.
    pub addresses: Vec<IpAddr>,
}

/// What a world is made of.
#[derive(Clone, Debug, Default)]
pub struct WorldParts {
    /// Namespaces and their labels; those that pods and Services name exist anyway (ruling N23).
    pub namespaces: BTreeMap<String, Labels>,
    /// The pods.
    pub pods: Vec<Pod>,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The Services.
    pub services: Vec<Service>,
    /// The networks that pods get their addresses from; empty while unknown (rulings N10, N34).
    pub pod_networks: Vec<IpNet>,
}

impl WorldParts {
    /// Whether they make a world.
    ///
    /// # Errors
    /// As [`World::new`].
    pub fn check(&self) -> Result<(), WorldError> {
        reject_twins(self)?;
        owners(self).map(drop)
    }
}

/// Why parts do not make a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorldError {
    /// Two pods have one namespace and name.
    PodTwice {
        /// The pod.
        pod: String,
    },
    /// Two nodes have one name.
    NodeTwice {
        /// The node.
        node: String,
    },
    /// An address belongs to two of: a pod, a node.
    AddressTwice {
        /// The address.
        address: IpAddr,
        /// Who has it.
        first: String,
        /// Who claims it too.
        second: String,
    },
    /// A pod has two addresses of one family.
    FamilyTwice {
        /// The pod.
        pod: String,
    },
}

impl fmt::Display for WorldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PodTwice { pod } => write!(f, "pod {pod} is there twice"),
            Self::NodeTwice { node } => write!(f, "node {node} is there twice"),
            Self::AddressTwice { address, first, second } => {
                write!(f, "address {address} belongs to {first} and to {second}")
            }
            Self::FamilyTwice { pod } => write!(f, "pod {pod} has two addresses of one family"),
        }
    }
}

impl std::error::Error for WorldError {}

/// Everything that a decision may look at, at one moment.
#[derive(Clone, Debug, Default)]
pub struct World {
    parts: WorldParts,
    owners: BTreeMap<IpAddr, End>,
}

impl World {
    /// Checks the parts and adds what is implied: namespaces that are only named, and every
    /// namespace's `kubernetes.io/metadata.name` (ruling N21).
    ///
    /// # Errors
    /// Where names or addresses collide.
    pub fn new(mut parts: WorldParts) -> Result<Self, WorldError> {
        imply_namespaces(&mut parts);
        reject_twins(&parts)?;
        let owners = owners(&parts)?;
        Ok(Self { parts, owners })
    }

    /// The labels of a namespace, with the one that it has anyway (ruling N21).
    pub(crate) fn implied(name: &str, labels: Labels) -> Labels {
        labels.with(NAMESPACE_NAME, name)
    }

    /// The parts, for a world that differs a little.
    #[must_use]
    pub fn into_parts(self) -> WorldParts {
        self.parts
    }

    /// The pods in the order of their ids.
    pub fn pods(&self) -> impl Iterator<Item = (PodId, &Pod)> {
        (0..).map(PodId).zip(&self.parts.pods)
    }

    /// The nodes in the order of their ids.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        (0..).map(NodeId).zip(&self.parts.nodes)
    }

    /// The namespaces in the order of their names.
    pub fn namespaces(&self) -> impl Iterator<Item = (&str, &Labels)> {
        self.parts.namespaces.iter().map(|(name, labels)| (name.as_str(), labels))
    }

    /// The Services.
    #[must_use]
    pub fn services(&self) -> &[Service] {
        &self.parts.services
    }

    /// The networks that pods get their addresses from; empty while unknown.
    #[must_use]
    pub fn pod_networks(&self) -> &[IpNet] {
        &self.parts.pod_networks
    }

    /// The pod with this id.
    ///
    /// # Panics
    /// Where the id comes from another world.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "ids come from this world")]
    pub fn pod(&self, id: PodId) -> &Pod {
        &self.parts.pods[id.0 as usize]
    }

    /// The node with this id.
    ///
    /// # Panics
    /// Where the id comes from another world.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "ids come from this world")]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.parts.nodes[id.0 as usize]
    }

    /// The labels of a namespace of this world.
    #[must_use]
    pub fn namespace_labels(&self, namespace: &str) -> &Labels {
        static NONE: Labels = Labels::EMPTY;
        self.parts.namespaces.get(namespace).unwrap_or(&NONE)
    }

    /// The pod `namespace/name`.
    #[must_use]
    pub fn find_pod(&self, namespace: &str, name: &str) -> Option<PodId> {
        self.pods()
            .find(|(_, pod)| pod.namespace == namespace && pod.name == name)
            .map(|(id, _)| id)
    }

    /// The node `name`.
    #[must_use]
    pub fn find_node(&self, name: &str) -> Option<NodeId> {
        self.nodes().find(|(_, node)| node.name == name).map(|(id, _)| id)
    }

    /// Who has `address`: a pod, a node (or a host-network pod, which is its node to everybody
    /// else, ruling N16), an unknown pod (ruling N34) or somebody outside.
    #[must_use]
    pub fn end_at(&self, address: IpAddr) -> End {
        match self.owners.get(&address) {
            Some(end) => end.clone(),
            None if self.is_pod_address(address) => End::UnknownPod { address },
            None => End::External { address },
        }
    }

    /// The end that a pod is, with its address of `family` if that is known.
    #[must_use]
    pub fn pod_end(&self, id: PodId, family: Family) -> End {
        let pod = self.pod(id);
        let address = pod.address(family);
        if pod.host_network {
            let node = pod.node.as_deref().and_then(|name| self.find_node(name));
            return End::Host { node, address };
        }
        End::Pod { pod: id, address }
    }

    /// Whether `address` lies in a pod network.
    #[must_use]
    pub fn is_pod_address(&self, address: IpAddr) -> bool {
        self.parts.pod_networks.iter().any(|network| network.contains(&address))
    }

    /// The pods behind a Service port and the number on each, whether or not they have addresses.
    pub fn serving<'a>(
        &'a self,
        service: &'a Service,
        port: &'a ServicePort,
    ) -> impl Iterator<Item = (PodId, u16)> + 'a {
        let pods = self.pods().filter(|(_, pod)| pod.namespace == service.namespace);
        pods.filter(|(_, pod)| {
            service.selector.as_ref().is_some_and(|selector| selector.matches(&pod.labels))
        })
        .filter_map(|(id, pod)| match &port.target {
            TargetPort::Number(number) => Some((id, *number)),
            TargetPort::Name(name) => Some((id, pod.named_port(name, port.protocol)?)),
        })
    }

    /// The ready backends of a Service port in one family, sorted, each once.
    #[must_use]
    pub fn backends(&self, service: &Service, port: &ServicePort, family: Family) -> Vec<Backend> {
        let stated = service.endpoints.iter().filter(|endpoint| endpoint.port_name == port.name);
        let stated = stated.map(|endpoint| endpoint.backend);
        let selected = self.serving(service, port).filter_map(|(id, number)| {
            let address = self.pod(id).address(family)?;
            Some(Backend { address, protocol: port.protocol, port: number })
        });
        let mut backends: Vec<Backend> = stated.chain(selected).collect();
        backends.retain(|backend| Family::of(backend.address) == family);
        backends.sort_unstable();
        backends.dedup();
        backends
    }

    /// The ready backends of the Service port at `address` that `traffic` names, sorted; none where
    /// no Service is there.
    #[must_use]
    pub fn backends_at(&self, address: IpAddr, traffic: Traffic) -> Vec<Backend> {
        let Traffic::Port(protocol, number) = traffic else { return Vec::new() };
        let services = self.parts.services.iter();
        let here = services.filter(|service| service.addresses.contains(&address));
        let ports = here.flat_map(|service| service.ports.iter().map(move |port| (service, port)));
        let mut named = ports.filter(|(_, port)| port.protocol == protocol && port.port == number);
        named.next().map_or_else(Vec::new, |(service, port)| {
            self.backends(service, port, Family::of(address))
        })
    }
}

fn imply_namespaces(parts: &mut WorldParts) {
    let pods = parts.pods.iter().map(|pod| pod.namespace.clone());
    let services = parts.services.iter().map(|service| service.namespace.clone());
    for namespace in pods.chain(services) {
        parts.namespaces.entry(namespace).or_default();
    }
    for (name, labels) in &mut parts.namespaces {
        *labels = World::implied(name, std::mem::take(labels));
    }
}

fn reject_twins(parts: &WorldParts) -> Result<(), WorldError> {
    let mut pods = std::collections::BTreeSet::new();
    for pod in &parts.pods {
        if !pods.insert((&pod.namespace, &pod.name)) {
            return Err(WorldError::PodTwice { pod: pod.to_string() });
        }
        if pod.addresses.iter().any(|address| pod.address(Family::of(*address)) != Some(*address)) {
            return Err(WorldError::FamilyTwice { pod: pod.to_string() });
        }
    }
    let mut nodes = std::collections::BTreeSet::new();
    match parts.nodes.iter().find(|node| !nodes.insert(&node.name)) {
        Some(node) => Err(WorldError::NodeTwice { node: node.name.clone() }),
        None => Ok(()),
    }
}

/// Who has each address. A host-network pod's addresses are a host's even where its node is not
/// listed; several host-network pods share them.
fn owners(parts: &WorldParts) -> Result<BTreeMap<IpAddr, End>, WorldError> {
    let nodes = (0..).map(NodeId).zip(&parts.nodes).flat_map(|(id, node)| {
        let end = move |address| End::Host { node: Some(id), address: Some(address) };
        node.addresses.iter().map(move |address| (*address, end(*address)))
    });
    let pods = (0..).map(PodId).zip(&parts.pods).flat_map(|(id, pod)| {
        let end = move |address| match pod.host_network {
            true => End::Host { node: None, address: Some(address) },
            false => End::Pod { pod: id, address: Some(address) },
        };
        pod.addresses.iter().map(move |address| (*address, end(*address)))
    });
    let mut owners: BTreeMap<IpAddr, End> = BTreeMap::new();
    for (address, end) in nodes.chain(pods) {
        match owners.entry(address) {
            Entry::Vacant(entry) => drop(entry.insert(end)),
            Entry::Occupied(entry) if is_host(entry.get()) && is_host(&end) => {}
            Entry::Occupied(entry) => {
                let (first, second) = claimants(parts, address, is_host(entry.get()));
                return Err(WorldError::AddressTwice { address, first, second });
            }
        }
    }
    Ok(owners)
}

/// The first who has an address and the first who may not have it too. Hosts share theirs.
fn claimants(parts: &WorldParts, address: IpAddr, of_host: bool) -> (String, String) {
    let nodes = parts.nodes.iter().filter(|node| node.addresses.contains(&address));
    let pods = parts.pods.iter().filter(|pod| pod.addresses.contains(&address));
    let pods = pods.map(|pod| (pod.to_string(), pod.host_network));
    let mut all = nodes.map(|node| (node.name.clone(), true)).chain(pods);
    let first = all.next().map(|(name, _)| name).unwrap_or_default();
    let second = all.find(|(_, is_host)| !(of_host && *is_host)).map(|(name, _)| name);
    (first, second.unwrap_or_default())
}

fn is_host(end: &End) -> bool {
    matches!(end, End::Host { .. })
}
