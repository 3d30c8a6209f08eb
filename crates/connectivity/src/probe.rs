//! What is probed, and what must come out: by the oracle, of the objects as they are.
//!
//! Every client tries every server, in every family that both have, by the pod's address and by its
//! Service's, on every port.

use std::net::{IpAddr, SocketAddr};

use manifest::{Document, Options, ReadAs};
use model::{Enforcement, Family, Flow, PodId, Protocol, Rules, Service, Traffic, Verdict, World};
use thiserror::Error;

use crate::stage::{self, CLIENTS, PORTS, SERVERS};

/// Something to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The number of the node that it comes from.
    pub client: usize,
    /// The number of the node that it goes to.
    pub server: usize,
    /// What is dialled: the pod or its Service.
    pub target: SocketAddr,
    /// Whether it is the Service.
    pub is_service: bool,
    /// On what.
    pub protocol: Protocol,
    /// What the oracle says.
    pub expected: Verdict,
    /// Because of what.
    pub reason: String,
}

/// Why it cannot be said what to try; a moment later it may.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PlanError {
    /// The cluster's objects contradict each other.
    #[error("the cluster's objects contradict each other")]
    World(#[from] model::WorldError),
    /// A pod is not there.
    #[error("the pod {0} is not there")]
    NoPod(String),
    /// A Service is not there, or has no address.
    #[error("the Service {0} has no address")]
    NoService(String),
    /// A Service leads to something else than its pod.
    #[error("the Service {0} does not lead to its pod alone yet")]
    Backends(String),
    /// Two ends that share no family.
    #[error("{0} and {1} have no addresses of one family")]
    NoFamily(String, String),
    /// A flow that cannot be.
    #[error("{0} to {1} is no flow")]
    Flow(String, String),
}

/// What a cluster's objects say.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    world: World,
    rules: Rules,
    /// Objects that could not be read, and what is wrong with the first of them.
    pub(crate) unreadable: Option<(usize, String)>,
}

impl Proof {
    /// Reads the objects as every command does.
    pub(crate) fn new(documents: &[Document], enforcement: Enforcement) -> Result<Self, PlanError> {
        let options = Options { read_as: ReadAs::Cluster, enforcement, ..Options::default() };
        let reading = manifest::read(documents, &options);
        let first = reading.problems.first().map(manifest::Problem::message);
        let unreadable = first.map(|first| (reading.problems.len(), first));
        Ok(Self { world: World::new(reading.parts)?, rules: reading.rules, unreadable })
    }

    /// The addresses of a client.
    pub(crate) fn client(&self, at: usize) -> Result<&[IpAddr], PlanError> {
        let id = self.pod(CLIENTS, &stage::client(at))?;
        Ok(&self.world.pod(id).addresses)
    }

    /// Everything that there is to try between so many nodes.
    pub(crate) fn probes(&self, nodes: usize) -> Result<Vec<Probe>, PlanError> {
        let mut probes = Vec::new();
        for client in 0..nodes {
            for server in 0..nodes {
                self.pair(client, server, &mut probes)?;
            }
        }
        Ok(probes)
    }

    fn pair(&self, client: usize, server: usize, to: &mut Vec<Probe>) -> Result<(), PlanError> {
        let from = self.pod(CLIENTS, &stage::client(client))?;
        let pod = self.pod(SERVERS, &stage::server(server))?;
        let (ends, before) = (Ends { client, server, from, pod }, to.len());
        for family in [Family::V4, Family::V6] {
            let has = |id: PodId| self.world.pod(id).address(family);
            let (Some(_), Some(address)) = (has(from), has(pod)) else { continue };
            for protocol in [Protocol::Tcp, Protocol::Udp] {
                for (port, _) in PORTS {
                    to.push(self.direct(&ends, protocol, SocketAddr::new(address, port))?);
                    to.extend(self.through(&ends, family, protocol, port)?);
                }
            }
        }
        match to.len() > before {
            true => Ok(()),
            false => Err(PlanError::NoFamily(self.name(from), self.name(pod))),
        }
    }

    fn direct(
        &self,
        ends: &Ends,
        protocol: Protocol,
        target: SocketAddr,
    ) -> Result<Probe, PlanError> {
        let flow = self.flow(ends, protocol, target)?;
        Ok(self.decided(ends, &flow, (target, false), protocol))
    }

    /// Nothing where the Service has no address of this family, which is the cluster's choice.
    fn through(
        &self,
        ends: &Ends,
        family: Family,
        protocol: Protocol,
        port: u16,
    ) -> Result<Option<Probe>, PlanError> {
        let service = self.service(ends.server)?;
        let address = service.addresses.iter().find(|address| Family::of(**address) == family);
        let Some(address) = address else { return Ok(None) };
        let backends =
            service.ports.iter().find(|one| (one.protocol, one.port) == (protocol, port));
        let backends = backends.map(|one| self.world.backends(service, one, family));
        let own = self.world.pod(ends.pod).address(family);
        let backend = match backends.as_deref() {
            Some([backend]) if Some(backend.address) == own => *backend,
            Some(_) | None => return Err(PlanError::Backends(service.name.clone())),
        };
        let to = SocketAddr::new(backend.address, backend.port);
        let flow = self.flow(ends, protocol, to)?.through_service();
        Ok(Some(self.decided(ends, &flow, (SocketAddr::new(*address, port), true), protocol)))
    }

    fn flow(&self, ends: &Ends, protocol: Protocol, to: SocketAddr) -> Result<Flow, PlanError> {
        let family = Family::of(to.ip());
        let [from, pod] = [ends.from, ends.pod].map(|id| self.world.pod_end(id, family));
        let flow = Flow::new(from, pod, Traffic::Port(protocol, to.port()), family);
        flow.map_err(|_| PlanError::Flow(self.name(ends.from), self.name(ends.pod)))
    }

    fn decided(
        &self,
        ends: &Ends,
        flow: &Flow,
        (target, is_service): (SocketAddr, bool),
        protocol: Protocol,
    ) -> Probe {
        let decision = policy::decide(&self.world, &self.rules, flow);
        let Ends { client, server, .. } = *ends;
        let (expected, reason) = (decision.verdict(), decision.deciding().reason.to_string());
        Probe { client, server, target, is_service, protocol, expected, reason }
    }

    fn service(&self, at: usize) -> Result<&Service, PlanError> {
        let name = stage::server(at);
        let is_it = |one: &&Service| (one.namespace.as_str(), &one.name) == (SERVERS, &name);
        let found = self.world.services().iter().find(is_it);
        found.filter(|one| !one.addresses.is_empty()).ok_or(PlanError::NoService(name))
    }

    fn pod(&self, namespace: &str, name: &str) -> Result<PodId, PlanError> {
        let found = self.world.find_pod(namespace, name);
        found.ok_or_else(|| PlanError::NoPod(format!("{namespace}/{name}")))
    }

    fn name(&self, id: PodId) -> String {
        self.world.pod(id).to_string()
    }
}

/// Who tries, and whom.
struct Ends {
    client: usize,
    server: usize,
    from: PodId,
    pod: PodId,
}

#[cfg(test)]
#[path = "probe_tests.rs"]
mod tests;
