//! An endpoint's slot after its pod is gone: the next pod inherits nothing (rulings N24, N27).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod world;

use std::net::IpAddr;

use abi::{EventKind, Sets};
use datapath::Direction::{Egress, Ingress};
use model::Builtin;
use plan::Op;
use ringfence_kernel::{
    Bench, Origin, available,
    packet::{Packet, Payload, tcp},
};
use world::{CLIENT, DEFAULT_DENY, SERVER, SET, ops, rule};

const PORT: u16 = 8080;
const NOW: u64 = 1;

/// The server with an established connection of one client port and a half-open one of the next.
fn bench() -> Bench {
    let mut bench = Bench::new().unwrap();
    bench.add(&CLIENT).unwrap();
    bench.add(&SERVER).unwrap();
    bench.perform(&ops(&[(PORT, rule(7, true))], rule(DEFAULT_DENY, false))).unwrap();
    for client in [1, 2] {
        assert_eq!(asks(&mut bench, client, tcp::SYN), Ok(()));
    }
    let answer = Payload::Tcp { source: PORT, destination: 1, flags: tcp::SYN | tcp::ACK };
    let (client, server) = addresses();
    let answer = Packet::new(SERVER.mac, server, client, answer).build();
    assert!(bench.run(Egress, 2, Origin::Elsewhere, &answer).unwrap().allowed);
    assert_eq!(asks(&mut bench, 1, tcp::ACK), Ok(()));
    bench
}

fn addresses() -> (IpAddr, IpAddr) {
    (CLIENT.ipv4.unwrap().into(), SERVER.ipv4.unwrap().into())
}

/// A packet from the client, or the reason why not.
fn asks(bench: &mut Bench, source: u16, flags: u8) -> Result<(), u8> {
    let (client, server) = addresses();
    let payload = Payload::Tcp { source, destination: PORT, flags };
    let packet = Packet::new(CLIENT.mac, client, server, payload).build();
    let outcome = bench.run(Ingress, 2, Origin::Elsewhere, &packet).unwrap();
    if outcome.allowed {
        Ok(())
    } else {
        Err(outcome.events.first().map_or(0, |event| event.reason))
    }
}

#[test]
fn the_next_pod_with_the_slot_and_the_address_begins_in_quarantine_without_connections() {
    if !available() {
        return;
    }
    let mut bench = bench();
    assert_eq!(bench.instance().established(2).unwrap(), 1);
    let ended = bench.instance().detach(2, NOW).unwrap();
    let ended: Vec<_> = ended.iter().map(|event| (event.kind, event.source_port)).collect();
    assert_eq!(ended, [(EventKind::Closed as u8, 1), (EventKind::Closed as u8, 2)]);
    assert_eq!(bench.instance().established(2).unwrap(), 0, "its share is the next one's");

    bench.add(&SERVER).unwrap();
    assert_eq!(asks(&mut bench, 3, tcp::SYN), Err(Builtin::Quarantine.code()));
    let sets = Sets::live(SET, 0).unwrap();
    bench.perform(&[Op::Sets { endpoint: 2, sets }]).unwrap();
    assert_eq!(asks(&mut bench, 1, tcp::ACK), Err(Builtin::NoSyn.code()));
    assert_eq!(asks(&mut bench, 1, tcp::SYN), Ok(()));
}

#[test]
fn what_was_allowed_to_the_last_pod_is_stale_for_the_next() {
    if !available() {
        return;
    }
    let bench = bench();
    let sets = Sets::live(SET, SET).unwrap();
    bench.perform(&[Op::Staged { endpoint: 2, sets }, Op::Hairpin { endpoint: 2, sets }]).unwrap();
    let before = bench.instance().observe().unwrap().endpoints[&2];
    bench.instance().detach(2, NOW).unwrap();
    let after = bench.instance().observe().unwrap().endpoints[&2];
    assert_eq!(after.generation, before.generation + 1);
    assert_eq!([after.sets, after.staged, after.hairpin], [Sets::default(); 3]);
}

#[test]
fn an_interface_that_was_replaced_takes_nothing_with_it() {
    if !available() {
        return;
    }
    let mut bench = bench();
    // The same pod by another veth.
    bench.instance().set_interface(9, SERVER.interface()).unwrap();
    assert_eq!(bench.instance().detach(9, NOW).unwrap(), []);
    assert_eq!(asks(&mut bench, 1, tcp::ACK), Ok(()));
    assert_eq!(asks(&mut bench, 3, tcp::SYN), Ok(()));
}
