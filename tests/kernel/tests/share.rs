//! The table of established connections: who gets into it, what happens where it is full, and each
//! endpoint's share of it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod world;

use std::net::IpAddr;

use abi::Sets;
use datapath::{
    Config, Counters,
    Direction::{Egress, Ingress},
};
use ringfence_kernel::{
    Bench, Origin, available, long_after,
    packet::{Packet, Payload, tcp},
};
use world::{CLIENT, DEFAULT_DENY, SERVER, ops, rule};

const PORT: u16 = 8080;

fn bench(change: impl FnOnce(&mut Config)) -> Bench {
    let bench = Bench::with(change).unwrap();
    bench.add(&CLIENT).unwrap();
    bench.add(&SERVER).unwrap();
    bench.perform(&ops(&[(PORT, rule(7, true))], rule(DEFAULT_DENY, false))).unwrap();
    bench
}

/// What the client and the server of one connection send each other in turn, the client first.
fn exchange(bench: &mut Bench, packets: &[Payload]) -> bool {
    let (client, server): (IpAddr, IpAddr) =
        (CLIENT.ipv4.unwrap().into(), SERVER.ipv4.unwrap().into());
    packets.iter().enumerate().all(|(at, payload)| {
        let (mac, from, to, direction) = match at % 2 {
            0 => (CLIENT.mac, client, server, Ingress),
            _ => (SERVER.mac, server, client, Egress),
        };
        let packet = Packet::new(mac, from, to, payload.clone()).build();
        bench.run(direction, 2, Origin::Elsewhere, &packet).unwrap().allowed
    })
}

fn stream(client: u16) -> [Payload; 3] {
    let request = |flags| Payload::Tcp { source: client, destination: PORT, flags };
    let reply = Payload::Tcp { source: PORT, destination: client, flags: tcp::SYN | tcp::ACK };
    [request(tcp::SYN), reply, request(tcp::ACK)]
}

fn datagrams(client: u16) -> [Payload; 2] {
    let data = vec![1];
    [
        Payload::Udp { source: client, destination: PORT, data: data.clone() },
        Payload::Udp { source: PORT, destination: client, data },
    ]
}

fn association(client: u16) -> [Payload; 2] {
    [
        Payload::Sctp { source: client, destination: PORT, chunk: 1 },
        Payload::Sctp { source: PORT, destination: client, chunk: 2 },
    ]
}

#[test]
fn a_connection_is_established_when_its_opener_has_proved_to_be_there_and_not_before() {
    if !available() {
        return;
    }
    let connections: [Vec<Payload>; 3] =
        [stream(1).to_vec(), datagrams(2).to_vec(), association(3).to_vec()];
    for packets in connections {
        let mut bench = bench(|_| ());
        let (last, first) = packets.split_last().unwrap();
        assert!(exchange(&mut bench, first));
        assert_eq!(bench.instance().established(2).unwrap(), 0, "{last:?} is still to come");
        assert!(exchange(&mut bench, &packets));
        assert_eq!(bench.instance().established(2).unwrap(), 1, "{last:?} proved it");
        assert_eq!(bench.instance().established(1).unwrap(), 0);
        assert_eq!(bench.instance().collect(long_after().unwrap()).unwrap().len(), 1);
        assert_eq!(bench.instance().established(2).unwrap(), 0, "collected");
    }
}

#[test]
fn an_endpoint_over_its_share_goes_on_without_a_place_and_the_others_have_theirs() {
    if !available() {
        return;
    }
    let mut bench = bench(|config| config.capacities.established_share = 4);
    for client in 1..=6 {
        assert!(exchange(&mut bench, &stream(client)), "what is crowded out still works");
    }
    assert_eq!(bench.instance().established(2).unwrap(), 4);
    let full = |bench: &Bench| {
        let Counters { share_full, established_full, .. } = bench.instance().counters().unwrap();
        (share_full, established_full)
    };
    assert_eq!(full(&bench), (2, 0), "each is counted once");
    assert!(exchange(&mut bench, &stream(6)[2..]));
    assert_eq!(full(&bench), (2, 0));

    // Cutting one makes room for another.
    let request = |flags| Payload::Tcp { source: 1, destination: PORT, flags };
    let (closed, open) = (Sets::live(6, 0).unwrap(), Sets::live(world::SET, 0).unwrap());
    let flip = |bench: &Bench, sets, generation| {
        let ops = [
            plan::Op::Sets { endpoint: 2, sets },
            plan::Op::Generation { endpoint: 2, generation },
        ];
        bench.perform(&ops).unwrap();
    };
    flip(&bench, closed, 2);
    exchange(&mut bench, &[request(tcp::ACK)]);
    flip(&bench, open, 3);
    assert_eq!(bench.instance().established(2).unwrap(), 3);
    assert!(exchange(&mut bench, &stream(6)[2..]));
    assert_eq!(bench.instance().established(2).unwrap(), 4);
}

#[test]
fn a_full_table_is_told_apart_from_a_full_share() {
    if !available() {
        return;
    }
    // Each processor may keep a few free entries to itself, so more are tried than it has.
    let mut bench = bench(|config| config.capacities.established = 8);
    for client in 1..=200 {
        assert!(exchange(&mut bench, &stream(client)));
    }
    let counters = bench.instance().counters().unwrap();
    let held = bench.instance().established(2).unwrap();
    assert!(counters.established_full > 0 && counters.share_full == 0, "{counters:?}");
    assert_eq!(held + counters.established_full, 200, "whoever found no room holds none");
    assert_eq!(bench.instance().collect(long_after().unwrap()).unwrap().len(), 200);
    assert_eq!(bench.instance().established(2).unwrap(), 0);
}
