//! What the command line says, and the settings that it means.
//!
//! The defaults are the paths of a node, so that a DaemonSet says little more than where its node's are
//! mounted.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use agent::{Enforcement, HostSettings, InstallSettings, Settings, SwitchSettings};
use clap::{Args, Parser, Subcommand};
use ipnet::IpNet;

/// Keeps the policies of a node's pods in force.
#[derive(Debug, Parser)]
#[command(name = "ringfence-agent", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// One JSON object for each line of the log.
    #[arg(long, global = true, env = "RINGFENCE_LOG_JSON")]
    pub(crate) log_json: bool,
    /// A kubeconfig, instead of what a pod is given.
    #[arg(long, env = "KUBECONFIG")]
    pub(crate) kubeconfig: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) node: NodeArguments,
}

/// What else an agent can do.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Take everything of ours off the node: the plugin, links, maps, files. No agent may run there.
    Uninstall,
    /// Do nothing until a signal: a pod of a DaemonSet is ready only while something runs in it.
    Stay,
    /// Wait until a DaemonSet is ready on every node where it is to run.
    Await {
        /// Its namespace.
        #[arg(long)]
        namespace: String,
        /// Its name.
        name: String,
    },
}

/// The node, and where everything is on it.
#[derive(Debug, Args)]
pub(crate) struct NodeArguments {
    /// The node's name, as the API server has it.
    #[arg(long, global = true, env = "NODE_NAME", default_value = "")]
    pub(crate) node: String,
    /// Where the plugin asks.
    #[arg(long, global = true, default_value = "/run/ringfence/cni.sock")]
    socket: PathBuf,
    /// Where it is remembered what is attached; it must end with a boot.
    #[arg(long, global = true, default_value = "/run/ringfence/agent")]
    state_dir: PathBuf,
    /// Where maps, programs and links are pinned.
    #[arg(long, global = true, default_value = "/sys/fs/bpf/ringfence/node")]
    pins: PathBuf,
    /// The node's network namespace.
    #[arg(long, global = true, default_value = "/proc/self/ns/net")]
    netns: PathBuf,
    /// The cgroup of everything that runs on the node.
    #[arg(long, default_value = "/sys/fs/cgroup")]
    cgroup: PathBuf,
    /// Where the runtime keeps its sandboxes' network namespaces.
    #[arg(long, default_value = "/run/netns")]
    sandboxes: Vec<PathBuf>,
    /// The networks of all pods; those of the Nodes if not said.
    #[arg(long)]
    pod_network: Vec<IpNet>,
    /// Where to serve health and metrics.
    #[arg(long, default_value = "127.0.0.1:9470")]
    listen: SocketAddr,
    /// How many records of flows to keep in memory, for `ringfence flows`.
    #[arg(long, default_value_t = 8192)]
    flows_kept: usize,
    /// How many seconds an ADD may take before the runtime has to try again.
    #[arg(long, default_value_t = 25)]
    add_timeout: u64,
    /// Let pods whose interface has no end on the node run without any policy.
    #[arg(long)]
    allow_unprotected: bool,
    /// Leave the node's network configuration alone: the plugin is in the chain already.
    #[arg(long, global = true)]
    no_install: bool,
    /// Where the runtime looks for network configurations.
    #[arg(long, global = true, default_value = "/etc/cni/net.d")]
    cni_config_dir: PathBuf,
    /// Where the runtime looks for plugins.
    #[arg(long, global = true, default_value = "/opt/cni/bin")]
    cni_plugin_dir: PathBuf,
    /// The plugin to put there.
    #[arg(long, global = true, default_value = "/usr/bin/ringfence-cni")]
    cni_plugin: PathBuf,
    /// The API server's address, which no policy of the node may cut off; that of the kubeconfig if not said.
    #[arg(long)]
    api_server: Option<SocketAddr>,
    /// A name server of the node, which no policy of the node may cut off.
    #[arg(long)]
    dns: Vec<IpAddr>,
    /// Put policies of the node in force even if they cut it off.
    #[arg(long)]
    allow_lock_out: bool,
    /// The namespace of the ConfigMap `ringfence`, which says whether policies count.
    #[arg(long, env = "POD_NAMESPACE", default_value = agent::NAMESPACE)]
    namespace: String,
    /// Whether policies count where no ConfigMap ever said so. To enforce is to fail closed.
    #[arg(long, value_name = "MODE", default_value = "enforce", value_parser = enforcement)]
    enforcement: Enforcement,
    /// Enforce although another policy engine enforces on this node. Else policies are staged here.
    #[arg(long)]
    beside_other_engine: bool,
}

fn enforcement(word: &str) -> Result<Enforcement, &'static str> {
    Enforcement::of_word(word).ok_or("it is `enforce` or `audit`")
}

impl NodeArguments {
    /// As the agent wants it.
    pub(crate) fn settings(self) -> Settings {
        let install = InstallSettings {
            config_dir: self.cni_config_dir,
            plugin_dir: self.cni_plugin_dir,
            plugin: self.cni_plugin,
        };
        Settings {
            node: self.node,
            socket: self.socket,
            state_dir: self.state_dir,
            pins: self.pins,
            netns: self.netns,
            cgroup: self.cgroup,
            sandboxes: self.sandboxes,
            pod_networks: self.pod_network,
            listen: Some(self.listen),
            flows_kept: self.flows_kept,
            add_timeout: Duration::from_secs(self.add_timeout),
            allow_unprotected: self.allow_unprotected,
            install: (!self.no_install).then_some(install),
            host: HostSettings {
                api_server: self.api_server,
                dns: self.dns,
                allow_lock_out: self.allow_lock_out,
                ..HostSettings::default()
            },
            switch: SwitchSettings {
                namespace: Some(self.namespace),
                unsaid: self.enforcement,
                beside_other_engine: self.beside_other_engine,
            },
        }
    }
}
