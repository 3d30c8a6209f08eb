//! Which probes a lab sends, and what the oracle expects of each.
//!
//! A probe is a flow made of real addresses; the oracle decides it before it is sent.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use model::{
    Backend, Decision, End, Family, Flow, NodeId, PodId, Process, Protocol, Rules, Service,
    Traffic, World,
};

use crate::LabError;
use crate::fabric::Sender;
use crate::message::Carrier;
use crate::port::{self, PortOf, declared};

/// One probe and its decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Who sends, as people call it.
    pub from: String,
    /// Whom it is for, as people call it.
    pub to: String,
    /// How.
    pub carrier: Carrier,
    /// The address to send from.
    pub source: IpAddr,
    /// The address to reach.
    pub destination: IpAddr,
    /// The port; 0 for an echo.
    pub port: u16,
    /// The flow.
    pub flow: Flow,
    /// What the oracle says.
    pub decision: Decision,
    /// Where a Service is asked: every backend that may answer, which `flow` and `decision` follow
    /// once it is known which one it was. Empty for a direct probe.
    pub alternatives: Vec<Alternative>,
    pub(crate) sender: Sender,
}

/// One backend that may answer for a Service, and what the oracle says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// The backend.
    pub backend: Backend,
    /// The flow after translation.
    pub flow: Flow,
    /// What the oracle says.
    pub decision: Decision,
}

impl Probe {
    /// Whether a pod reaches itself through a Service (ruling N14). The packet never leaves the
    /// pod, so only the hook at the socket can deny it, and it tells of denials only.
    pub(crate) fn is_hairpin(&self) -> bool {
        let (source, destination) = (self.flow.source().pod(), self.flow.destination().pod());
        self.flow.is_translated() && source.is_some() && source == destination
    }

    /// The probe as if it had been sent to this backend, which is what policies and events see.
    pub(crate) fn settled(&self, alternative: &Alternative) -> Self {
        Self {
            destination: alternative.backend.address,
            port: alternative.backend.port,
            flow: alternative.flow.clone(),
            decision: alternative.decision.clone(),
            alternatives: Vec::new(),
            ..self.clone()
        }
    }
}

/// Somebody who can send or be reached.
#[derive(Clone, Debug)]
struct Party {
    name: String,
    end: PartyEnd,
    addresses: Vec<IpAddr>,
    ports: BTreeSet<PortOf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PartyEnd {
    Pod(PodId),
    Node(NodeId),
    Outside,
}

/// What the probes of a run are made from.
pub(crate) struct Targets<'a> {
    pub(crate) world: &'a World,
    pub(crate) rules: &'a Rules,
    /// Ports that everybody listens on.
    pub(crate) everywhere: &'a BTreeSet<PortOf>,
    /// Ports that the outside listens on besides.
    pub(crate) outside_ports: &'a BTreeSet<PortOf>,
    pub(crate) outside: &'a [IpAddr],
    /// The executable of every process of the lab.
    pub(crate) helper: &'a Path,
}

