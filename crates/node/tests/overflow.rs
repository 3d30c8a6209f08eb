//! Tables that are too small: what stays in force, what is reported, and that nothing is lost that
//! denies.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

mod tables;

use std::net::IpAddr;

use compile::{Capacities, Counts, Image, Scope, Slots, compile, compile_within};
use model::{
    Block, Direction, Flow, Peer, Peers, Protocol, Rule, Rules, Selector, Service, ServicePort,
    TargetPort, Verdict, World,
};
use ringfence_node::{Held, Node};
use tables::{CLIENT, Tables, pod, policy, program, restarted, tcp, world};
use testkit::generate::Generated;

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

fn verdict(tables: &Tables, node: &Node, world: &World, pod: &str, ask: (IpAddr, u16)) -> Verdict {
    let id = world.find_pod("shop", pod).expect("it is there");
    let slot = node.slots().get(world.pod(id)).expect("it is here");
    tables.image.lookup(slot, Direction::Ingress, ask.0, tcp(ask.1)).verdict
}

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
                let subject = flow.process().map(|process| subjects.id(slot, process));
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

#[test]
fn what_is_more_than_usual_is_compiled_for_tables_that_are_larger() {
    const PODS: u32 = 1_100;
    let pods = (0..PODS).map(|number| {
        let mut pod = pod(&format!("web-{number}"), 0);
        pod.addresses = vec![[10, 244, (number >> 8) as u8, number as u8].into()];
        pod
    });
    let world = world(pods.collect(), Vec::new());
    let rules = Rules::new(policy("in", "client", Direction::Ingress, &Peers::Any, &[80]));
    let slots = Slots::of(&world, Scope::Everywhere);
    assert!(compile(&world, &rules, &slots).is_err());
    let room = |endpoints| Capacities { endpoints, ..Capacities::default() };
    assert!(compile_within(&world, &rules, &slots, &room(PODS)).is_err(), "slots begin at 1");
    assert!(compile_within(&world, &rules, &slots, &room(PODS + 1)).is_ok());
}

/// Opens a port of its own to each of so many addresses outside.
fn ports_of_their_own(rules: u16, app: &str) -> Vec<Rule> {
    let one = |at: u16| {
        let [high, low] = at.to_be_bytes();
        let address = Block::new(format!("172.16.{high}.{low}/32").parse().unwrap(), []).unwrap();
        let peers = Peers::OneOf(vec![Peer::Block(address)]);
        let mut rule = policy("many", app, Direction::Ingress, &peers, &[1024 + at]).remove(0);
        rule.origin.index = u32::from(at);
        rule
    };
    (0..rules).map(one).collect()
}

#[test]
fn what_would_need_more_cells_than_any_table_has_is_not_programmed_and_never_laid_out() {
    let (mut node, mut tables) = (Node::default(), Tables::new());
    let world = world(vec![pod("web", 2), pod("db", 3)], Vec::new());
    let beside = policy("beside", "db", Direction::Ingress, &Peers::Any, &[80]);
    let few = [ports_of_their_own(100, "web"), beside.clone()].concat();
    program(&mut node, &mut tables, &world, &Rules::new(few));
    assert!(node.not_programmed().is_empty());

    let many = [ports_of_their_own(4_000, "web"), beside].concat();
    program(&mut node, &mut tables, &world, &Rules::new(many));
    let report = node.not_programmed().clone();
    let [held] = report.endpoints.as_slice() else { panic!("{:?}", report.endpoints.len()) };
    assert_eq!((held.pod.as_str(), held.held), ("shop/web", Held::LastGood));
    assert_eq!(held.shortage.table, "cells");
    assert!(held.shortage.needed > 4_000 * 4_000, "{:?}", held.shortage);
    let first = verdict(&tables, &node, &world, "web", ([172, 16, 0, 7].into(), 1031));
    let new = verdict(&tables, &node, &world, "web", ([172, 16, 1, 7].into(), 1287));
    assert_eq!((first, new), (Verdict::Allow, Verdict::Deny), "what was in force still is");
    assert_eq!(verdict(&tables, &node, &world, "db", (CLIENT, 80)), Verdict::Allow);
}
