//! What a controller is told when it starts.
//!
//! Times are settings because a test has no quarter of a minute.

use std::net::SocketAddr;
use std::time::Duration;

/// What a controller is told when it starts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who it is, among those that want the Lease and in Events: its pod's name.
    pub identity: String,
    /// By what one of several is chosen.
    pub lease: LeaseSettings,
    /// A node should have an agent if it has these labels: the DaemonSet's `nodeSelector`.
    pub node_labels: Vec<(String, String)>,
    /// How often it looks what there is to write.
    pub every: Duration,
    /// Where health and metrics are served; nowhere if not said.
    pub listen: Option<SocketAddr>,
}

/// By what one of several controllers is chosen.
#[derive(Clone, Debug)]
pub struct LeaseSettings {
    /// The Lease's namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Whoever does not renew it for so long has lost it. At least a second, and whole seconds.
    pub duration: Duration,
    /// How often it is renewed, or asked for.
    pub renew: Duration,
}
