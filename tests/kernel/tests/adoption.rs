//! Pods that ran before the programs: their connections are adopted for a while, where policy allows
//! them whoever opened them, and judged like all others from then on.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod net;
mod world;

use std::{
    io::Write,
    net::{IpAddr, TcpStream},
    time::Duration,
};

use abi::{Event, EventKind, Interface, RowKey, RowValue, Sets, connection_flags};
use datapath::Direction::{self, Egress, Ingress};
use model::Builtin;
use net::{CLIENT_DEVICE, Net, SERVER_DEVICE, exchange, is_reset};
use nix::time::{ClockId, clock_gettime};
use plan::Op;
use ringfence_kernel::{
    Bench, Origin, available, long_after,
    packet::{Packet, Payload, tcp},
};
use world::{CLIENT, DEFAULT_DENY, SERVER, SET, ops, rule};

const PORT: u16 = 8080;
/// A set that admits nobody.
const CLOSED: u32 = 6;
const CLOSED_RULE: u32 = 55;

fn now_ns() -> u64 {
    let now = Duration::from(clock_gettime(ClockId::CLOCK_MONOTONIC).unwrap());
    now.as_nanos() as u64
}

/// The server, adopted until this time; its ingress set lets the client in on [`PORT`].
fn bench(adopted_until_ns: u64) -> Bench {
    const BASE: u32 = 2000;
    const WIDTH: u32 = 3;
    let bench = Bench::with(|config| config.lifetimes.report_interval = Duration::ZERO).unwrap();
    bench.add(&CLIENT).unwrap();
    let record = Interface { adopted_until_ns, ..SERVER.interface() };
    bench.instance().set_interface(SERVER.endpoint, record).unwrap();
    let mut ops = ops(&[(PORT, rule(7, true))], rule(DEFAULT_DENY, false));
    let cell = |index| Op::Cell { index, cell: rule(CLOSED_RULE, false) };
    ops.extend((BASE..BASE + WIDTH).map(cell));
    ops.extend([1, 2].map(|class| Op::Row {
        key: RowKey { set: CLOSED, class },
        value: RowValue { base: BASE, width: WIDTH },
    }));
    bench.perform(&ops).unwrap();
    bench
}

fn flip(bench: &Bench, ingress: u32, egress: u32, generation: u64) {
    let sets = Sets::live(ingress, egress).unwrap();
    let ops = [Op::Sets { endpoint: 2, sets }, Op::Generation { endpoint: 2, generation }];
    bench.perform(&ops).unwrap();
}

/// A packet of a connection between a port of the client and one of the server: whether it passed,
/// and what was told.
fn sends(
    bench: &mut Bench,
    direction: Direction,
    (client, server): (u16, u16),
    flags: u8,
) -> (bool, Vec<Event>) {
    let (a, b): (IpAddr, IpAddr) = (CLIENT.ipv4.unwrap().into(), SERVER.ipv4.unwrap().into());
    let packet = match direction {
        Ingress => {
            let payload = Payload::Tcp { source: client, destination: server, flags };
            Packet::new(CLIENT.mac, a, b, payload)
        }
        Egress => {
            let payload = Payload::Tcp { source: server, destination: client, flags };
            Packet::new(SERVER.mac, b, a, payload)
        }
    };
    let outcome = bench.run(direction, 2, Origin::Elsewhere, &packet.build()).unwrap();
    (outcome.allowed, outcome.events)
}

const OLD: (u16, u16) = (40_000, PORT);

#[test]
fn a_connection_older_than_the_programs_goes_on_where_either_end_might_have_opened_it() {
    if !available() {
        return;
    }
    // Sets of the server, and the rule that the adoption is told with.
    let cases = [((SET, CLOSED), 7, INGRESS), ((CLOSED, 0), 0, EGRESS), ((SET, 0), 7, INGRESS)];
    for ((ingress, egress), by, side) in cases {
        for first in [Ingress, Egress] {
            let mut bench = bench(now_ns() + 3_600_000_000_000);
            flip(&bench, ingress, egress, 2);
            let (allowed, events) = sends(&mut bench, first, OLD, tcp::ACK);
            assert!(allowed, "{ingress} {egress} {first:?}");
            let [event] = events[..] else { panic!("{events:?}") };
            assert_eq!((event.kind, event.rule), (EventKind::Opened as u8, by));
            assert_eq!(event.direction, side, "{ingress} {egress} {first:?}");
            for direction in [Ingress, Egress, Ingress] {
                assert_eq!(sends(&mut bench, direction, OLD, tcp::ACK), (true, vec![]));
            }
            assert_eq!(bench.instance().established(2).unwrap(), 1, "both ends have been heard");
        }
    }
}

const EGRESS: u8 = 0;
const INGRESS: u8 = 1;

#[test]
fn a_connection_that_neither_end_might_have_opened_is_refused_by_rule_while_adopting() {
    if !available() {
        return;
    }
    let mut bench = bench(now_ns() + 3_600_000_000_000);
    flip(&bench, SET, CLOSED, 2);
    for direction in [Ingress, Egress] {
        let (allowed, events) = sends(&mut bench, direction, (40_000, PORT + 1), tcp::ACK);
        assert!(!allowed);
        assert_eq!((events[0].kind, events[0].rule), (EventKind::Denied as u8, DEFAULT_DENY));
    }
    // A new connection is what it always was.
    assert!(!sends(&mut bench, Ingress, (40_000, PORT + 1), tcp::SYN).0);
    assert!(sends(&mut bench, Ingress, (40_001, PORT), tcp::SYN).0);
}

