//! Subjects: what a pod may send depends on the process, for new connections and for living ones.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod world;

use std::{collections::BTreeMap, net::IpAddr};

use abi::{Endpoint, Event, EventKind, Maker, ProcessKey, RowKey, RowValue, Sets, SubjectKey};
use datapath::Direction::{Egress, Ingress};
use model::Builtin;
use plan::Op;
use ringfence_kernel::{
    Bench, Origin, Outcome, available,
    packet::{Packet, Payload, tcp},
};
use world::{CLIENT, SERVER, pod_ops, rule};

const PORT: u16 = 8080;
const CONTAINER: u32 = 33;
const DEVICE: u32 = 8;
/// The executable that rules name, one that none names, and nobody.
const NAMED: u64 = 501;
const OTHER: u64 = 502;
const NOBODY: u64 = 0;
const SUBJECT: u32 = 0xabcd;
const SLOT: u32 = 1000;
const ALLOWS: u32 = 11;
const DENIES: u32 = 12;
const ALLOWED: u32 = 21;
const DENIED: u32 = 22;

struct Pod {
    bench: Bench,
    client: IpAddr,
    server: IpAddr,
    generation: u64,
    /// Of the named executable.
    name: u32,
}

impl Pod {
    /// A client whose named executable may send, and nobody else of it.
    fn new() -> Self {
        let bench = Bench::new().unwrap();
        bench.add(&CLIENT).unwrap();
        bench.perform(&pod_ops(&[])).unwrap();
        let row = |set, base, id, allowed| {
            let cell = move |column| Op::Cell { index: base + column, cell: rule(id, allowed) };
            let row = Op::Row { key: RowKey { set, class: 2 }, value: RowValue { base, width: 3 } };
            (0..3).map(cell).chain([row]).collect::<Vec<_>>()
        };
        bench.perform(&row(ALLOWS, 500, ALLOWED, true)).unwrap();
        bench.perform(&row(DENIES, 510, DENIED, false)).unwrap();
        let key = |inode| ProcessKey { container: CONTAINER.into(), inode, device: DEVICE, pad: 0 };
        bench.instance().set_processes(&BTreeMap::from([(key(NAMED), SUBJECT)])).unwrap();
        let address = |pod: &ringfence_kernel::Pod| IpAddr::from(pod.ipv4.unwrap());
        let (client, server) = (address(&CLIENT), address(&SERVER));
        let mut pod = Self { bench, client, server, generation: 1, name: SUBJECT };
        pod.set(egress(DENIES).with_subjects(true), ALLOWS);
        pod
    }

    /// Gives the pod these sets and its named executable that one, and judges what lives again.
    fn set(&mut self, sets: Sets, named: u32) {
        self.generation += 1;
        let record = Endpoint { sets: egress(named), ..Endpoint::default() };
        let endpoint = CLIENT.endpoint;
        let key = SubjectKey { endpoint, subject: self.name };
        let generation = self.generation;
        self.bench
            .perform(&[
                Op::Endpoint { endpoint: SLOT, record },
                Op::Subject { key, slot: SLOT },
                Op::Sets { endpoint, sets },
                Op::Generation { endpoint, generation },
            ])
            .unwrap();
    }

    /// Tells the named executable apart by another name from now on.
    fn rename(&mut self) {
        let (endpoint, container) = (CLIENT.endpoint, CONTAINER.into());
        let old = SubjectKey { endpoint, subject: SUBJECT };
        self.name = SUBJECT + 1;
        self.bench.perform(&[Op::NoSubject { key: old }]).unwrap();
        let key = ProcessKey { container, inode: NAMED, device: DEVICE, pad: 0 };
        self.bench.instance().set_processes(&BTreeMap::from([(key, self.name)])).unwrap();
    }

