//! What an agent is told when it starts.
//!
//! Paths are settings because a node in a test has its own; the defaults are those of a node.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use model::Enforcement;

/// What an agent is told when it starts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The node's name, as the API server has it.
    pub node: String,
    /// Where the plugin asks.
    pub socket: PathBuf,
    /// Where it is remembered what is attached. It is about interfaces, which end with a boot, so it
    /// belongs where files end with a boot too.
    pub state_dir: PathBuf,
    /// Where maps, programs and links are pinned.
    pub pins: PathBuf,
    /// The node's network namespace.
    pub netns: PathBuf,
    /// The cgroup of everything that runs on the node.
    pub cgroup: PathBuf,
    /// Where runtimes keep their sandboxes' network namespaces.
    pub sandboxes: Vec<PathBuf>,
    /// The networks of all pods; the Nodes' where there are none.
    pub pod_networks: Vec<IpNet>,
    /// Where health and metrics are served; nowhere if not said.
    pub listen: Option<SocketAddr>,
    /// How many records of flows are kept in memory.
    pub flows_kept: usize,
    /// How long ADD may take before the runtime has to try again.
    pub add_timeout: Duration,
    /// Whether pods whose interface has no end on the node start without any policy.
    pub allow_unprotected: bool,
    /// The plugin's place in the node's network, where the agent is to see to it.
    pub install: Option<InstallSettings>,
    /// What policies of the node itself must leave alone.
    pub host: enforce::HostSettings,
    /// The switch of the cluster.
    pub switch: SwitchSettings,
}

/// Where it is said whether policies count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SwitchSettings {
    /// The namespace of the ConfigMap; without one nobody is asked.
    pub namespace: Option<String>,
    /// What holds where nobody ever said anything.
    pub unsaid: Enforcement,
    /// Enforce although another engine does on this node.
    pub beside_other_engine: bool,
}

/// Where a runtime looks for networks and plugins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstallSettings {
    /// Of network configurations.
    pub config_dir: PathBuf,
    /// Of plugins.
    pub plugin_dir: PathBuf,
    /// The plugin to copy there.
    pub plugin: PathBuf,
}
