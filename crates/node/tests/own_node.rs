//! A node's own endpoint: it keeps its slot, and a table that is too small never locks the node out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test panics")]

mod tables;

use compile::{Capacities, Counts, Scope};
use model::{
    Action, Block, Direction, Labels, Peer, Peers, Pod, Ports, Rule, Rules, Selector, Subject,
    Tier, Verdict, World, WorldParts,
};
use ringfence_node::{Held, Node};
use tables::{CLIENT, Tables, pod, policy, program, restarted, tcp};

fn with_node(pods: Vec<Pod>) -> World {
    let labels = Labels::default().with("role", "node");
    let node = model::Node { name: "node1".into(), labels, addresses: vec![NODE.into()] };
    let pod_networks = vec!["10.244.0.0/16".parse().unwrap()];
    let nodes = vec![node];
    World::new(WorldParts { pods, nodes, pod_networks, ..WorldParts::default() }).unwrap()
}

const NODE: [u8; 4] = [192, 168, 0, 1];

/// The node may send to these ports of these peers only.
fn of_node(name: &str, peers: &Peers, ports: &[u16]) -> Vec<Rule> {
    let allow = policy(name, "", Direction::Egress, peers, ports);
    let to_nodes = |rule: Rule| Rule {
        tier: Tier::Admin,
        subject: Subject::of_nodes(Selector::equals("role", "node")),
        ..rule
    };
    let deny = policy(name, "", Direction::Egress, &Peers::Any, &[]).into_iter().map(|rule| Rule {
        ports: Ports::Any,
        action: Action::Deny,
        group: 1,
        ..rule
    });
    allow.into_iter().chain(deny).map(to_nodes).collect()
}

/// Programs and then says by which endpoint the node is judged, as agents do.
fn program_node(node: &mut Node, tables: &mut Tables, world: &World, rules: &Rules) {
    program(node, tables, world, rules);
    let hosts = &node.compiled().unwrap().hosts;
    tables.host = hosts.values().next().copied();
}

fn sends(tables: &Tables, port: u16) -> Option<Verdict> {
    let to = |slot| tables.image.lookup(slot, Direction::Egress, CLIENT, tcp(port)).verdict;
    tables.host.map(to)
}

#[test]
fn a_node_keeps_its_slot_when_the_process_begins_anew_and_a_pod_came_meanwhile() {
    let (mut node, mut tables) = (Node::default(), Tables::new());
    let rules = Rules::new(of_node("own", &Peers::Any, &[80]));
    program_node(&mut node, &mut tables, &with_node(vec![pod("web", 2)]), &rules);
    let slot = node.slots().of_node("node1");
    assert_eq!(tables.host, slot);
    let world = with_node(vec![pod("new", 3), pod("web", 2)]);
    let mut again = restarted(&node, &with_node(vec![pod("web", 2)]), &tables);
    again.follow(&world, Scope::Everywhere);
    assert_eq!(again.slots().of_node("node1"), slot);
    let new = again.slots().get(world.pod(world.find_pod("shop", "new").unwrap())).unwrap();
    assert!(!tables.image.endpoints.contains_key(&new), "a new pod begins in quarantine");
    program_node(&mut again, &mut tables, &world, &rules);
    assert_eq!(tables.host, slot);
    assert_eq!(
        [80, 81].map(|port| sends(&tables, port)),
        [Some(Verdict::Allow), Some(Verdict::Deny)]
    );
}

#[test]
fn a_node_whose_policies_do_not_fit_keeps_its_last_good_ones_or_is_open_and_never_in_quarantine() {
    let world = with_node(vec![pod("web", 2), pod("client", 9)]);
    let good = Rules::new(of_node("good", &Peers::Any, &[80]));
    let some =
        Peers::OneOf(vec![Peer::Block(Block::new("10.244.0.8/30".parse().unwrap(), []).unwrap())]);
    let large = Rules::new(of_node("large", &some, &[443, 444]));
    let (mut node, mut tables) = (Node::default(), Tables::new());
    program_node(&mut node, &mut tables, &world, &good);
    tables.capacities.rows = u32::try_from(Counts::of(&tables.image).rows).unwrap();
    program_node(&mut node, &mut tables, &world, &large);
    let held = |node: &Node| {
        let held = node.not_programmed().endpoints.clone();
        held.into_iter().map(|held| (held.pod, held.held)).collect::<Vec<_>>()
    };
    assert_eq!(held(&node), [("node node1".to_owned(), Held::LastGood)]);
    assert_eq!(
        [80, 443].map(|port| sends(&tables, port)),
        [Some(Verdict::Allow), Some(Verdict::Deny)]
    );

    // Whoever begins anew does not know what was good.
    let mut again = restarted(&node, &world, &tables);
    program_node(&mut again, &mut tables, &world, &large);
    assert_eq!(held(&again), [("node node1".to_owned(), Held::Unenforced)]);
    assert_eq!(sends(&tables, 80), None, "nothing of the node is judged");
    let line = again.not_programmed().endpoints[0].to_string();
    assert!(line.contains("on node node1, which has no policy in force: rows"), "{line}");

    tables.capacities = Capacities::default();
    program_node(&mut again, &mut tables, &world, &large);
    assert!(again.not_programmed().is_empty());
    assert_eq!(
        [80, 443].map(|port| sends(&tables, port)),
        [Some(Verdict::Deny), Some(Verdict::Allow)]
    );
}
