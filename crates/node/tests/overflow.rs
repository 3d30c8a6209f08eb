//! Tables that are too small: what stays in force, what is reported, and that nothing is lost that
//! denies.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

use std::convert::Infallible;
use std::net::IpAddr;

use compile::{Capacities, Counts, Image, Scope, Slots};
use model::{
    Action, Block, Direction, Flow, Labels, Peer, Peers, Pod, PolicyKind, PolicyRef, PortMatch,
    PortRange, Ports, Protocol, Rule, RuleRef, Rules, Selector, Service, ServicePort, Subject,
    TargetPort, Tier, Traffic, Verdict, World, WorldParts,
};
use plan::{Kernel, Op};
use ringfence_node::{Held, Node};
use testkit::generate::Generated;

/// Tables in memory.
#[derive(Debug)]
struct Tables {
    image: Image,
    capacities: Capacities,
    writes: usize,
    /// The endpoint by which the node itself is judged.
    host: Option<u32>,
}

impl Tables {
    fn new() -> Self {
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

fn pod(name: &str, last: u8) -> Pod {
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

fn service() -> Service {
    let port = ServicePort {
        name: None,
        protocol: Protocol::Tcp,
        port: 80,
        target: TargetPort::Number(8080),
    };
    Service {
        namespace: "shop".into(),
        name: "web".into(),
        addresses: vec![SERVICE.into()],
        headless: false,
        affinity_seconds: None,
        ports: vec![port],
        selector: Some(Selector::equals("app", "web")),
        endpoints: Vec::new(),
    }
}

const SERVICE: [u8; 4] = [10, 96, 0, 10];

fn world(pods: Vec<Pod>, services: Vec<Service>) -> World {
    let pod_networks = vec!["10.244.0.0/16".parse().unwrap()];
    World::new(WorldParts { pods, services, pod_networks, ..WorldParts::default() }).unwrap()
}

/// A policy of `app` in `direction` that admits everybody of `peers` on these ports.
fn policy(name: &str, app: &str, direction: Direction, peers: &Peers, ports: &[u16]) -> Vec<Rule> {
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

fn tcp(port: u16) -> Traffic {
    Traffic::Port(Protocol::Tcp, port)
}

fn program(node: &mut Node, tables: &mut Tables, world: &World, rules: &Rules) {
    node.follow(world, Scope::Everywhere);
    node.program(tables, world, rules).unwrap_or_else(|error| panic!("{error:?}"));
}

fn verdict(tables: &Tables, node: &Node, world: &World, pod: &str, ask: (IpAddr, u16)) -> Verdict {
    let id = world.find_pod("shop", pod).expect("it is there");
    let slot = node.slots().get(world.pod(id)).expect("it is here");
    tables.image.lookup(slot, Direction::Ingress, ask.0, tcp(ask.1)).verdict
}

const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 244, 0, 9));

#[test]
fn a_policy_that_does_not_fit_leaves_the_last_good_one_in_force_and_is_named() {
    let (mut node, mut tables) = (Node::default(), Tables::new());
    let world = world(vec![pod("web", 2), pod("client", 9)], Vec::new());
    let good = Rules::new(policy("good", "web", Direction::Ingress, &Peers::Any, &[80]));
    program(&mut node, &mut tables, &world, &good);
    assert!(node.not_programmed().is_empty());

    // One row more than there are now would be needed, for those whom the rule tells apart.
    tables.capacities.rows = u32::try_from(Counts::of(&tables.image).rows).unwrap();
    let block = Block::new("10.244.0.8/30".parse().unwrap(), []).unwrap();
    let some = Peers::OneOf(vec![Peer::Block(block)]);
    let large = Rules::new(policy("large", "web", Direction::Ingress, &some, &[443]));
    program(&mut node, &mut tables, &world, &large);
    let report = node.not_programmed().clone();
    let [held] = report.endpoints.as_slice() else { panic!("{report:?}") };
    assert_eq!((held.pod.as_str(), held.held), ("shop/web", Held::LastGood));
    let policies: Vec<&str> = held.policies.iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(policies, ["good", "large"], "one should be in force and the other should not");
    assert_eq!(held.shortage.table, "rows");
    assert!(report.shortages.iter().any(|shortage| shortage.needed > shortage.capacity as usize));
    let ask =
        |tables: &Tables, node: &Node, port| verdict(tables, node, &world, "web", (CLIENT, port));
    assert_eq!([80, 443].map(|port| ask(&tables, &node, port)), [Verdict::Allow, Verdict::Deny]);

    let before = tables.writes;
    program(&mut node, &mut tables, &world, &large);
    assert_eq!(tables.writes, before, "nothing is tried again for nothing");

    tables.capacities = Capacities::default();
    program(&mut node, &mut tables, &world, &large);
    assert!(node.not_programmed().is_empty());
    assert_eq!([80, 443].map(|port| ask(&tables, &node, port)), [Verdict::Deny, Verdict::Allow]);
}

#[test]
fn a_new_pod_that_does_not_fit_stays_in_quarantine_and_its_neighbour_is_as_it_was() {
    let (mut node, mut tables) = (Node::default(), Tables::new());
    let rules = |app| policy(app, app, Direction::Ingress, &Peers::Any, &[80]);
    let both = Rules::new([rules("web"), rules("new")].concat());
    let one = world(vec![pod("web", 2)], Vec::new());
    program(&mut node, &mut tables, &one, &both);
    tables.capacities.rows = u32::try_from(Counts::of(&tables.image).rows).unwrap();
    let two = world(vec![pod("new", 3), pod("web", 2)], Vec::new());
    program(&mut node, &mut tables, &two, &both);
    let [held] = node.not_programmed().endpoints.as_slice() else { panic!("one is held") };
    assert_eq!((held.pod.as_str(), held.held), ("shop/new", Held::Quarantine));
    let asked = |pod| verdict(&tables, &node, &two, pod, (CLIENT, 80));
    assert_eq!(["new", "web"].map(asked), [Verdict::Deny, Verdict::Allow]);
}

#[test]
fn a_service_that_does_not_fit_is_denied_and_never_an_address_like_any_other() {
    let world = world(vec![pod("web", 2), pod("client", 9)], vec![service()]);
    let anywhere = Block::new("0.0.0.0/0".parse().unwrap(), []).unwrap();
    let anywhere = Peers::OneOf(vec![Peer::Block(anywhere)]);
    let rules = Rules::new(policy("out", "client", Direction::Egress, &anywhere, &[80, 443, 8080]));
    for (services, expected) in [(1, Verdict::Allow), (0, Verdict::Deny)] {
        let (mut node, mut tables) = (Node::default(), Tables::new());
        tables.capacities.services = services;
        program(&mut node, &mut tables, &world, &rules);
        let held: Vec<&str> =
            node.not_programmed().services.iter().map(|held| held.service.as_str()).collect();
        assert_eq!(held, if services == 0 { vec!["shop/web"] } else { vec![] });
        let client = world.pod(world.find_pod("shop", "client").unwrap());
        let slot = node.slots().get(client).unwrap();
        let to = |address: IpAddr, port| {
            tables.image.lookup(slot, Direction::Egress, address, tcp(port)).verdict
        };
        assert_eq!(to(SERVICE.into(), 80), expected);
        assert_eq!(to(SERVICE.into(), 443), expected, "the whole address is refused or none of it");
        assert_eq!(to([10, 96, 0, 11].into(), 80), Verdict::Allow, "the address beside it");
    }
}

/// A process that begins anew: it knows what interfaces and the node's record say.
fn restarted(node: &Node, world: &World, tables: &Tables) -> Node {
    let pods = world.pods().filter_map(|(_, pod)| {
        Some(((pod.namespace.clone(), pod.name.clone()), node.slots().get(pod)?))
    });
    let nodes = world.nodes().map(|(_, node)| node.name.clone());
    let mut of_nodes = nodes.filter_map(|name| Some((name.clone(), node.slots().of_node(&name)?)));
    let host = of_nodes.find(|(_, slot)| tables.image.endpoints.contains_key(slot));
    Node::restarted(Slots::held(pods, host))
}

#[test]
fn a_process_that_begins_anew_with_nothing_changed_writes_nothing() {
    for seed in 0..20 {
        let (mut node, mut tables) = (Node::default(), Tables::new());
        let case = Generated::seeded(seed);
        program(&mut node, &mut tables, &case.world, &case.rules);
        let before = tables.writes;
        let mut again = restarted(&node, &case.world, &tables);
        program(&mut again, &mut tables, &case.world, &case.rules);
        assert_eq!(tables.writes, before, "seed {seed}");
    }
}

/// Room for what there is and so much more.
fn room(image: &Image, more: usize, turn: u64) -> Capacities {
    let used = Counts::of(image);
    let room = |used: usize| u32::try_from(used + more).unwrap();
    let usual = Capacities::default();
    match turn % 4 {
        0 => Capacities { rows: room(used.rows), ..usual },
        1 => Capacities { cells: room(used.cells), ..usual },
        2 => Capacities { prefixes: room(used.prefixes), ..usual },
        _ => Capacities { services: room(used.services), backends: room(used.backends), ..usual },
    }
}

/// What the oracle says of the two ends that are endpoints.
fn decided(world: &World, rules: &Rules, flow: &Flow) -> [Verdict; 2] {
    let decision = policy::decide(world, rules, flow);
    [decision.egress.verdict, decision.ingress.verdict]
}

#[test]
fn no_flow_passes_that_the_old_and_the_new_policies_deny_and_what_is_programmed_is_exact() {
    let (mut flows, mut held, mut exact) = (0, 0, 0);
    for seed in 0..60_u64 {
        let old = Generated::seeded(7000 + seed);
        let rules = Generated::seeded(7200 + seed).rules;
        let (mut node, mut tables) = (Node::default(), Tables::new());
        program(&mut node, &mut tables, &old.world, &old.rules);
        let more = usize::try_from(seed % 3 * 4).unwrap();
        tables.capacities = room(&tables.image, more, seed / 3);
        program(&mut node, &mut tables, &old.world, &rules);
        held += node.not_programmed().endpoints.len();
        for flow in old.sample(400) {
            // The table is asked about others than oneself, and by wire.
            let is_to_itself = flow.source() == flow.destination();
            if is_to_itself || flow.origin() == model::Origin::Host {
                continue;
            }
            let was = decided(&old.world, &old.rules, flow);
            let wanted = decided(&old.world, &rules, flow);
            let ends = [
                (flow.source(), flow.destination(), Direction::Egress),
                (flow.destination(), flow.source(), Direction::Ingress),
            ];
            for ((own, other, direction), (was, wanted)) in
                ends.into_iter().zip(was.into_iter().zip(wanted))
            {
                let (Some(pod), Some(remote)) = (own.pod(), other.address()) else { continue };
                let slot = node.slots().get(old.world.pod(pod)).unwrap();
                let subjects = &node.compiled().unwrap().subjects;
                let subject = flow.process().map(|process| subjects.id(pod, process));
                let is = match direction {
                    Direction::Egress => {
                        tables.image.lookup_by(slot, subject, remote, flow.traffic())
                    }
                    Direction::Ingress => {
                        tables.image.lookup(slot, direction, remote, flow.traffic())
                    }
                };
                let is = is.verdict;
                flows += 1;
                match node.not_programmed().held(slot) {
                    None => {
                        assert_eq!(is, wanted, "seed {seed}: {flow:?}");
                        exact += 1;
                    }
                    Some(Held::LastGood) => assert_eq!(is, was, "seed {seed}: {flow:?}"),
                    Some(Held::Quarantine) => assert_eq!(is, Verdict::Deny, "seed {seed}"),
                    Some(Held::Unenforced) => panic!("seed {seed}: a pod without policies"),
                }
            }
        }
    }
    println!("overflow: {flows} ends asked, {held} endpoints held, {exact} exact");
    assert!(flows > 5_000 && held > 30 && exact > 1_000, "{flows} {held} {exact}");
}

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

#[test]
fn what_is_staged_is_given_up_first_and_comes_back_when_there_is_room() {
    let (mut node, mut tables) = (Node::default(), Tables::new());
    let world = world(vec![pod("web", 2), pod("client", 9)], Vec::new());
    let enforced = policy("enforced", "web", Direction::Ingress, &Peers::Any, &[80]);
    program(&mut node, &mut tables, &world, &Rules::new(enforced.clone()));
    tables.capacities.rows = u32::try_from(Counts::of(&tables.image).rows).unwrap();
    let some =
        Peers::OneOf(vec![Peer::Block(Block::new("10.244.0.8/30".parse().unwrap(), []).unwrap())]);
    let staged = policy("staged", "web", Direction::Ingress, &some, &[443]);
    let policy = staged[0].origin.policy.clone();
    let both = Rules::new([enforced, staged].concat()).with_staged([policy]);
    program(&mut node, &mut tables, &world, &both);
    let told = |node: &Node| {
        (node.not_programmed().is_empty(), node.compiled().unwrap().unstaged.is_some())
    };
    assert_eq!(told(&node), (true, true), "what is enforced is, and what is staged is told of");
    let shortages = node.not_programmed().shortages.clone();
    assert_eq!(shortages[0].table, "rows", "whoever makes tables larger hears of it");
    tables.capacities =
        tables.capacities.at_least(Counts { rows: shortages[0].needed, ..Counts::default() });
    program(&mut node, &mut tables, &world, &both);
    assert_eq!(told(&node), (true, false));
}
