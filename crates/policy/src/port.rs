//! Whether a rule's ports match a flow's traffic.
//!
//! Names are always resolved on the destination pod, whichever end the rule speaks for (ruling N5).

use model::{End, Flow, Pod, PortMatch, Ports, Protocol, Traffic, World};

use crate::matching::Match;

/// Absent ports match everything, ICMP included (rulings N6, C2).
pub(crate) fn matches(world: &World, ports: &Ports, flow: &Flow) -> Match {
    match ports {
        Ports::Any => Match::Yes,
        Ports::OneOf(ports) => ports.iter().any(|port| one_matches(world, port, flow)).into(),
    }
}

pub(crate) fn one_matches(world: &World, port: &PortMatch, flow: &Flow) -> bool {
    let Traffic::Port(protocol, number) = flow.traffic() else { return false };
    match port {
        PortMatch::Numbers { protocol: wanted, range } => {
            *wanted == protocol && range.contains(number)
        }
        PortMatch::Named { protocol: wanted, name } => {
            wanted.is_none_or(|wanted| wanted == protocol)
                && named_port(world, flow, name, protocol) == Some(number)
        }
    }
}

/// Only a pod with a network of its own has named ports (rulings N5, N16, N31).
fn named_port(world: &World, flow: &Flow, name: &str, protocol: Protocol) -> Option<u16> {
    let End::Pod { pod, .. } = flow.destination() else { return None };
    let pod: &Pod = world.pod(*pod);
    pod.named_port(name, protocol)
}
