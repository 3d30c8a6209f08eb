//! Staged sets: what would happen is told beside what happens, and changes nothing.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod world;

use std::net::IpAddr;

use abi::{Event, EventKind, RowKey, RowValue, Sets, verdict_code};
use datapath::Direction::{Egress, Ingress};
use model::Builtin;
use plan::Op;
use ringfence_kernel::{
    Bench, Origin, available,
    packet::{Packet, Payload, tcp},
};
use world::{CLIENT, DEFAULT_DENY, SERVER, ops, rule};

const PORT: u16 = 8080;
const STAGED: u32 = 6;
const CLASSES: [u32; 2] = [1, 2];

/// A table whose enforced set allows one port, and a staged set that answers everybody like `rule`
/// with `allowed`.
fn bench(staged: u32, allowed: bool) -> Bench {
    const BASE: u32 = 1000;
    const WIDTH: u32 = 3;
    let bench = Bench::new().unwrap();
    bench.add(&CLIENT).unwrap();
    bench.add(&SERVER).unwrap();
    let mut ops = ops(&[(PORT, rule(7, true))], rule(DEFAULT_DENY, false));
    let cell = |index| Op::Cell { index, cell: rule(staged, allowed) };
    ops.extend((BASE..BASE + WIDTH).map(cell));
    ops.extend(CLASSES.map(|class| Op::Row {
        key: RowKey { set: STAGED, class },
        value: RowValue { base: BASE, width: WIDTH },
    }));
    let sets = Sets::live(STAGED, STAGED).unwrap();
    ops.extend([1, 2].map(|endpoint| Op::Staged { endpoint, sets }));
    bench.perform(&ops).unwrap();
    bench
}

/// One packet of a new connection to this port: whether it passed, and the one event.
fn open(bench: &mut Bench, direction: datapath::Direction, port: u16) -> (bool, Event) {
    let endpoint = if direction == Egress { 1 } else { 2 };
    let (client, server): (IpAddr, IpAddr) =
        (CLIENT.ipv4.unwrap().into(), SERVER.ipv4.unwrap().into());
    let payload = Payload::Tcp { source: 40_000, destination: port, flags: tcp::SYN };
    let packet = Packet::new(CLIENT.mac, client, server, payload).build();
    let outcome = bench.run(direction, endpoint, Origin::Elsewhere, &packet).unwrap();
    let [event] = outcome.events[..] else { panic!("{outcome:?}") };
    (outcome.allowed, event)
}

fn staged(event: &Event) -> (u32, u8, u8) {
    (event.staged_rule, event.staged_verdict, event.staged_reason)
}

#[test]
fn a_staged_denial_is_told_and_not_enforced_and_so_is_a_staged_allow() {
    if !available() {
        return;
    }
    for allowed in [true, false] {
        let mut bench = bench(8, allowed);
        let would = (8, if allowed { verdict_code::ALLOW } else { verdict_code::DENY }, 0);
        let (passed, event) = open(&mut bench, Ingress, PORT);
        assert!(passed);
        assert_eq!((event.kind, event.rule), (EventKind::Opened as u8, 7));
        assert_eq!(staged(&event), would);
        let (passed, event) = open(&mut bench, Ingress, PORT + 1);
        assert!(!passed);
        assert_eq!((event.kind, event.rule), (EventKind::Denied as u8, DEFAULT_DENY));
        assert_eq!(staged(&event), would);
        let (passed, event) = open(&mut bench, Egress, PORT);
        assert!(passed);
        assert_eq!(event.reason, Builtin::DefaultAllow.code());
        assert_eq!(staged(&event), would);
    }
}

#[test]
fn where_nothing_is_staged_nothing_is_said_of_it_and_no_policy_is_said_to_be_none() {
    if !available() {
        return;
    }
    let mut bench = bench(8, false);
    bench.perform(&[Op::Staged { endpoint: 2, sets: Sets::default() }]).unwrap();
    assert_eq!(staged(&open(&mut bench, Ingress, PORT).1), (0, 0, 0));
    let sets = Sets::live(0, 0).unwrap();
    bench.perform(&[Op::Staged { endpoint: 2, sets }]).unwrap();
    let (passed, event) = open(&mut bench, Ingress, PORT + 1);
    assert!(!passed);
    assert_eq!(staged(&event), (0, verdict_code::ALLOW, Builtin::DefaultAllow.code()));
}

#[test]
fn staged_sets_open_no_endpoint_and_end_no_connection() {
    if !available() {
        return;
    }
    let mut bench = bench(8, true);
    bench.perform(&[Op::Sets { endpoint: 2, sets: Sets::default() }]).unwrap();
    let (passed, event) = open(&mut bench, Ingress, PORT);
    assert!(!passed);
    assert_eq!(event.reason, Builtin::Quarantine.code());

    bench = self::bench(8, false);
    assert!(open(&mut bench, Ingress, PORT).0);
    bench.perform(&[Op::Generation { endpoint: 2, generation: 2 }]).unwrap();
    let reply = Payload::Tcp { source: PORT, destination: 40_000, flags: tcp::SYN | tcp::ACK };
    let (client, server): (IpAddr, IpAddr) =
        (CLIENT.ipv4.unwrap().into(), SERVER.ipv4.unwrap().into());
    let packet = Packet::new(SERVER.mac, server, client, reply).build();
    let outcome = bench.run(Egress, 2, Origin::Elsewhere, &packet).unwrap();
    assert!(outcome.allowed && outcome.events.is_empty(), "{outcome:?}");
}
