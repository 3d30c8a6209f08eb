//! What the command line says, and the settings that it means.
//!
//! The defaults are those of a Deployment, which says little more than where it runs.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use controller::{LeaseSettings, Settings};

/// Tells a cluster what became of its policies.
#[derive(Debug, Parser)]
#[command(name = "ringfence-controller", version)]
pub(crate) struct Arguments {
    /// One JSON object for each line of the log.
    #[arg(long, env = "RINGFENCE_LOG_JSON")]
    pub(crate) log_json: bool,
    /// A kubeconfig, instead of what a pod is given.
    #[arg(long, env = "KUBECONFIG")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Who this is among several: the pod's name.
    #[arg(long, env = "POD_NAME")]
    identity: String,
    /// The namespace of the Lease: the pod's.
    #[arg(long, env = "POD_NAMESPACE")]
    namespace: String,
    /// The name of the Lease.
    #[arg(long, default_value = "ringfence-controller")]
    lease: String,
    /// Who has not renewed the Lease for so many seconds has lost it.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(3..=3600))]
    lease_seconds: u32,
    /// A label that the nodes have that should have an agent, as NAME=VALUE: the DaemonSet's nodeSelector.
    #[arg(long, value_parser = label)]
    node_label: Vec<(String, String)>,
    /// Where to serve health and metrics.
    #[arg(long, default_value = "0.0.0.0:9471")]
    listen: SocketAddr,
}

/// A Lease is renewed so many times in its time.
const RENEWALS: u32 = 7;
/// Statuses are written so long after the first news, all that came meanwhile in one.
const EVERY: Duration = Duration::from_secs(1);

fn label(word: &str) -> Result<(String, String), String> {
    let (name, value) = word.split_once('=').ok_or("a label is written NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Arguments {
    /// As the controller wants it.
    pub(crate) fn settings(self) -> Settings {
        let duration = Duration::from_secs(self.lease_seconds.into());
        let lease = LeaseSettings {
            namespace: self.namespace,
            name: self.lease,
            duration,
            renew: duration / RENEWALS,
        };
        Settings {
            identity: self.identity,
            lease,
            node_labels: self.node_label,
            every: EVERY,
            listen: Some(self.listen),
        }
    }
}
