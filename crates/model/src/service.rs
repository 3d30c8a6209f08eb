//! Services and their backends, as far as a verdict needs them (ruling N13).
//!
//! Policy is judged on backends, so a Service is here only what leads to them.

use std::net::IpAddr;

use crate::{Protocol, Selector};

/// Where a Service port leads on each backend.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetPort {
    /// The same number on every backend.
    Number(u16),
    /// A container port's name, resolved per pod.
    Name(String),
}

/// One port of a Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServicePort {
    /// Its name; a Service with one port may leave it out.
    pub name: Option<String>,
    /// Its protocol.
    pub protocol: Protocol,
    /// The number at the Service's address.
    pub port: u16,
    /// The number at the backends.
    pub target: TargetPort,
}

/// A ready endpoint that an EndpointSlice states.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceEndpoint {
    /// The Service port's name that this endpoint serves.
    pub port_name: Option<String>,
    /// Where it listens.
    pub backend: Backend,
}

/// Where translated traffic goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Backend {
    /// The backend's address.
    pub address: IpAddr,
    /// Its protocol.
    pub protocol: Protocol,
    /// Its port.
    pub port: u16,
}

/// A Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// `spec.clusterIPs`: at most one of each family; none while they are not assigned.
    pub addresses: Vec<IpAddr>,
    /// It never gets an address (`clusterIP: None`, ExternalName), so nothing is translated.
    pub headless: bool,
    /// `sessionAffinity: ClientIP`: how many seconds after its last connection a client still
    /// reaches the same backend. No verdict depends on it: any backend may be the one.
    pub affinity_seconds: Option<u32>,
    /// The ports.
    pub ports: Vec<ServicePort>,
    /// Selects backends among the namespace's pods; without it only `endpoints` count.
    pub selector: Option<Selector>,
    /// Endpoints that EndpointSlices state, of both families.
    pub endpoints: Vec<ServiceEndpoint>,
}
