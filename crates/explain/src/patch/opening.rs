//! What must open at one end: a workload's policies must let one peer pass on one port.
//!
//! Policies select by labels, so a pod stands for all pods of its workload. What no rule can say is
//! refused here, before anything is written.

use std::net::IpAddr;

use analysis::Name;
use model::{Direction, End, Flow, PodId, PolicyRef, Protocol, Reason, Tier, Traffic, World};
use policy::{EndTrace, Outcome};

use super::refusal::Refusal;
use crate::name;
use crate::question::{Input, Question};

/// Who stands at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// All pods of a workload.
    Pods { name: Name, ids: Vec<PodId> },
    /// One address, with all who share it: a node and what runs on its network.
    Address { address: IpAddr, hosts: Vec<Name> },
}

/// What must open at one end.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    pub(crate) subject: Name,
    pub(crate) ids: Vec<PodId>,
    pub(crate) direction: Direction,
    pub(crate) peer: Peer,
    pub(crate) protocol: Protocol,
    pub(crate) port: u16,
    /// The NetworkPolicies that isolate the subject; none where the Baseline tier denies.
    pub(crate) isolating: Vec<PolicyRef>,
}

impl Opening {
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (&self.subject, self.direction, &self.peer, self.traffic())
            == (&other.subject, other.direction, &other.peer, other.traffic())
    }

    /// A change was read, and does not open this.
    pub(crate) fn unmoved(&self) -> Refusal {
        Refusal::Unmoved { workload: self.subject.to_string(), traffic: self.traffic() }
    }

    /// The pods at the other end.
    pub(crate) fn peers(&self) -> &[PodId] {
        match &self.peer {
            Peer::Pods { ids, .. } => ids,
            Peer::Address { .. } => &[],
        }
    }

    pub(crate) fn traffic(&self) -> Traffic {
        Traffic::Port(self.protocol, self.port)
    }
}

/// What must open for `flow` at the end whose policies speak in `direction`.
pub(crate) fn of(
    input: &Input<'_>,
    question: &Question,
    flow: &Flow,
    direction: Direction,
    trace: &EndTrace,
) -> Result<Opening, Refusal> {
    let isolating = isolating(input, flow, trace)?;
    let Traffic::Port(protocol, port @ 1..) = flow.traffic() else {
        return Err(Refusal::Traffic { traffic: flow.traffic() });
    };
    let own = name::own(flow, direction);
    let own = own.pod().ok_or_else(|| Refusal::NodeAddress { node: name::of(input.world, own) })?;
    let peer = peer(input.world, question, name::other(flow, direction))?;
    let (subject, ids) = workload(input.world, own);
    Ok(Opening { subject, ids, direction, peer, protocol, port, isolating })
}

/// The policies that isolate; an error where an Admin rule denies or backends are judged.
fn isolating(input: &Input<'_>, flow: &Flow, trace: &EndTrace) -> Result<Vec<PolicyRef>, Refusal> {
    // Whether or not backends are known: policy is judged on them (ruling N13).
    let service = flow.destination().address().and_then(|address| service(input.world, address));
    if let Some(service) = service {
        return Err(Refusal::AskForService { service });
    }
    let decided = trace.stages.iter().find(|stage| stage.outcome == Outcome::Decided);
    match (&trace.judgement.reason, decided.map(|stage| stage.tier)) {
        (Reason::Rule(rule), Some(Tier::Admin)) => Err(Refusal::AdminRule { rule: rule.clone() }),
        (Reason::DefaultDeny(policies), _) => Ok(policies.clone()),
        (Reason::Rule(_) | Reason::Builtin(_), _) => Ok(Vec::new()),
    }
}

/// The Service at an address, as a word for a peer.
fn service(world: &World, address: IpAddr) -> Option<String> {
    let here = world.services().iter().find(|service| service.addresses.contains(&address));
    here.map(|service| format!("{}/svc/{}", service.namespace, service.name))
}

fn peer(world: &World, question: &Question, end: &End) -> Result<Peer, Refusal> {
    match end {
        End::Pod { pod, .. } => {
            let (name, ids) = workload(world, *pod);
            Ok(Peer::Pods { name, ids })
        }
        End::Host { address: Some(address), .. } => {
            Ok(Peer::Address { address: *address, hosts: hosts(world, *address) })
        }
        End::Host { address: None, .. } => Err(Refusal::NodeAddress { node: name::of(world, end) }),
        End::External { address } if question.is_example => {
            Err(Refusal::Example { word: example(question, *address) })
        }
        End::External { address } => Ok(Peer::Address { address: *address, hosts: Vec::new() }),
        End::UnknownPod { address } => Err(Refusal::UnknownPod { address: *address }),
        End::Domain { name } => Err(Refusal::Name { name: name.clone() }),
    }
}

/// Nobody can tell those apart who share an address (ruling N16).
fn hosts(world: &World, address: IpAddr) -> Vec<Name> {
    let nodes = world.nodes().filter(|(_, node)| node.addresses.contains(&address));
    let nodes = nodes.map(|(_, node)| Name::Node(node.name.as_str().into()));
    let on_host = |pod: &model::Pod| pod.host_network && pod.addresses.contains(&address);
    let pods = world.pods().filter(|(_, pod)| on_host(pod));
    nodes.chain(pods.map(|(_, pod)| Name::of_workload(pod))).collect()
}

fn example(question: &Question, address: IpAddr) -> String {
    let words = [&question.from, &question.to];
    let known = words.into_iter().find(|word| *word == "internet");
    known.cloned().unwrap_or_else(|| address.to_string())
}

/// The name of a pod's workload, and all its pods.
fn workload(world: &World, pod: PodId) -> (Name, Vec<PodId>) {
    let own = world.pod(pod);
    let is_own = |other: &model::Pod| match &own.owner {
        Some(_) => other.namespace == own.namespace && other.owner == own.owner,
        None => other.namespace == own.namespace && other.name == own.name,
    };
    let pods = world.pods().filter(|(_, other)| is_own(other) && !other.host_network);
    (Name::of_workload(own), pods.map(|(id, _)| id).collect())
}