    /// What the client's hook does with a packet that this executable sends: whether it passes, and
    /// the rule and reason that it tells.
    fn sends(&mut self, inode: u64, payload: Payload) -> (bool, Option<(u32, u8)>) {
        let maker = match inode {
            NOBODY => Maker::default(),
            inode => Maker { inode, device: DEVICE, process: 7, started_ns: 9 },
        };
        self.bench.instance().set_test_maker(maker).unwrap();
        let packet = Packet::new(CLIENT.mac, self.client, self.server, payload).build();
        let endpoint = CLIENT.endpoint;
        let container = CONTAINER;
        let outcome =
            self.bench.run_by(Egress, endpoint, Origin::Elsewhere, container, &packet).unwrap();
        for event in &outcome.events {
            assert_eq!((event.inode, event.container), (inode, u64::from(CONTAINER)));
            let told = if inode == NOBODY { (0, 0, 0) } else { (DEVICE, 7, 9) };
            assert_eq!((event.device, event.process, event.started_ns), told);
        }
        (passes(&outcome), outcome.events.first().map(|event| (event.rule, event.reason)))
    }

    /// Whether a packet of the server passes the client's hook.
    fn receives(&mut self, payload: Payload) -> bool {
        let packet = Packet::new(SERVER.mac, self.server, self.client, payload).build();
        let endpoint = CLIENT.endpoint;
        passes(&self.bench.run(Ingress, endpoint, Origin::Elsewhere, &packet).unwrap())
    }

    /// A handshake from this port by this executable.
    fn connects(&mut self, inode: u64, port: u16) {
        assert!(self.sends(inode, from(port, tcp::SYN)).0);
        assert!(self.receives(to(port, tcp::SYN | tcp::ACK)));
        assert!(self.sends(inode, from(port, tcp::ACK)).0);
    }
}

/// A packet that ends its connection becomes a reset, which passes.
fn passes(outcome: &Outcome) -> bool {
    let is_cut = |event: &Event| event.kind == EventKind::Cut as u8;
    outcome.allowed && !outcome.events.iter().any(is_cut)
}

fn egress(set: u32) -> Sets {
    Sets::live(0, set).unwrap()
}

fn from(port: u16, flags: u8) -> Payload {
    Payload::Tcp { source: port, destination: PORT, flags }
}

fn to(port: u16, flags: u8) -> Payload {
    Payload::Tcp { source: PORT, destination: port, flags }
}

fn datagram(source: u16, destination: u16) -> Payload {
    Payload::Udp { source, destination, data: vec![0; 8] }
}

#[test]
fn the_named_one_may_another_may_not_and_nobody_may_nothing() {
    if !available() {
        return;
    }
    let mut pod = Pod::new();
    assert_eq!(pod.sends(NAMED, from(40_000, tcp::SYN)), (true, Some((ALLOWED, 0))));
    assert_eq!(pod.sends(OTHER, from(40_001, tcp::SYN)), (false, Some((DENIED, 0))));
    let untagged = Builtin::Untagged.code();
    assert_eq!(pod.sends(NOBODY, from(40_002, tcp::SYN)), (false, Some((0, untagged))));
    // Where no rule asks, nobody is anybody.
    pod.set(egress(ALLOWS), DENIES);
    for (port, inode) in [(40_003, NAMED), (40_004, OTHER), (40_005, NOBODY)] {
        assert_eq!(pod.sends(inode, from(port, tcp::SYN)), (true, Some((ALLOWED, 0))));
    }
}

#[test]
fn an_entry_for_a_container_speaks_for_all_that_has_none_of_its_own() {
    if !available() {
        return;
    }
    let mut pod = Pod::new();
    let key = |inode, device| ProcessKey { container: CONTAINER.into(), inode, device, pad: 0 };
    let whole = BTreeMap::from([(key(0, 0), SUBJECT), (key(OTHER, DEVICE), abi::subject::OTHER)]);
    pod.bench.instance().set_processes(&whole).unwrap();
    assert!(pod.sends(NAMED, from(40_000, tcp::SYN)).0, "the container is named");
    assert!(!pod.sends(OTHER, from(40_001, tcp::SYN)).0, "it has an entry of its own");
    pod.bench.instance().set_processes(&BTreeMap::new()).unwrap();
    assert!(!pod.sends(NAMED, from(40_002, tcp::SYN)).0, "what is not said any more is gone");
}

