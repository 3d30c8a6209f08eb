//! What each rule decides is counted exactly: packets and octets, allowed and denied, of new
//! connections and of old ones.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod world;

use std::net::IpAddr;

use abi::{Cell, RuleCount};
use datapath::Direction::{Egress, Ingress};
use plan::Op;
use ringfence_kernel::{
    Bench, Origin, available,
    packet::{Fragment, Packet, Payload, protocol, tcp},
};
use world::{CLIENT, DEFAULT_DENY, SERVER, ops, rule};

const PORT: u16 = 8080;
const ALLOWS: u16 = 3;
const DENIES: u16 = 4;

fn counted(id: u32, allowed: bool, counter: u16) -> Cell {
    Cell { counter, ..rule(id, allowed) }
}

struct Scene {
    bench: Bench,
    wanted: RuleCount,
}

impl Scene {
    fn new() -> Self {
        let bench = Bench::new().unwrap();
        bench.add(&SERVER).unwrap();
        let cells = [(PORT, counted(7, true, ALLOWS)), (PORT + 1, counted(8, false, DENIES))];
        bench.perform(&ops(&cells, rule(DEFAULT_DENY, false))).unwrap();
        Self { bench, wanted: RuleCount::default() }
    }

    /// A packet at the server's hook, which it sends or receives.
    fn packet(&mut self, sends: bool, payload: Payload) -> u64 {
        let address = |pod: &ringfence_kernel::Pod| IpAddr::from(pod.ipv4.unwrap());
        let (client, server) = (address(&CLIENT), address(&SERVER));
        let (direction, packet) = match sends {
            true => (Egress, Packet::new(SERVER.mac, server, client, payload)),
            false => (Ingress, Packet::new(CLIENT.mac, client, server, payload)),
        };
        let packet = packet.build();
        self.bench.run(direction, SERVER.endpoint, Origin::Elsewhere, &packet).unwrap();
        packet.len() as u64
    }

    fn counts(&self) -> [RuleCount; 2] {
        let counts = self.bench.instance().rule_counts([ALLOWS, DENIES]).unwrap();
        [ALLOWS, DENIES].map(|counter| counts[&counter])
    }

    fn expect(&mut self, octets: u64) {
        self.wanted.packets += 1;
        self.wanted.bytes += octets;
    }
}

fn request(port: u16, flags: u8) -> Payload {
    Payload::Tcp { source: 40_000, destination: port, flags }
}

#[test]
fn every_packet_is_counted_once_by_the_rule_that_decided_it() {
    if !available() {
        return;
    }
    let mut scene = Scene::new();
    let reply = |flags| Payload::Tcp { source: PORT, destination: 40_000, flags };
    for (sends, payload) in [
        (false, request(PORT, tcp::SYN)),
        (true, reply(tcp::SYN | tcp::ACK)),
        (false, request(PORT, tcp::ACK)),
        (true, reply(tcp::ACK)),
        (false, request(PORT, tcp::FIN | tcp::ACK)),
    ] {
        let octets = scene.packet(sends, payload);
        scene.expect(octets);
    }
    assert_eq!(scene.counts(), [scene.wanted, RuleCount::default()]);
    let denied: u64 = (0..9).map(|_| scene.packet(false, request(PORT + 1, tcp::SYN))).sum();
    scene.packet(false, request(PORT + 2, tcp::SYN));
    assert_eq!(scene.counts(), [scene.wanted, RuleCount { packets: 9, bytes: denied }]);
    scene.bench.instance().reset_rule_counts(&[DENIES]).unwrap();
    assert_eq!(scene.counts(), [scene.wanted, RuleCount::default()]);
}

#[test]
fn a_connection_counts_for_the_rule_that_allows_it_now() {
    if !available() {
        return;
    }
    let mut scene = Scene::new();
    let first = scene.packet(false, request(PORT, tcp::SYN));
    let cell = counted(9, true, DENIES);
    let generation = Op::Generation { endpoint: SERVER.endpoint, generation: 2 };
    // The cell of this port, as `ops` lays them.
    scene.bench.perform(&[Op::Cell { index: 2, cell }, generation]).unwrap();
    let again = scene.packet(false, request(PORT, tcp::SYN));
    let one = |bytes| RuleCount { packets: 1, bytes };
    assert_eq!(scene.counts(), [one(first), one(again)]);
}

#[test]
fn later_fragments_count_for_the_rule_of_their_first() {
    if !available() {
        return;
    }
    let mut scene = Scene::new();
    let address = |pod: &ringfence_kernel::Pod| IpAddr::from(pod.ipv4.unwrap());
    let first = Payload::Udp { source: 40_000, destination: PORT, data: vec![0; 56] };
    let later = Payload::Other { protocol: protocol::UDP, data: vec![0; 8] };
    for (payload, offset) in [(first, 0), (later, 64)] {
        let mut packet = Packet::new(CLIENT.mac, address(&CLIENT), address(&SERVER), payload);
        packet.fragment = Some(Fragment { id: 1, offset, more: offset == 0 });
        let packet = packet.build();
        let origin = Origin::Elsewhere;
        assert!(scene.bench.run(Ingress, SERVER.endpoint, origin, &packet).unwrap().allowed);
        scene.expect(packet.len() as u64);
    }
    assert_eq!(scene.counts()[0], scene.wanted);
}
