//! The life of connections: opened, answered, proved, judged again, cut.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod world;

use std::net::IpAddr;

use abi::{Cell, EventKind, Sets, verdict_code};
use datapath::Direction::{Egress, Ingress};
use model::Builtin;
use plan::Op;
use ringfence_kernel::{
    Bench, Origin, available, long_after,
    packet::{ETHERNET_SIZE, Packet, Payload, checksum, protocol, tcp},
};
use world::{CLIENT, DEFAULT_DENY, SERVER, ops, rule};

const PORT: u16 = 8080;

struct Pair {
    bench: Bench,
    client: IpAddr,
    server: IpAddr,
}

impl Pair {
    fn new() -> Self {
        let bench = Bench::new().unwrap();
        bench.add(&CLIENT).unwrap();
        bench.add(&SERVER).unwrap();
        bench.perform(&ops(&[(PORT, rule(7, true))], rule(DEFAULT_DENY, false))).unwrap();
        Self { bench, client: CLIENT.ipv4.unwrap().into(), server: SERVER.ipv4.unwrap().into() }
    }

    /// A packet of the client at the server's hook: allowed, and the events.
    fn client_sends(&mut self, payload: Payload) -> (bool, Vec<abi::Event>) {
        let packet = Packet::new(CLIENT.mac, self.client, self.server, payload).build();
        let outcome = self.bench.run(Ingress, 2, Origin::Elsewhere, &packet).unwrap();
        (outcome.allowed, outcome.events)
    }

    /// A packet of the server at its own hook.
    fn server_sends(&mut self, payload: Payload) -> (bool, Vec<abi::Event>) {
        let packet = Packet::new(SERVER.mac, self.server, self.client, payload).build();
        let outcome = self.bench.run(Egress, 2, Origin::Elsewhere, &packet).unwrap();
        (outcome.allowed, outcome.events)
    }

    /// Isolates the server both ways.
    fn flip(&self, sets: Sets, generation: u64) {
        self.bench
            .perform(&[Op::Sets { endpoint: 2, sets }, Op::Generation { endpoint: 2, generation }])
            .unwrap();
    }
}

fn request(flags: u8) -> Payload {
    Payload::Tcp { source: 40_000, destination: PORT, flags }
}

fn reply(flags: u8) -> Payload {
    Payload::Tcp { source: PORT, destination: 40_000, flags }
}

/// Both directions of the server deny everything that this set does not allow.
fn isolated() -> Sets {
    Sets::live(world::SET, 6).unwrap()
}

#[test]
fn a_reply_needs_no_rule_and_a_packet_of_no_connection_gets_no_syn() {
    if !available() {
        return;
    }
    let mut pair = Pair::new();
    pair.flip(isolated(), 2);
    assert!(!pair.server_sends(request(tcp::SYN)).0, "its egress set has no row");
    assert_eq!(pair.client_sends(request(tcp::ACK)).1[0].reason, Builtin::NoSyn.code());
    assert!(!pair.client_sends(request(tcp::RST)).0);
    assert!(pair.client_sends(request(tcp::SYN)).0);
    for (allowed, events) in [
        pair.server_sends(reply(tcp::SYN | tcp::ACK)),
        pair.client_sends(request(tcp::ACK)),
        pair.server_sends(reply(tcp::ACK)),
        pair.server_sends(reply(tcp::FIN | tcp::ACK)),
    ] {
        assert!(allowed);
        assert_eq!(events, [], "one flow is told once");
    }
}

#[test]
fn an_answer_whose_opening_was_forgotten_is_judged_by_the_opening() {
    if !available() {
        return;
    }
    let mut pair = Pair::new();
    pair.flip(isolated(), 2);
    let (allowed, events) = pair.server_sends(reply(tcp::SYN | tcp::ACK));
    assert!(allowed, "the responder's ingress set allows the connection");
    assert_eq!((events[0].rule, events[0].direction), (7, 1));
    assert_eq!(IpAddr::from(events[0].source), pair.client);
    let other = Payload::Tcp { source: PORT + 1, destination: 40_000, flags: 18 };
    let (allowed, events) = pair.server_sends(other);
    assert!(!allowed);
    assert_eq!(events[0].rule, DEFAULT_DENY);
}

