//! What a policy would cut a node off from: judged by the table, before it is programmed.
//!
//! Whoever writes a rule for a node can lock himself out by it, and the agent too, which then could not
//! hear of a better rule. Connections carry their replies, so only their openings are judged.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use abi::{Address, PrefixKey};
use compile::{Compiled, Image};
use ipnet::IpNet;
use model::{Direction, NodeId, Protocol, Reason, Traffic, Verdict, World};

const DNS: u16 = 53;
const SSH: u16 = 22;

/// Where a node finds what it must not lose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protected {
    /// The API server of the node's agent.
    pub api_server: Option<SocketAddr>,
    /// The name servers of the node.
    pub dns: Vec<IpAddr>,
    /// From where people look after the node by SSH.
    pub ssh_from: Vec<IpNet>,
}

/// A path that a node must not lose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Path {
    /// To the API server, or where the node has it, to it from another node.
    ControlPlane(SocketAddr),
    /// To a name server.
    Dns(IpAddr, Protocol),
    /// From somebody who looks after the node.
    Ssh(IpAddr),
}

/// A path that would be lost, and because of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LockOut {
    pub(crate) path: Path,
    pub(crate) reason: Option<Reason>,
}

/// What the table says of the paths of `node` that it denies; of each kind the first.
pub(crate) fn lock_outs(
    world: &World,
    compiled: &Compiled,
    node: NodeId,
    protected: &Protected,
) -> Vec<LockOut> {
    let Some(slot) = compiled.hosts.get(&node).copied() else { return Vec::new() };
    let judge = Judge { world, compiled, node, slot };
    let paths = [judge.control_plane(protected), judge.dns(protected), judge.ssh(protected)];
    paths.into_iter().flatten().collect()
}

struct Judge<'a> {
    world: &'a World,
    compiled: &'a Compiled,
    node: NodeId,
    slot: u32,
}

impl Judge<'_> {
    fn own(&self) -> &[IpAddr] {
        &self.world.node(self.node).addresses
    }

    /// A node that has the API server itself reaches it, and must not keep it from the others.
    fn control_plane(&self, protected: &Protected) -> Option<LockOut> {
        let server = protected.api_server?;
        let traffic = Traffic::Port(Protocol::Tcp, server.port());
        let path = Path::ControlPlane(server);
        if !self.own().contains(&server.ip()) {
            return self.denied(path, Direction::Egress, server.ip(), traffic);
        }
        let others = self.world.nodes().filter(|(id, _)| *id != self.node);
        let mut others = others.flat_map(|(_, node)| &node.addresses);
        others.find_map(|other| self.denied(path, Direction::Ingress, *other, traffic))
    }

    fn dns(&self, protected: &Protected) -> Option<LockOut> {
        let servers = protected.dns.iter().filter(|server| !self.own().contains(server));
        let mut ways = servers
            .flat_map(|server| [Protocol::Udp, Protocol::Tcp].map(|protocol| (*server, protocol)));
        ways.find_map(|(server, protocol)| {
            let traffic = Traffic::Port(protocol, DNS);
            self.denied(Path::Dns(server, protocol), Direction::Egress, server, traffic)
        })
    }

    /// Pods are nobody who looks after a node. Of all others those that the table tells apart are asked.
    fn ssh(&self, protected: &Protected) -> Option<LockOut> {
        let image = &self.compiled.image;
        let traffic = Traffic::Port(Protocol::Tcp, SSH);
        let from = protected.ssh_from.iter().flat_map(|network| self.told_apart(image, *network));
        from.filter(|address| !self.own().contains(address))
            .collect::<BTreeSet<_>>()
            .iter()
            .find_map(|address| {
                self.denied(Path::Ssh(*address), Direction::Ingress, *address, traffic)
            })
    }

    /// An address of each part of `network` that the table may answer differently.
    fn told_apart(&self, image: &Image, network: IpNet) -> Vec<IpAddr> {
        let is_pods = |address: &IpAddr| {
            self.world.is_pod_address(*address)
                || self.world.pod_networks().iter().any(|network| network.contains(address))
        };
        let inside = |address: &IpAddr| network.contains(address);
        let nodes = self.world.nodes().flat_map(|(_, node)| node.addresses.iter().copied());
        let parts = image.prefixes.keys().flat_map(edges);
        let all = parts.chain(nodes).filter(inside).chain([network.addr()]);
        all.filter(|address| !is_pods(address)).collect()
    }

    fn denied(
        &self,
        path: Path,
        direction: Direction,
        remote: IpAddr,
        traffic: Traffic,
    ) -> Option<LockOut> {
        let answer = self.compiled.image.lookup(self.slot, direction, remote, traffic);
        let reason = match answer.reason {
            Some(builtin) => Some(Reason::Builtin(builtin)),
            None => self.compiled.reason(answer.rule).cloned(),
        };
        (answer.verdict == Verdict::Deny).then_some(LockOut { path, reason })
    }
}

/// First, last, and their neighbours: one of these is in every part that has no prefix of its own.
fn edges(key: &PrefixKey) -> Vec<IpAddr> {
    let first = u128::from_be_bytes(key.address.0);
    let last = first | u128::MAX.checked_shr(key.length).unwrap_or(0);
    let ends = [first.checked_sub(1), Some(first), Some(last), last.checked_add(1)];
    ends.into_iter().flatten().map(|bits| Address(bits.to_be_bytes()).into()).collect()
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ControlPlane(server) => write!(f, "the control plane at {server}"),
            Self::Dns(server, protocol) => write!(f, "DNS at {server} ({})", protocol.name()),
            Self::Ssh(from) => write!(f, "SSH from {from}"),
        }
    }
}

impl fmt::Display for LockOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Some(reason) => write!(f, "{} denies {}", reason, self.path),
            None => write!(f, "a rule denies {}", self.path),
        }
    }
}

#[cfg(test)]
mod tests;
