//! What the ends of a flow are called: the words that the command line takes.
//!
//! A pod answers for its workload, because policies select labels and not pods.

use analysis::Name;
use model::{Direction, End, Flow, World};

/// The name of the end whose policies speak in `direction`.
pub(crate) fn of_end(world: &World, flow: &Flow, direction: Direction) -> String {
    match direction {
        Direction::Egress => of(world, flow.source()),
        Direction::Ingress => of(world, flow.destination()),
    }
}

/// The name of an end.
pub(crate) fn of(world: &World, end: &End) -> String {
    match end {
        End::Pod { pod, .. } => Name::of_workload(world.pod(*pod)).to_string(),
        End::Host { node: Some(node), .. } => format!("node/{}", world.node(*node).name),
        End::Host { node: None, address: Some(address) }
        | End::UnknownPod { address }
        | End::External { address } => format!("ip:{address}"),
        End::Host { node: None, address: None } => "a node".to_owned(),
        End::Domain { name } => format!("dns:{name}"),
    }
}

/// The end that a pod's policies speak about in `direction`.
pub(crate) fn other(flow: &Flow, direction: Direction) -> &End {
    match direction {
        Direction::Egress => flow.destination(),
        Direction::Ingress => flow.source(),
    }
}

/// The end whose policies speak in `direction`.
pub(crate) fn own(flow: &Flow, direction: Direction) -> &End {
    match direction {
        Direction::Egress => flow.source(),
        Direction::Ingress => flow.destination(),
    }
}
