//! Tables in memory, and the smallest worlds and policies that fill them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]
#![allow(dead_code, reason = "each test file uses a part")]

use std::convert::Infallible;
use std::net::IpAddr;

use compile::{Capacities, Image, Scope, Slots};
use model::{
    Action, Direction, Labels, Peers, Pod, PolicyKind, PolicyRef, PortMatch, PortRange, Ports,
    Protocol, Rule, RuleRef, Rules, Selector, Service, Subject, Tier, Traffic, World, WorldParts,
};
use plan::{Kernel, Op};
use ringfence_node::Node;

/// Tables in memory.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) image: Image,
    pub(crate) capacities: Capacities,
    pub(crate) writes: usize,
    /// The endpoint by which the node itself is judged.
    pub(crate) host: Option<u32>,
}

impl Tables {
    pub(crate) fn new() -> Self {
        Self { image: Image::default(), capacities: Capacities::default(), writes: 0, host: None }
    }
}

impl Kernel for Tables {
    type ObserveError = Infallible;
    type PerformError = Infallible;

    fn capacities(&self) -> Result<Capacities, Infallible> {
        Ok(self.capacities)
    }

    fn observe(&self) -> Result<Image, Infallible> {
        Ok(self.image.clone())
    }

    fn reset_rule_counts(&mut self, _: &[u16]) -> Result<(), Infallible> {
        Ok(())
    }

    fn open_host(&mut self, endpoint: u32) -> Result<(), Infallible> {
        self.host = self.host.filter(|host| *host != endpoint);
        Ok(())
    }

    fn perform(&mut self, ops: &[Op]) -> Result<(), Infallible> {
        for op in ops {
            op.apply(&mut self.image);
            let record = self.host.map(|host| self.image.endpoints.get(&host).copied());
            let is_live = record.flatten().is_some_and(|record| record.sets.is_live());
            assert!(self.host.is_none() || is_live, "the node is locked out by {op:?}");
        }
        self.writes += ops.len();
        Ok(())
    }
}

pub(crate) fn pod(name: &str, last: u8) -> Pod {
    Pod {
        namespace: "shop".into(),
        name: name.into(),
        labels: Labels::default().with("app", name),
        owner: None,
        node: Some("node1".into()),
        addresses: vec![[10, 244, 0, last].into()],
        host_network: false,
        containers: Vec::new(),
        ports: Vec::new(),
    }
}

pub(crate) fn world(pods: Vec<Pod>, services: Vec<Service>) -> World {
    let pod_networks = vec!["10.244.0.0/16".parse().unwrap()];
    World::new(WorldParts { pods, services, pod_networks, ..WorldParts::default() }).unwrap()
}

/// A policy of `app` in `direction` that admits everybody of `peers` on these ports.
pub(crate) fn policy(
    name: &str,
    app: &str,
    direction: Direction,
    peers: &Peers,
    ports: &[u16],
) -> Vec<Rule> {
    let policy = PolicyRef {
        name: name.into(),
        namespace: Some("shop".into()),
        kind: PolicyKind::NetworkPolicy,
    };
    let numbers = |port: &u16| PortMatch::Numbers {
        protocol: Protocol::Tcp,
        range: PortRange::single(*port),
    };
    vec![Rule {
        tier: Tier::NetworkPolicy,
        group: 0,
        origin: RuleRef { policy, direction, index: 0 },
        subject: Subject::new(Selector::everything(), Selector::equals("app", app)),
        peers: peers.clone(),
        ports: Ports::OneOf(ports.iter().map(numbers).collect()),
        action: Action::Allow,
    }]
}

pub(crate) fn tcp(port: u16) -> Traffic {
    Traffic::Port(Protocol::Tcp, port)
}

pub(crate) fn program(node: &mut Node, tables: &mut Tables, world: &World, rules: &Rules) {
    node.follow(world, Scope::Everywhere);
    node.program(tables, world, rules, &mut |_, _| Ok(()))
        .unwrap_or_else(|error| panic!("{error:?}"));
}

pub(crate) const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 244, 0, 9));

/// A process that begins anew: it knows what interfaces and the node's record say.
pub(crate) fn restarted(node: &Node, world: &World, tables: &Tables) -> Node {
    let pods = world.pods().filter_map(|(_, pod)| {
        Some(((pod.namespace.clone(), pod.name.clone()), node.slots().get(pod)?))
    });
    let nodes = world.nodes().map(|(_, node)| node.name.clone());
    let mut of_nodes = nodes.filter_map(|name| Some((name.clone(), node.slots().of_node(&name)?)));
    let host = of_nodes.find(|(_, slot)| tables.image.endpoints.contains_key(slot));
    Node::restarted(Slots::held(pods, host))
}
