//! Which agents there are, and the way to each.
//!
//! By the labels that the chart gives them, whatever the release is called.

use std::collections::{BTreeMap, BTreeSet};

use cluster::Connection;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::Client;
use kube::api::{Api, ListParams};

use crate::FleetError;

/// Where agents run unless somebody says otherwise.
pub const SYSTEM_NAMESPACE: &str = "ringfence-system";
const AGENTS: &str = "app.kubernetes.io/name=ringfence,app.kubernetes.io/component=agent";

/// The way to an agent.
#[derive(Clone)]
pub enum Way {
    /// Through the API server to its pod.
    Pod {
        /// How to ask the API server.
        client: Client,
        /// The pod's namespace.
        namespace: String,
        /// The pod's name.
        name: String,
    },
    /// To an address that it listens at.
    Address(String),
}

/// An agent.
#[derive(Clone)]
pub struct Agent {
    /// Its node, or its address where nobody has said.
    pub node: String,
    /// The way to it.
    pub way: Way,
}

impl Agent {
    /// One that is reached directly.
    #[must_use]
    pub fn at(address: &str) -> Self {
        Self { node: address.to_owned(), way: Way::Address(address.to_owned()) }
    }
}

/// The agents of a cluster, and the nodes that have none.
#[derive(Clone, Default)]
pub struct Fleet {
    /// By node.
    pub agents: Vec<Agent>,
    /// Nodes without an agent that runs, each with what there is instead.
    pub without: Vec<(String, String)>,
}

impl Fleet {
    /// Those that were named alone, or all where none was.
    ///
    /// # Errors
    /// Where a node that was named has no agent.
    pub fn of_nodes(mut self, named: &[String]) -> Result<Self, FleetError> {
        let is_here = |node: &&String| self.agents.iter().any(|agent| agent.node == **node);
        if let Some(node) = named.iter().find(|node| !is_here(node)) {
            return Err(FleetError::NoAgent { node: node.clone() });
        }
        if !named.is_empty() {
            self.agents.retain(|agent| named.contains(&agent.node));
            self.without.retain(|(node, _)| named.contains(node));
        }
        Ok(self)
    }
}

/// Looks for agents in `namespace`, and for nodes that have none.
///
/// # Errors
/// Where nodes or pods may not be listed.
pub async fn find(connection: &Connection, namespace: &str) -> Result<Fleet, FleetError> {
    let client = &connection.client;
    let nodes: Api<Node> = Api::all(client.clone());
    let nodes = nodes.list(&ListParams::default()).await.map_err(list("nodes"))?;
    let nodes: BTreeSet<String> =
        nodes.items.into_iter().filter_map(|node| node.metadata.name).collect();
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let pods = pods.list(&ListParams::default().labels(AGENTS)).await.map_err(list("pods"))?;
    let mut by_node: BTreeMap<String, Pod> = BTreeMap::new();
    for pod in pods.items {
        let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone());
        // While one is replaced there may be two: the one that runs is asked.
        if let Some(node) = node
            && (runs(&pod) || !by_node.contains_key(&node))
        {
            by_node.insert(node, pod);
        }
    }
    Ok(fleet(client, namespace, &nodes, by_node))
}

fn fleet(
    client: &Client,
    namespace: &str,
    nodes: &BTreeSet<String>,
    mut by_node: BTreeMap<String, Pod>,
) -> Fleet {
    let mut fleet = Fleet::default();
    for node in nodes {
        match by_node.remove(node) {
            Some(pod) if runs(&pod) => {
                let name = pod.metadata.name.unwrap_or_default();
                let way =
                    Way::Pod { client: client.clone(), namespace: namespace.to_owned(), name };
                fleet.agents.push(Agent { node: node.clone(), way });
            }
            Some(pod) => {
                let name = pod.metadata.name.unwrap_or_default();
                fleet.without.push((node.clone(), format!("the agent's pod {name} does not run")));
            }
            None => fleet.without.push((node.clone(), "no agent".to_owned())),
        }
    }
    fleet
}

fn runs(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    phase == Some("Running") && pod.metadata.deletion_timestamp.is_none()
}

fn list(what: &'static str) -> impl FnOnce(kube::Error) -> FleetError {
    move |source| FleetError::List { what, source: Box::new(source) }
}
