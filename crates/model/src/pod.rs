//! Pods as decisions see them: labels, addresses, ports, and where they run.
//!
//! Everything else in a pod's manifest says what runs in it, and no policy asks that.

use std::fmt;
use std::net::IpAddr;

use crate::{Family, Labels, Protocol};

/// What made a pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// The workload's kind, for example `Deployment`.
    pub kind: String,
    /// The workload's name.
    pub name: String,
}

/// A port that a container declares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerPort {
    /// The container's name.
    pub container: String,
    /// The port's name, if it has one.
    pub name: Option<String>,
    /// The port's protocol.
    pub protocol: Protocol,
    /// The port's number.
    pub number: u16,
}

/// A pod that is neither completed nor failed (those leave every set, ruling N27).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.labels` and those that controllers add (ruling N22).
    pub labels: Labels,
    /// What made it, if anything did.
    pub owner: Option<Owner>,
    /// The node it runs on, if that is decided.
    pub node: Option<String>,
    /// Its addresses, at most one of each family; none while they are not known (ruling N10).
    /// A host-network pod's are its node's.
    pub addresses: Vec<IpAddr>,
    /// Whether it shares its node's network namespace.
    pub host_network: bool,
    /// The names of its containers, sidecars included, in their order.
    pub containers: Vec<String>,
    /// Declared ports of containers and sidecars, in container order (ruling N5).
    pub ports: Vec<ContainerPort>,
}

impl Pod {
    /// The number that `name` stands for on this pod: the first of that protocol in container order.
    #[must_use]
    pub fn named_port(&self, name: &str, protocol: Protocol) -> Option<u16> {
        let named =
            |port: &&ContainerPort| port.protocol == protocol && port.name.as_deref() == Some(name);
        self.ports.iter().find(named).map(|port| port.number)
    }

    /// Its address of `family`, if it is known.
    #[must_use]
    pub fn address(&self, family: Family) -> Option<IpAddr> {
        self.addresses.iter().copied().find(|address| Family::of(*address) == family)
    }
}

impl fmt::Display for Pod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}
