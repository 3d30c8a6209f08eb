//! From words to flows: who is meant, and where a Service leads.
//!
//! A Service stands for its backends, because policy is judged there (ruling N13).

use explain::Question;
use model::{End, Family, Flow, Service, ServicePort, Traffic, World};

use super::ExplainError;
use super::arguments::Typed;
use crate::word::{PeerWord, PortWord, ResolveError, Resolved};

/// What was typed, and the world that it is about.
pub(super) struct Asked<'a> {
    pub(super) world: &'a World,
    pub(super) namespace: &'a str,
    pub(super) from: &'a Typed<PeerWord>,
    pub(super) to: &'a Typed<PeerWord>,
    pub(super) port: &'a Typed<PortWord>,
}

impl Asked<'_> {
    /// Every flow that the words stand for.
    pub(super) fn question(&self) -> Result<Question, ExplainError> {
        let family = self.from.word.family().or(self.to.word.family()).unwrap_or(Family::V4);
        let source = match self.from.word.resolve(self.world, self.namespace, family)? {
            Resolved::End(end, _) => end,
            Resolved::Service(_) => return Err(ResolveError::ServiceSource.into()),
        };
        let (service, flows) = match self.to.word.resolve(self.world, self.namespace, family)? {
            Resolved::End(end, pod) => {
                let traffic = self.port.word.traffic(pod, family)?;
                (None, vec![direct(self.world, source, end, traffic, family)?])
            }
            Resolved::Service(service) => {
                let flows = self.through(service, &source, family)?;
                (Some(format!("{}/{}", service.namespace, service.name)), flows)
            }
        };
        let is_example = [self.from, self.to].iter().any(|typed| typed.word == PeerWord::Internet);
        Ok(Question {
            from: self.from.text.clone(),
            to: self.to.text.clone(),
            port: self.port.text.clone(),
            service,
            is_example,
            flows,
        })
    }

    fn through(
        &self,
        service: &Service,
        source: &End,
        family: Family,
    ) -> Result<Vec<Flow>, ExplainError> {
        let name = || format!("{}/{}", service.namespace, service.name);
        let is_asked = |port: &&ServicePort| is_asked(port, &self.port.word);
        let port = service
            .ports
            .iter()
            .find(is_asked)
            .ok_or_else(|| ExplainError::NoSuchServicePort(name(), self.port.text.clone()))?;
        let ends = backends(self.world, service, port, family);
        if ends.is_empty() {
            return Err(ExplainError::NoBackends(name()));
        }
        ends.into_iter()
            .map(|(end, traffic)| {
                let flow = direct(self.world, source.clone(), end, traffic, family)?;
                // Nothing is translated on the way to a headless Service's pods.
                Ok(if service.headless { flow } else { flow.through_service() })
            })
            .collect()
    }
}

/// Pods that serve, then endpoints that are stated. A headless Service is a name for its pods:
/// clients use their own port there.
fn backends(
    world: &World,
    service: &Service,
    port: &ServicePort,
    family: Family,
) -> Vec<(End, Traffic)> {
    let serving = world.serving(service, port).map(|(pod, number)| {
        let number = if service.headless { port.port } else { number };
        (world.pod_end(pod, family), Traffic::Port(port.protocol, number))
    });
    let stated = service.endpoints.iter().filter(|endpoint| endpoint.port_name == port.name);
    let stated = stated.map(|endpoint| endpoint.backend).map(|backend| {
        (world.end_at(backend.address), Traffic::Port(backend.protocol, backend.port))
    });
    serving.chain(stated).collect()
}

fn is_asked(port: &ServicePort, asked: &PortWord) -> bool {
    match asked {
        PortWord::Numbers(protocol, range) => {
            port.protocol == *protocol && range.contains(port.port)
        }
        PortWord::Name(name) => port.name.as_deref() == Some(name),
        PortWord::Icmp => false,
    }
}

/// A node's flow to a pod that runs on it is made on that pod's own host (ruling N15).
pub(super) fn direct(
    world: &World,
    source: End,
    destination: End,
    traffic: Traffic,
    family: Family,
) -> Result<Flow, ExplainError> {
    let is_local = match (&source, destination.pod()) {
        (End::Host { node: Some(node), .. }, Some(pod)) => {
            world.pod(pod).node.as_deref() == Some(world.node(*node).name.as_str())
        }
        (_, _) => false,
    };
    let flow = Flow::new(source, destination, traffic, family)?;
    Ok(if is_local { flow.from_host() } else { flow })
}
