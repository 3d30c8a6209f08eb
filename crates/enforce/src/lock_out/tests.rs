//! Each protected path: denied by a rule, and spared by one that is a step narrower.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may crash")]

use compile::{Scope, Slots, compile};
use model::{
    Action, Block, Labels, Node, Peer, Peers, PolicyKind, PolicyRef, PortMatch, PortRange, Ports,
    Rule, RuleRef, Rules, Selector, Subject, Tier, WorldParts,
};

use super::*;

const SERVER: &str = "172.30.0.3:6443";

fn node(name: &str, address: &str) -> Node {
    Node {
        name: name.to_owned(),
        labels: Labels::default().with("name", name),
        addresses: vec![address.parse().unwrap()],
    }
}

fn world() -> World {
    let nodes = vec![node("node1", "172.30.0.3"), node("node2", "172.30.0.4")];
    let pod_networks = vec!["10.244.0.0/16".parse().unwrap()];
    World::new(WorldParts { nodes, pod_networks, ..WorldParts::default() }).unwrap()
}

/// A denial of `port` that every node has, with `peer` at the other end.
fn denial(direction: Direction, peer: &str, protocol: Protocol, port: u16) -> Rules {
    let kind = PolicyKind::ClusterNetworkPolicy;
    let policy = PolicyRef { name: "shut".to_owned(), namespace: None, kind };
    let block = Block::new(peer.parse().unwrap(), []).unwrap();
    let range = PortRange::single(port);
    Rules::new(vec![Rule {
        tier: Tier::Admin,
        group: 0,
        origin: RuleRef { policy, direction, index: 0 },
        subject: Subject::of_nodes(Selector::everything()),
        peers: Peers::OneOf(vec![Peer::Block(block)]),
        ports: Ports::OneOf(vec![PortMatch::Numbers { protocol, range }]),
        action: Action::Deny,
    }])
}

fn protected(ssh_from: &str) -> Protected {
    Protected {
        api_server: Some(SERVER.parse().unwrap()),
        dns: vec!["198.51.100.53".parse().unwrap()],
        ssh_from: vec![ssh_from.parse().unwrap()],
    }
}

/// What `node` would lose, as people are told.
fn lost(node: &str, rules: &Rules, protected: &Protected) -> Vec<String> {
    let world = world();
    let slots = Slots::of(&world, Scope::Node(node));
    let compiled = compile(&world, rules, &slots).unwrap();
    let node = world.find_node(node).unwrap();
    lock_outs(&world, &compiled, node, protected).iter().map(ToString::to_string).collect()
}

const SHUT_EGRESS: &str = "ClusterNetworkPolicy shut egress[0]";
const SHUT_INGRESS: &str = "ClusterNetworkPolicy shut ingress[0]";

#[test]
fn the_way_to_the_api_server_is_protected_on_its_port() {
    let guarded = protected("0.0.0.0/0");
    let cut = denial(Direction::Egress, "172.30.0.0/24", Protocol::Tcp, 6443);
    let expected = format!("{SHUT_EGRESS} denies the control plane at {SERVER}");
    assert_eq!(lost("node2", &cut, &guarded), [expected]);
    assert!(lost("node1", &cut, &guarded).is_empty(), "it reaches its own address");
    let beside = denial(Direction::Egress, "172.30.0.0/24", Protocol::Tcp, 6444);
    assert!(lost("node2", &beside, &guarded).is_empty());
    let other = denial(Direction::Egress, "172.30.0.4/32", Protocol::Tcp, 6443);
    assert!(lost("node2", &other, &guarded).is_empty());
}

#[test]
fn the_node_of_the_api_server_must_let_the_others_in() {
    let guarded = protected("0.0.0.0/0");
    let cut = denial(Direction::Ingress, "172.30.0.4/32", Protocol::Tcp, 6443);
    let expected = format!("{SHUT_INGRESS} denies the control plane at {SERVER}");
    assert_eq!(lost("node1", &cut, &guarded), [expected]);
    assert!(lost("node2", &cut, &guarded).is_empty(), "it has no API server");
    let nobody = denial(Direction::Ingress, "172.30.0.5/32", Protocol::Tcp, 6443);
    assert!(lost("node1", &nobody, &guarded).is_empty());
}

#[test]
fn names_are_asked_for_over_both_protocols() {
    let guarded = protected("0.0.0.0/0");
    for protocol in [Protocol::Udp, Protocol::Tcp] {
        let cut = denial(Direction::Egress, "198.51.100.0/24", protocol, 53);
        let name = protocol.name();
        let expected = format!("{SHUT_EGRESS} denies DNS at 198.51.100.53 ({name})");
        assert_eq!(lost("node1", &cut, &guarded), [expected]);
    }
    let other = denial(Direction::Egress, "198.51.100.54/32", Protocol::Udp, 53);
    assert!(lost("node1", &other, &guarded).is_empty());
}

#[test]
fn ssh_must_come_in_from_wherever_it_is_protected_and_not_from_pods() {
    let cut = denial(Direction::Ingress, "203.0.113.0/25", Protocol::Tcp, 22);
    let found = lost("node1", &cut, &protected("0.0.0.0/0"));
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with(&format!("{SHUT_INGRESS} denies SSH from 203.0.113.")),
        "{found:?}"
    );
    assert_eq!(lost("node1", &cut, &protected("203.0.113.7/32")).len(), 1);
    assert!(lost("node1", &cut, &protected("203.0.113.128/25")).is_empty(), "not from there");
    let pods = denial(Direction::Ingress, "10.244.0.0/16", Protocol::Tcp, 22);
    assert!(lost("node1", &pods, &protected("0.0.0.0/0")).is_empty());
    let udp = denial(Direction::Ingress, "203.0.113.0/25", Protocol::Udp, 22);
    assert!(lost("node1", &udp, &protected("0.0.0.0/0")).is_empty());
}

#[test]
fn what_is_left_between_two_parts_is_asked_too() {
    // Everything but the two ends of the whole is denied.
    let middle = denial(Direction::Ingress, "64.0.0.0/2", Protocol::Tcp, 22);
    assert_eq!(lost("node1", &middle, &protected("0.0.0.0/0")).len(), 1);
}
