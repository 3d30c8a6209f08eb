//! What is read, and how. Both are plain data, so that a reading depends on nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use ipnet::IpNet;
use model::Enforcement;

/// One file's text. It may hold several YAML documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The name that people know it by, for example its path.
    pub name: Arc<str>,
    /// Its text.
    pub text: Arc<str>,
}

/// Where the documents come from, which decides what an unreadable policy means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadAs {
    /// From files: an unreadable object is an error and contributes nothing (ruling E1).
    #[default]
    File,
    /// From a cluster: an unreadable policy denies (rulings E5 and C4), and is an error too.
    Cluster,
}

/// Whom a block of addresses matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IpBlocks {
    /// Whoever has an address in it, pods too (ruling N10).
    #[default]
    Pods,
    /// Nobody in the cluster's pod network.
    External,
}

/// What a pod on its node's network is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostNetwork {
    /// Its node (ruling N16).
    #[default]
    Node,
    /// A pod like any other.
    Pod,
}

/// How documents are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The namespace of objects that name none (ruling N23).
    pub default_namespace: String,
    /// How many pods of a workload exist at most: 1 for an analysis, 2 for a lab.
    pub replicas_max: u32,
    /// The networks of pods; where empty, the Nodes' `podCIDRs` (ruling N10).
    pub pod_networks: Vec<IpNet>,
    /// Kinds to leave out in the form `GROUP/KIND` (ruling E3).
    pub ignore_kinds: BTreeSet<String>,
    /// Whom blocks match.
    pub ip_blocks: IpBlocks,
    /// What host-network pods are.
    pub host_network: HostNetwork,
    /// Whether staged policies decide as if they were enforced (ruling N37).
    pub staged: bool,
    /// The cluster's switch: whether policies count at all (ruling N40).
    pub enforcement: Enforcement,
    /// Where the documents come from.
    pub read_as: ReadAs,
    /// How many documents, from the first, are what there is. An object in a later one replaces the
    /// same object in these, as applying it would.
    pub base: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            default_namespace: "default".to_owned(),
            replicas_max: 1,
            pod_networks: Vec::new(),
            ignore_kinds: BTreeSet::new(),
            ip_blocks: IpBlocks::Pods,
            host_network: HostNetwork::Node,
            staged: false,
            enforcement: Enforcement::default(),
            read_as: ReadAs::File,
            base: 0,
        }
    }
}