#[test]
fn a_connection_that_lost_its_rule_is_cut_by_its_next_packet_in_either_direction() {
    if !available() {
        return;
    }
    for (established, from_server) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut pair = Pair::new();
        assert!(pair.client_sends(request(tcp::SYN)).0);
        assert!(pair.server_sends(reply(tcp::SYN | tcp::ACK)).0);
        if established {
            assert!(pair.client_sends(request(tcp::ACK)).0);
        }
        pair.flip(Sets::live(6, 0).unwrap(), 2);
        let (allowed, events) = match from_server {
            true => pair.server_sends(reply(tcp::ACK)),
            false => pair.client_sends(request(tcp::ACK)),
        };
        assert_eq!(allowed, established, "what goes on is a reset, only where both took part");
        assert_eq!(events[0].kind, EventKind::Cut as u8);
        assert_eq!(events[0].reason, Builtin::NotProgrammed.code());
        assert_eq!(pair.bench.instance().counters().unwrap().cut, 1);
        assert_eq!(pair.client_sends(request(tcp::ACK)).1[0].reason, Builtin::NoSyn.code());
    }
}

#[test]
fn what_cuts_a_connection_is_a_bare_reset_with_a_good_checksum() {
    if !available() {
        return;
    }
    let ends = [
        (CLIENT.ipv4.unwrap().into(), SERVER.ipv4.unwrap().into(), 20),
        (CLIENT.ipv6.unwrap().into(), SERVER.ipv6.unwrap().into(), 40),
    ];
    for (client, server, header) in ends {
        let mut pair = Pair { client, server, ..Pair::new() };
        pair.client_sends(request(tcp::SYN));
        pair.server_sends(reply(tcp::SYN | tcp::ACK));
        pair.client_sends(request(tcp::ACK));
        pair.flip(Sets::live(6, 0).unwrap(), 2);
        let mut sent = Packet::new(CLIENT.mac, client, server, request(tcp::ACK)).build();
        sent.extend([7; 100]);
        let at = ETHERNET_SIZE + if header == 20 { 2 } else { 4 };
        let length = if header == 20 { 140_u16 } else { 120 };
        sent[at..at + 2].copy_from_slice(&length.to_be_bytes());
        if header == 20 {
            sent[24..26].fill(0);
            let sum = checksum(&sent[14..34]);
            sent[24..26].copy_from_slice(&sum.to_be_bytes());
        }
        let reset = pair.bench.run(Ingress, 2, Origin::Elsewhere, &sent).unwrap().packet;
        let (network, transport) = reset[ETHERNET_SIZE..].split_at(header);
        assert_eq!(transport.len(), 20, "nothing of the payload is left");
        assert_eq!(transport[13], tcp::RST | tcp::ACK);
        assert_eq!(transport[4..12], [0, 0, 0, 1, 0, 0, 0, 2], "as the packet was numbered");
        assert!(header == 40 || checksum(network) == 0);
        let addresses = &network[header - if header == 20 { 8 } else { 32 }..];
        let summed = [addresses, &[0, 20, 0, protocol::TCP], transport].concat();
        assert_eq!(checksum(&summed), 0);
    }
}

#[test]
fn a_denial_that_keeps_what_exists_ends_no_connection_and_opens_none() {
    if !available() {
        return;
    }
    let keeping = Cell { verdict: verdict_code::DENY_KEEP, ..rule(8, false) };
    for established in [false, true] {
        let mut pair = Pair::new();
        assert!(pair.client_sends(request(tcp::SYN)).0);
        assert!(pair.server_sends(reply(tcp::SYN | tcp::ACK)).0);
        if established {
            assert!(pair.client_sends(request(tcp::ACK)).0);
        }
        pair.bench.perform(&ops(&[(PORT, keeping)], rule(DEFAULT_DENY, false))).unwrap();
        pair.flip(Sets::live(world::SET, 0).unwrap(), 2);
        assert_eq!(pair.client_sends(request(tcp::ACK)), (true, vec![]));
        assert_eq!(pair.server_sends(reply(tcp::ACK)), (true, vec![]));
        let other = Payload::Tcp { source: 40_001, destination: PORT, flags: tcp::SYN };
        let (allowed, events) = pair.client_sends(other);
        assert!(!allowed);
        assert_eq!((events[0].rule, events[0].verdict), (8, verdict_code::DENY_KEEP));
        // A later denial by somebody who keeps nothing.
        pair.flip(Sets::live(6, 0).unwrap(), 3);
        let (_, events) = pair.client_sends(request(tcp::ACK));
        assert_eq!((events[0].kind, events[0].rule), (EventKind::Cut as u8, 0));
    }
}

#[test]
fn a_connection_that_keeps_its_rule_is_restamped_without_a_word() {
    if !available() {
        return;
    }
    let mut pair = Pair::new();
    assert!(pair.client_sends(request(tcp::SYN)).0);
    pair.flip(isolated(), 2);
    assert_eq!(pair.server_sends(reply(tcp::SYN | tcp::ACK)), (true, vec![]));
    assert_eq!(pair.client_sends(request(tcp::ACK)), (true, vec![]));
}

