//! The probe that makes a given flow real, where a packet of a lab can be that flow.
//!
//! Flows that people or generators write down may be impossible here: an address that no host can
//! have, a node's address on a wire to the node's own pod. Those are left out, never bent.

use std::net::IpAddr;

use model::{
    Backend, Builtin, Decision, End, Family, Flow, Origin, Protocol, Reason, ServicePort, Traffic,
    World,
};

use crate::fabric::Sender;
use crate::message::Carrier;
use crate::outside;
use crate::probe::{Alternative, Probe};

/// The probe that makes `flow` real, if both its ends can be had, its traffic can be sent, and a
/// Service leads there where one has to.
pub(crate) fn of_flow(world: &World, flow: &Flow, decision: &Decision) -> Option<Probe> {
    if asks_for_another_sender(flow, decision) {
        return None;
    }
    let (source, destination) = (real(flow.source())?, real(flow.destination())?);
    if is_made_on_host(world, flow) != (flow.origin() == Origin::Host) {
        return None;
    }
    let (carrier, port) = match flow.traffic() {
        // Nobody can listen on port 0.
        Traffic::Port(_, 0) => return None,
        Traffic::Port(protocol, port) => (Carrier::of(protocol), port),
        other if other == Traffic::icmp(flow.family()) => (Carrier::Echo, 0),
        Traffic::Other(_) => return None,
    };
    let direct = Probe {
        from: name_of(world, flow.source())?,
        to: name_of(world, flow.destination())?,
        carrier,
        source,
        destination,
        port,
        flow: flow.clone(),
        decision: decision.clone(),
        alternatives: Vec::new(),
        sender: sender_of(world, flow.source())?,
    };
    if flow.is_translated() { through_service(world, direct) } else { Some(direct) }
}

/// Whether a certain process is to send, or one that nobody knows: a lab's own processes send, and
/// they are known.
fn asks_for_another_sender(flow: &Flow, decision: &Decision) -> bool {
    let untagged = Reason::Builtin(Builtin::Untagged);
    flow.process().is_some() || decision.egress.reason == untagged
}

/// The address of an end that can be there; no host has a group's address.
fn real(end: &End) -> Option<IpAddr> {
    let address = end.address()?;
    match end {
        End::Pod { .. } | End::Host { .. } => Some(address),
        End::UnknownPod { .. } | End::External { .. } => {
            outside::is_ordinary(address).then_some(address)
        }
        End::Domain { .. } => None,
    }
}

/// What a node sends to a pod that it runs has host origin, whatever was asked for (ruling N15).
fn is_made_on_host(world: &World, flow: &Flow) -> bool {
    match (flow.source(), flow.destination().pod()) {
        (End::Host { node: Some(node), .. }, Some(pod)) => {
            world.pod(pod).node.as_deref() == Some(world.node(*node).name.as_str())
        }
        (_, _) => false,
    }
}

/// The same probe by way of the Service that leads to its destination and nowhere else.
fn through_service(world: &World, direct: Probe) -> Option<Probe> {
    let protocol = match direct.carrier {
        Carrier::Tcp => Protocol::Tcp,
        Carrier::Udp => Protocol::Udp,
        // The kernel's hooks know no such sockets, so nobody translates.
        Carrier::Sctp | Carrier::Echo => return None,
    };
    let backend = Backend { address: direct.destination, protocol, port: direct.port };
    let ((address, port), name) = service_to(world, backend)?;
    let (flow, decision) = (direct.flow.clone(), direct.decision.clone());
    let alternatives = vec![Alternative { backend, flow, decision }];
    Some(Probe { to: name, destination: address, port, alternatives, ..direct })
}

/// The address, port and name of a Service whose only backend is `backend`.
fn service_to(world: &World, backend: Backend) -> Option<((IpAddr, u16), String)> {
    let family = Family::of(backend.address);
    world.services().iter().find_map(|service| {
        let of_family = |address: &&IpAddr| Family::of(**address) == family;
        let address = *service.addresses.iter().find(of_family)?;
        let leads = |port: &&ServicePort| {
            world.backends(service, port, family).as_slice() == [backend].as_slice()
        };
        let port = service.ports.iter().find(leads)?;
        Some(((address, port.port), format!("{}/svc/{}", service.namespace, service.name)))
    })
}

fn name_of(world: &World, end: &End) -> Option<String> {
    match end {
        End::Pod { pod, .. } => Some(world.pod(*pod).to_string()),
        End::Host { node, .. } => Some(format!("node/{}", world.node((*node)?).name)),
        End::UnknownPod { address } | End::External { address } => Some(format!("ip:{address}")),
        End::Domain { .. } => None,
    }
}

fn sender_of(world: &World, end: &End) -> Option<Sender> {
    match end {
        End::Pod { pod, .. } => Some(Sender::Pod(world.pod(*pod).to_string())),
        End::Host { node, .. } => Some(Sender::Node((*node)?.0 as usize)),
        End::UnknownPod { .. } | End::External { .. } => Some(Sender::Outside),
        End::Domain { .. } => None,
    }
}