impl Targets<'_> {
    /// Every ordered pair of parties that a policy can stand between, on every port that the
    /// destination listens on and by an echo, in every family that both have.
    pub(crate) fn probes(&self) -> Result<Vec<Probe>, LabError> {
        let parties = self.parties();
        let mut probes = Vec::new();
        for from in &parties {
            for to in parties.iter().filter(|to| self.is_worth_probing(from, to)) {
                self.pair(from, to, &mut probes)?;
            }
        }
        for from in parties.iter().filter(|party| matches!(party.end, PartyEnd::Pod(_))) {
            for service in self.world.services() {
                self.service(from, service, &mut probes)?;
            }
        }
        Ok(probes)
    }

    /// A pod to every address and port of a Service, where the kernel can translate the protocol;
    /// the sender may be a backend itself (ruling N14).
    fn service(
        &self,
        from: &Party,
        service: &Service,
        probes: &mut Vec<Probe>,
    ) -> Result<(), LabError> {
        for &destination in &service.addresses {
            let family = Family::of(destination);
            let of_family = |address: &&IpAddr| Family::of(**address) == family;
            let Some(&source) = from.addresses.iter().find(of_family) else { continue };
            for port in service.ports.iter().filter(|port| port.protocol != Protocol::Sctp) {
                let backends = self.world.backends(service, port, family);
                let alternatives = backends.into_iter().map(|backend| self.way(source, backend));
                let alternatives = alternatives.collect::<Result<Vec<_>, _>>()?;
                let Some(first) = alternatives.first() else { continue };
                probes.push(Probe {
                    from: from.name.clone(),
                    to: format!("{}/svc/{}", service.namespace, service.name),
                    carrier: Carrier::of(port.protocol),
                    source,
                    destination,
                    port: port.port,
                    flow: first.flow.clone(),
                    decision: first.decision.clone(),
                    alternatives,
                    sender: sender(self.world, from),
                });
            }
        }
        Ok(())
    }

    fn way(&self, source: IpAddr, backend: Backend) -> Result<Alternative, LabError> {
        let traffic = Traffic::Port(backend.protocol, backend.port);
        let (from, to) = (self.world.end_at(source), self.world.end_at(backend.address));
        let pod = from.pod();
        let flow = Flow::new(from, to, traffic, Family::of(source))?.through_service();
        let flow = self.sent_by_helper(flow, pod);
        let decision = policy::decide(self.world, self.rules, &flow);
        Ok(Alternative { backend, flow, decision })
    }

    fn pair(&self, from: &Party, to: &Party, probes: &mut Vec<Probe>) -> Result<(), LabError> {
        for family in [Family::V4, Family::V6] {
            let of = |party: &Party| {
                party.addresses.iter().copied().find(|address| Family::of(*address) == family)
            };
            let (Some(source), Some(destination)) = (of(from), of(to)) else { continue };
            // The kernel of a node answers without a socket, so no program sees it (ruling N39).
            let echo = (!self.is_spoken_for(to)).then_some((Carrier::Echo, 0));
            for (carrier, port) in to.ports.iter().copied().chain(echo) {
                let flow =
                    self.flow(from, to, (source, destination), carrier.traffic(family, port))?;
                probes.push(Probe {
                    from: from.name.clone(),
                    to: to.name.clone(),
                    carrier,
                    source,
                    destination,
                    port,
                    decision: policy::decide(self.world, self.rules, &flow),
                    flow,
                    alternatives: Vec::new(),
                    sender: sender(self.world, from),
                });
            }
        }
        Ok(())
    }

    fn flow(
        &self,
        from: &Party,
        to: &Party,
        (source, destination): (IpAddr, IpAddr),
        traffic: Traffic,
    ) -> Result<Flow, LabError> {
        let end = |party: &Party, address| match party.end {
            PartyEnd::Pod(pod) => End::Pod { pod, address: Some(address) },
            PartyEnd::Node(node) => End::Host { node: Some(node), address: Some(address) },
            PartyEnd::Outside => self.world.end_at(address),
        };
        let family = Family::of(source);
        let source = end(from, source);
        let pod = source.pod();
        let flow = Flow::new(source, end(to, destination), traffic, family)?;
        let flow = self.sent_by_helper(flow, pod);
        Ok(if self.is_local(from, to) { flow.from_host() } else { flow })
    }

    /// Probes of a pod are sent by the helper of its first container.
    fn sent_by_helper(&self, flow: Flow, pod: Option<PodId>) -> Flow {
        let Some(pod) = pod.map(|pod| self.world.pod(pod)) else { return flow };
        let container = port::containers_of(pod).into_iter().next().unwrap_or_default();
        flow.by(Process { container, executable: self.helper.to_string_lossy().into_owned() })
    }

    /// Policy stands before and behind pods and the nodes that rules speak for; nobody's way to itself
    /// leaves it.
    fn is_worth_probing(&self, from: &Party, to: &Party) -> bool {
        let is_subject = |party: &Party| match party.end {
            PartyEnd::Pod(_) => true,
            PartyEnd::Node(_) => self.is_spoken_for(party),
            PartyEnd::Outside => false,
        };
        (is_subject(from) || is_subject(to)) && from.name != to.name
    }

    /// Whether this is a node that rules speak for.
    fn is_spoken_for(&self, party: &Party) -> bool {
        let PartyEnd::Node(node) = party.end else { return false };
        let labels = &self.world.node(node).labels;
        self.rules.iter().any(|rule| rule.subject.selects_node(labels))
    }

    /// Whether a node sends to a pod that it runs (ruling N15).
    fn is_local(&self, from: &Party, to: &Party) -> bool {
        match (from.end, to.end) {
            (PartyEnd::Node(node), PartyEnd::Pod(pod)) => {
                self.world.pod(pod).node.as_deref() == Some(self.world.node(node).name.as_str())
            }
            (PartyEnd::Pod(_) | PartyEnd::Node(_) | PartyEnd::Outside, _) => false,
        }
    }

    fn parties(&self) -> Vec<Party> {
        let pods = self.world.pods().filter(|(_, pod)| !pod.host_network).map(|(id, pod)| Party {
            name: pod.to_string(),
            end: PartyEnd::Pod(id),
            addresses: pod.addresses.clone(),
            ports: self.everywhere.union(&declared(pod)).copied().collect(),
        });
        let nodes = self.world.nodes().map(|(id, node)| Party {
            name: format!("node/{}", node.name),
            end: PartyEnd::Node(id),
            addresses: node.addresses.clone(),
            ports: self.everywhere.union(&self.host_ports(&node.name)).copied().collect(),
        });
        let outside = self.outside.iter().map(|&address| Party {
            name: format!("ip:{address}"),
            end: PartyEnd::Outside,
            addresses: vec![address],
            ports: self.everywhere.union(self.outside_ports).copied().collect(),
        });
        pods.chain(nodes).chain(outside).collect()
    }

    fn host_ports(&self, node: &str) -> BTreeSet<PortOf> {
        let here = self.world.pods().map(|(_, pod)| pod);
        let here = here.filter(|pod| pod.host_network && pod.node.as_deref() == Some(node));
        here.flat_map(declared).collect()
    }
}

fn sender(world: &World, party: &Party) -> Sender {
    match party.end {
        PartyEnd::Pod(pod) => Sender::Pod(world.pod(pod).to_string()),
        PartyEnd::Node(node) => Sender::Node(node.0 as usize),
        PartyEnd::Outside => Sender::Outside,
    }
}
