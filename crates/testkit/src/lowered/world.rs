//! Reads a world of pods and nodes without manifests.
//!
//! Cases about rules alone should not depend on how manifests are read.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use model::{ContainerPort, Labels, Node, Pod, Protocol, WorldParts};
use serde::Deserialize;

/// A world as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WorldText {
    #[serde(default)]
    namespaces: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    nodes: BTreeMap<String, NodeText>,
    /// By `NAMESPACE/NAME`.
    pods: BTreeMap<String, PodText>,
    #[serde(default)]
    pod_networks: Vec<IpNet>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeText {
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    addresses: Vec<IpAddr>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PodText {
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    addresses: Vec<IpAddr>,
    node: Option<String>,
    #[serde(default)]
    host_network: bool,
    /// `http=8080/tcp` or `8080/tcp`.
    #[serde(default)]
    ports: Vec<String>,
}

impl WorldText {
    /// The parts of the world.
    ///
    /// # Errors
    /// The part that cannot be read.
    pub fn parts(&self) -> Result<WorldParts, String> {
        let pods: Result<Vec<Pod>, String> =
            self.pods.iter().map(|(name, text)| pod(name, text)).collect();
        let node = |(name, text): (&String, &NodeText)| Node {
            name: name.clone(),
            labels: labels(&text.labels),
            addresses: text.addresses.clone(),
        };
        Ok(WorldParts {
            namespaces: self
                .namespaces
                .iter()
                .map(|(name, text)| (name.clone(), labels(text)))
                .collect(),
            pods: pods?,
            nodes: self.nodes.iter().map(node).collect(),
            services: Vec::new(),
            pod_networks: self.pod_networks.clone(),
        })
    }
}

fn labels(text: &BTreeMap<String, String>) -> Labels {
    text.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

fn pod(full_name: &str, text: &PodText) -> Result<Pod, String> {
    let (namespace, name) = full_name.split_once('/').ok_or_else(|| full_name.to_owned())?;
    let ports: Result<Vec<ContainerPort>, String> =
        text.ports.iter().map(|text| container_port(text).ok_or_else(|| text.clone())).collect();
    Ok(Pod {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        labels: labels(&text.labels),
        owner: None,
        node: text.node.clone(),
        addresses: text.addresses.clone(),
        host_network: text.host_network,
        containers: vec![CONTAINER.to_owned()],
        ports: ports?,
    })
}

const CONTAINER: &str = "main";

fn container_port(text: &str) -> Option<ContainerPort> {
    let (name, port) = match text.split_once('=') {
        Some((name, port)) => (Some(name.to_owned()), port),
        None => (None, text),
    };
    let (number, protocol) = port.split_once('/')?;
    let protocol = Protocol::ALL.into_iter().find(|known| known.name() == protocol)?;
    let container = CONTAINER.to_owned();
    Some(ContainerPort { container, name, protocol, number: number.parse().ok()? })
}