#[test]
fn adoption_ends_and_was_never_for_a_pod_that_did_not_run_without_programs() {
    if !available() {
        return;
    }
    for until in [0, 1, now_ns()] {
        let mut bench = bench(until);
        // The coarse clock of the programs is a tick behind.
        let over = |bench: &mut Bench| !sends(bench, Ingress, OLD, tcp::ACK).0;
        while until > 1 && !over(&mut bench) {
            bench.instance().collect(long_after().unwrap()).unwrap();
        }
        let (allowed, events) = sends(&mut bench, Ingress, OLD, tcp::ACK);
        assert!(!allowed);
        assert_eq!(events[0].reason, Builtin::NoSyn.code(), "{until}");
    }
}

#[test]
fn what_was_adopted_is_judged_again_and_cut_when_no_end_may_open_it_any_more() {
    if !available() {
        return;
    }
    for first in [Ingress, Egress] {
        let mut bench = bench(now_ns() + 3_600_000_000_000);
        flip(&bench, SET, CLOSED, 2);
        for direction in [first, Ingress, Egress, Ingress] {
            assert!(sends(&mut bench, direction, OLD, tcp::ACK).0);
        }
        // The other end may have opened it, as far as anybody knows.
        flip(&bench, CLOSED, 0, 3);
        assert_eq!(sends(&mut bench, Ingress, OLD, tcp::ACK), (true, vec![]));
        flip(&bench, CLOSED, CLOSED, 4);
        let (_, events) = sends(&mut bench, Ingress, OLD, tcp::ACK);
        assert_eq!((events[0].kind, events[0].rule), (EventKind::Cut as u8, CLOSED_RULE));
        assert_eq!(bench.instance().established(2).unwrap(), 0);
        assert!(!sends(&mut bench, Egress, OLD, tcp::ACK).0, "it is not adopted a second time");
    }
}

#[test]
fn a_reset_of_an_old_connection_arrives_and_leaves_nothing_behind_that_proves_a_path() {
    if !available() {
        return;
    }
    let mut bench = bench(now_ns() + 3_600_000_000_000);
    flip(&bench, SET, CLOSED, 2);
    assert!(sends(&mut bench, Ingress, OLD, tcp::ACK).0);
    assert!(sends(&mut bench, Egress, OLD, tcp::RST).0, "who does not know it says so");
    assert_eq!(bench.instance().established(2).unwrap(), 0, "and has proved nothing");
}

/// A connection that is older than the programs, whose pods are adopted or not: the net and both ends.
fn attached_late(name: &str, adopted_until_ns: u64, egress: u32) -> (Net, TcpStream, TcpStream) {
    let tables = ops(&[(PORT, rule(7, true))], rule(DEFAULT_DENY, false));
    let net = Net::with(name, &tables, |config| config.lifetimes.report_interval = Duration::ZERO);
    for device in [CLIENT_DEVICE, SERVER_DEVICE] {
        net.instance.detach(device, now_ns()).unwrap();
    }
    let (mut client, mut server) = net.connection(SERVER.ipv4.unwrap().into(), PORT);
    exchange(&mut client, &mut server);
    net.instance.perform(&tables).unwrap();
    net.flip(SERVER.endpoint, Sets::live(SET, egress).unwrap(), 5);
    for (device, pod) in [(CLIENT_DEVICE, CLIENT), (SERVER_DEVICE, SERVER)] {
        net.attach(device, Interface { adopted_until_ns, ..pod.interface() });
    }
    (net, client, server)
}

#[test]
fn a_real_connection_goes_on_when_its_pods_are_adopted_and_ends_when_they_are_not() {
    if !available() {
        return;
    }
    let until = now_ns() + 3_600_000_000_000;
    for client_first in [true, false] {
        let (net, mut client, mut server) = attached_late("adopted", until, CLOSED);
        let (first, second) =
            if client_first { (&mut client, &mut server) } else { (&mut server, &mut client) };
        exchange(first, second);
        exchange(second, first);
        let connections = net.instance.connections().unwrap();
        let is_adopted = connections
            .iter()
            .all(|(_, connection)| connection.flags & connection_flags::ADOPTED != 0);
        assert!(is_adopted && connections.len() == 2, "{connections:?}");
        // Attaching again neither ends nor prolongs it.
        net.attach(SERVER_DEVICE, Interface { adopted_until_ns: 0, ..SERVER.interface() });
        exchange(&mut client, &mut server);
        // And it is cut as any other.
        net.flip(SERVER.endpoint, Sets::live(CLOSED, CLOSED).unwrap(), 6);
        client.write_all(b"z").unwrap();
        assert!(is_reset(&mut client) && is_reset(&mut server));
    }
    let (mut net, mut client, _server) = attached_late("not-adopted", 0, CLOSED);
    client.write_all(b"z").unwrap();
    net.await_told(|event| event.reason == Builtin::NoSyn.code());
    assert_eq!(net.instance.connections().unwrap(), []);
}