#[test]
fn without_a_new_generation_nothing_is_judged_again() {
    if !available() {
        return;
    }
    let mut pair = Pair::new();
    assert!(pair.client_sends(request(tcp::SYN)).0);
    pair.flip(Sets::live(6, 0).unwrap(), 1);
    assert!(pair.client_sends(request(tcp::SYN)).0);
    pair.flip(Sets::live(6, 0).unwrap(), 2);
    assert!(!pair.client_sends(request(tcp::SYN)).0);
}

#[test]
fn datagrams_and_echoes_are_answered_and_a_request_the_other_way_is_a_new_flow() {
    if !available() {
        return;
    }
    let mut pair = Pair::new();
    let datagram = |source, destination| Payload::Udp { source, destination, data: vec![1] };
    let echo = |kind| Payload::Icmp { kind, code: 0, word: [0, 5, 0, 1], data: vec![] };
    pair.bench.perform(&ops(&[(PORT, rule(7, true))], rule(8, true))).unwrap();
    pair.flip(isolated(), 2);
    assert!(!pair.server_sends(datagram(PORT, 40_000)).0);
    assert!(pair.client_sends(datagram(40_000, PORT)).0);
    assert_eq!(pair.server_sends(datagram(PORT, 40_000)), (true, vec![]));
    assert!(!pair.server_sends(echo(8)).0);
    let (allowed, events) = pair.client_sends(echo(8));
    assert!(allowed);
    assert_eq!((events[0].rule, events[0].source_port, events[0].destination_port), (8, 5, 0));
    assert_eq!(pair.server_sends(echo(0)), (true, vec![]));
    assert!(!pair.server_sends(echo(8)).0, "the same identifier opens nothing the other way");
}

#[test]
fn what_ended_is_collected_with_its_packets() {
    if !available() {
        return;
    }
    let mut pair = Pair::new();
    pair.client_sends(request(tcp::SYN));
    pair.server_sends(reply(tcp::SYN | tcp::ACK));
    pair.client_sends(request(tcp::ACK));
    let opened = pair.bench.instance().collect(0).unwrap();
    assert_eq!(opened, [], "nothing is old");
    let closed = pair.bench.instance().collect(long_after().unwrap()).unwrap();
    let [event] = closed[..] else { panic!("{closed:?}") };
    assert_eq!((event.kind, event.rule, event.packets), (EventKind::Closed as u8, 7, 3));
    assert_eq!(IpAddr::from(event.source), pair.client);
    assert_eq!(pair.client_sends(request(tcp::ACK)).1[0].reason, Builtin::NoSyn.code());
}

#[test]
fn equal_denials_are_one_event_and_counted_exactly() {
    if !available() {
        return;
    }
    let mut pair = Pair::new();
    let denied = || Payload::Udp { source: 1, destination: 1, data: vec![] };
    assert_eq!(pair.client_sends(denied()).1[0].denied, 1);
    for _ in 0..9 {
        assert_eq!(pair.client_sends(denied()), (false, vec![]));
    }
    let counters = pair.bench.instance().counters().unwrap();
    assert_eq!((counters.denied[0], counters.events_lost), (10, 0));
    let late = pair.bench.instance().collect(long_after().unwrap()).unwrap();
    assert_eq!(late.iter().map(|event| event.denied).collect::<Vec<_>>(), [9]);
}

#[test]
fn an_error_about_a_connection_passes_and_one_about_none_does_not() {
    if !available() {
        return;
    }
    let mut pair = Pair::new();
    let datagram = Payload::Udp { source: PORT, destination: 40_000, data: vec![1] };
    let sent = Packet::new(SERVER.mac, pair.server, pair.client, datagram).build();
    let quoted = sent[14..].to_vec();
    let error = |code, data| Payload::Icmp { kind: 3, code, word: [0; 4], data };
    assert!(!pair.client_sends(error(3, quoted.clone())).0);
    assert!(pair.client_sends(Payload::Udp { source: 40_000, destination: PORT, data: vec![] }).0);
    assert!(pair.client_sends(error(3, quoted.clone())).0);
    let mut other = quoted.clone();
    other[23] ^= 1;
    assert!(!pair.client_sends(error(3, other)).0, "another port is another connection");
    let mut unknown = quoted;
    unknown[23] ^= 1;
    assert!(pair.client_sends(error(4, unknown)).0, "path-MTU messages always work");
}