#[test]
fn a_connection_stays_its_openers_whoever_sends_and_whichever_way() {
    if !available() {
        return;
    }
    let mut pod = Pod::new();
    pod.connects(NAMED, 40_000);
    // The same sets under another generation: judged again as what the opener may.
    pod.set(egress(DENIES).with_subjects(true), ALLOWS);
    assert!(pod.receives(to(40_000, tcp::ACK)));
    pod.set(egress(DENIES).with_subjects(true), ALLOWS);
    assert!(pod.sends(OTHER, from(40_000, tcp::ACK)).0, "a passed socket is its maker's");
    // Its opener may no longer, though all others may.
    pod.set(egress(ALLOWS).with_subjects(true), DENIES);
    assert!(!pod.receives(to(40_000, tcp::ACK)), "it is cut from either side");
    assert!(!pod.sends(NAMED, from(40_000, tcp::ACK)).0);
    assert!(pod.sends(OTHER, from(40_001, tcp::SYN)).0);
}

#[test]
fn a_connection_older_than_the_rules_is_whose_next_packet_says_so() {
    if !available() {
        return;
    }
    for (inode, lives) in [(NAMED, true), (OTHER, false), (NOBODY, false)] {
        let mut pod = Pod::new();
        pod.set(egress(ALLOWS), ALLOWS);
        pod.connects(inode, 40_000);
        assert!(pod.sends(inode, datagram(50_000, 53)).0 && pod.receives(datagram(53, 50_000)));
        pod.set(egress(DENIES).with_subjects(true), ALLOWS);
        assert!(pod.receives(to(40_000, tcp::ACK)), "its opener will answer this");
        assert!(!pod.receives(datagram(53, 50_000)), "nobody has to answer this");
        assert_eq!(pod.sends(inode, from(40_000, tcp::ACK)).0, lives, "{inode}");
        assert_eq!(pod.receives(to(40_000, tcp::ACK)), lives, "{inode}");
    }
}

#[test]
fn a_connection_whose_name_nobody_has_any_more_is_whose_next_packet_says_so() {
    if !available() {
        return;
    }
    for (inode, lives) in [(NAMED, true), (OTHER, false)] {
        let mut pod = Pod::new();
        pod.set(egress(ALLOWS).with_subjects(true), ALLOWS);
        pod.connects(inode, 40_000);
        pod.rename();
        pod.set(egress(DENIES).with_subjects(true), ALLOWS);
        assert!(pod.receives(to(40_000, tcp::ACK)), "its opener will answer this");
        assert_eq!(pod.sends(inode, from(40_000, tcp::ACK)).0, lives, "{inode}");
        assert_eq!(pod.receives(to(40_000, tcp::ACK)), lives, "{inode}");
    }
}

#[test]
fn a_connection_of_one_of_the_others_is_named_when_rules_name_it() {
    if !available() {
        return;
    }
    let mut pod = Pod::new();
    pod.set(egress(ALLOWS).with_subjects(true), DENIES);
    pod.connects(OTHER, 40_000);
    assert!(pod.sends(OTHER, datagram(50_000, 53)).0 && pod.receives(datagram(53, 50_000)));
    let key = ProcessKey { container: CONTAINER.into(), inode: OTHER, device: DEVICE, pad: 0 };
    pod.bench.instance().set_processes(&BTreeMap::from([(key, SUBJECT)])).unwrap();
    pod.set(egress(ALLOWS).with_subjects(true), ALLOWS);
    assert!(pod.receives(datagram(53, 50_000)), "of datagrams the others are believed");
    pod.set(egress(DENIES).with_subjects(true), ALLOWS);
    assert!(pod.receives(to(40_000, tcp::ACK)) && pod.sends(OTHER, from(40_000, tcp::ACK)).0);
    assert!(!pod.receives(datagram(53, 50_000)), "the others may no longer");
}
