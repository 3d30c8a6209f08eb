//! Verdicts: each kind of packet that is allowed, and its twin one step outside.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod world;

use std::net::IpAddr;

use datapath::Direction::{Egress, Ingress};
use model::Builtin;
use ringfence_kernel::{
    Bench, Origin, available,
    packet::{Packet, Payload, tcp},
};
use world::{CLIENT, DEFAULT_DENY, SERVER, ops, rule};

const PORT: u16 = 8080;

fn bench() -> Bench {
    let bench = Bench::new().unwrap();
    bench.add(&CLIENT).unwrap();
    bench.add(&SERVER).unwrap();
    bench.perform(&ops(&[(PORT, rule(7, true))], rule(DEFAULT_DENY, false))).unwrap();
    bench
}

fn families() -> [(IpAddr, IpAddr); 2] {
    [
        (CLIENT.ipv4.unwrap().into(), SERVER.ipv4.unwrap().into()),
        (CLIENT.ipv6.unwrap().into(), SERVER.ipv6.unwrap().into()),
    ]
}

fn opening(port: u16) -> [Payload; 3] {
    [
        Payload::Tcp { source: 40_000, destination: port, flags: tcp::SYN },
        Payload::Udp { source: 40_000, destination: port, data: vec![1] },
        Payload::Sctp { source: 40_000, destination: port, chunk: 1 },
    ]
}

#[test]
fn a_port_is_allowed_by_its_rule_and_its_neighbours_are_denied_by_default() {
    if !available() {
        return;
    }
    let mut bench = bench();
    for (client, server) in families() {
        for (port, allowed, deciding) in
            [(PORT, true, 7), (PORT - 1, false, DEFAULT_DENY), (PORT + 1, false, DEFAULT_DENY)]
        {
            for payload in opening(port) {
                let packet = Packet::new(CLIENT.mac, client, server, payload).build();
                let outcome = bench.run(Ingress, 2, Origin::Elsewhere, &packet).unwrap();
                assert_eq!(outcome.allowed, allowed, "{client} {port}");
                let [event] = outcome.events[..] else { panic!("{outcome:?}") };
                assert_eq!((event.rule, event.reason, event.direction), (deciding, 0, 1));
                assert_eq!(IpAddr::from(event.source), client);
                assert_eq!(IpAddr::from(event.destination), server);
                assert_eq!((event.source_port, event.destination_port), (40_000, port));
            }
        }
    }
}

#[test]
fn a_pod_without_policy_sends_by_default_and_a_pod_without_words_sends_nothing() {
    if !available() {
        return;
    }
    let mut bench = bench();
    let unknown = ringfence_kernel::Pod { endpoint: 3, ..CLIENT };
    bench.add(&unknown).unwrap();
    for (client, server) in families() {
        for payload in opening(1) {
            let packet = Packet::new(CLIENT.mac, client, server, payload).build();
            let outcome = bench.run(Egress, 1, Origin::Elsewhere, &packet).unwrap();
            assert!(outcome.allowed);
            assert_eq!(outcome.events[0].reason, Builtin::DefaultAllow.code());
            for endpoint in [3, 4] {
                let outcome = bench.run(Egress, endpoint, Origin::Elsewhere, &packet).unwrap();
                assert!(!outcome.allowed);
                assert_eq!(outcome.events[0].reason, Builtin::Quarantine.code());
            }
        }
    }
}

#[test]
fn the_node_is_let_in_by_socket_and_address_together_never_by_one_of_them() {
    if !available() {
        return;
    }
    let mut bench = bench();
    let (client, server) = families()[0];
    let node: IpAddr = "10.0.0.254".parse().unwrap();
    bench.instance().set_node_addresses(&[node]).unwrap();
    let cases = [
        (node, Origin::LocalSocket, true),
        (node, Origin::Nowhere, false),
        (node, Origin::Elsewhere, false),
        (client, Origin::LocalSocket, false),
    ];
    for (port, (source, origin, allowed)) in (1..).zip(cases) {
        let payload = Payload::Udp { source: 1, destination: port, data: vec![] };
        let packet = Packet::new([2, 0, 0, 0, 0, 9], source, server, payload).build();
        let outcome = bench.run(Ingress, 2, origin, &packet).unwrap();
        assert_eq!(outcome.allowed, allowed, "{source} {origin:?}");
        let reason = if allowed { Builtin::LocalNode.code() } else { 0 };
        assert_eq!(outcome.events[0].reason, reason);
    }
}

#[test]
fn a_pod_reaches_itself_from_its_own_device_only() {
    if !available() {
        return;
    }
    let mut bench = bench();
    for (_, server) in families() {
        for (port, origin, reason) in
            [(1, Origin::Itself, Builtin::Itself), (2, Origin::Elsewhere, Builtin::Spoofed)]
        {
            let payload = Payload::Tcp { source: 9, destination: port, flags: tcp::SYN };
            let packet = Packet::new(SERVER.mac, server, server, payload).build();
            let outcome = bench.run(Ingress, 2, origin, &packet).unwrap();
            assert_eq!(outcome.allowed, origin == Origin::Itself);
            assert_eq!(outcome.events[0].reason, reason.code());
        }
    }
}

#[test]
fn what_the_table_does_not_mention_is_denied_as_not_programmed() {
    if !available() {
        return;
    }
    let mut bench = Bench::new().unwrap();
    bench.add(&SERVER).unwrap();
    let ops = ops(&[(PORT, rule(7, true))], rule(DEFAULT_DENY, false));
    let without: Vec<_> =
        ops.into_iter().filter(|op| !matches!(op, plan::Op::Row { .. })).collect();
    bench.perform(&without).unwrap();
    for (client, server) in families() {
        let [payload, ..] = opening(PORT);
        let packet = Packet::new(CLIENT.mac, client, server, payload).build();
        let outcome = bench.run(Ingress, 2, Origin::Elsewhere, &packet).unwrap();
        assert!(!outcome.allowed);
        assert_eq!(outcome.events[0].reason, Builtin::NotProgrammed.code());
    }
}

#[test]
fn a_datagram_to_another_address_is_not_handed_to_the_pod() {
    if !available() {
        return;
    }
    let mut bench = bench();
    let (client, _) = families()[0];
    let payload = Payload::Udp { source: 1, destination: PORT, data: vec![] };
    let packet = Packet::new(CLIENT.mac, client, "10.0.0.3".parse().unwrap(), payload).build();
    assert!(!bench.run(Ingress, 2, Origin::Elsewhere, &packet).unwrap().allowed);
}
