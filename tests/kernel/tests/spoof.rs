//! Whose address: what a pod may claim, and what addressing needs.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod world;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use datapath::Direction::Egress;
use model::Builtin;
use ringfence_kernel::{
    Bench, Origin, Pod, available,
    packet::{Packet, Payload, arp, protocol},
};
use world::{CLIENT, SERVER, pod_ops};

const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, 1);
const QUARANTINED: u32 = 3;

/// The client, live as 1 and without words as 3.
fn bench() -> Bench {
    // Every denial is told, so that equal ones can be told apart.
    let bench = Bench::with(|config| config.lifetimes.report_interval = Duration::ZERO).unwrap();
    bench.add(&CLIENT).unwrap();
    bench.add(&Pod { endpoint: QUARANTINED, ..CLIENT }).unwrap();
    bench.perform(&pod_ops(&[])).unwrap();
    bench
}

fn sends(bench: &mut Bench, endpoint: u32, packet: &[u8]) -> Result<(), u8> {
    let outcome = bench.run(Egress, endpoint, Origin::Elsewhere, packet).unwrap();
    match outcome.allowed {
        true => Ok(()),
        false => Err(outcome.events.first().map_or(0, |event| event.reason)),
    }
}

fn udp(mac: [u8; 6], source: IpAddr) -> Vec<u8> {
    let destination = match source {
        IpAddr::V4(_) => SERVER.ipv4.unwrap().into(),
        IpAddr::V6(_) => SERVER.ipv6.unwrap().into(),
    };
    let payload = Payload::Udp { source: 1, destination: 53, data: vec![] };
    Packet::new(mac, source, destination, payload).build()
}

#[test]
fn a_source_must_be_the_pods_own() {
    if !available() {
        return;
    }
    let mut bench = bench();
    let own: [IpAddr; 3] =
        [CLIENT.ipv4.unwrap().into(), CLIENT.ipv6.unwrap().into(), LINK_LOCAL.into()];
    for source in own {
        assert_eq!(sends(&mut bench, 1, &udp(CLIENT.mac, source)), Ok(()), "{source}");
        let forged = udp(SERVER.mac, source);
        assert_eq!(sends(&mut bench, 1, &forged), Err(Builtin::Spoofed.code()), "{source}");
    }
    let others = ["10.0.0.2", "10.0.0.0", "0.0.0.0", "fd00::2", "fe80::2", "::"];
    for source in others {
        let forged = udp(CLIENT.mac, source.parse().unwrap());
        assert_eq!(sends(&mut bench, 1, &forged), Err(Builtin::Spoofed.code()), "{source}");
    }
}

#[test]
fn arp_claims_only_the_pods_own_addresses() {
    if !available() {
        return;
    }
    let mut bench = bench();
    let (own, other) = (CLIENT.ipv4.unwrap(), SERVER.ipv4.unwrap());
    for endpoint in [1, QUARANTINED] {
        let mut ask = |operation, sender| {
            sends(&mut bench, endpoint, &arp(CLIENT.mac, operation, sender, other)).is_ok()
        };
        assert!(ask(1, (CLIENT.mac, own)));
        assert!(ask(2, (CLIENT.mac, own)));
        assert!(!ask(1, (CLIENT.mac, Ipv4Addr::UNSPECIFIED)), "a probe of another's address");
        assert!(!ask(2, (CLIENT.mac, Ipv4Addr::UNSPECIFIED)));
        assert!(!ask(1, (CLIENT.mac, other)));
        assert!(!ask(2, (CLIENT.mac, other)));
        assert!(!ask(2, (SERVER.mac, own)));
        let mut probe = |operation| {
            let probe = arp(CLIENT.mac, operation, (CLIENT.mac, Ipv4Addr::UNSPECIFIED), own);
            sends(&mut bench, endpoint, &probe).is_ok()
        };
        assert!(probe(1), "a probe of one's own");
        assert!(!probe(2));
    }
}

/// A message of neighbour discovery about `target` with an option naming `mac`.
fn neighbour(kind: u8, source: Ipv6Addr, target: Ipv6Addr, option: u8, mac: [u8; 6]) -> Vec<u8> {
    let mut data = match kind {
        133 => vec![],
        _ => target.octets().to_vec(),
    };
    if option != 0 {
        data.extend([option, 1]);
        data.extend(mac);
    }
    let payload = Payload::Icmp { kind, code: 0, word: [0; 4], data };
    let group = "ff02::1".parse().unwrap();
    let mut packet = Packet::new(CLIENT.mac, source.into(), group, payload);
    packet.hop_limit = 255;
    packet.build()
}

#[test]
fn neighbour_discovery_works_in_quarantine_and_claims_only_what_is_own() {
    if !available() {
        return;
    }
    let mut bench = bench();
    let (own, other) = (CLIENT.ipv6.unwrap(), SERVER.ipv6.unwrap());
    let nobody = Ipv6Addr::UNSPECIFIED;
    let (mac, forged) = (CLIENT.mac, SERVER.mac);
    let cases = [
        (true, neighbour(135, nobody, own, 0, mac), "duplicate address detection"),
        (true, neighbour(135, nobody, LINK_LOCAL, 0, mac), "the same, link-local"),
        (false, neighbour(135, nobody, other, 0, mac), "of another's address"),
        (true, neighbour(135, own, other, 1, mac), "asking for a neighbour"),
        (false, neighbour(135, own, other, 1, forged), "asking with a forged link-layer address"),
        (true, neighbour(136, own, own, 2, mac), "answering for oneself"),
        (false, neighbour(136, own, other, 2, mac), "answering for another"),
        (false, neighbour(136, own, own, 2, forged), "answering with a forged address"),
        (true, neighbour(133, LINK_LOCAL, own, 1, mac), "asking for routers"),
        (false, neighbour(134, LINK_LOCAL, own, 0, mac), "posing as a router"),
        (false, neighbour(137, LINK_LOCAL, own, 0, mac), "redirecting"),
    ];
    for (allowed, packet, what) in &cases {
        for endpoint in [1, QUARANTINED] {
            let result = sends(&mut bench, endpoint, packet);
            assert_eq!(result.is_ok(), *allowed, "{what}: {result:?}");
        }
    }
}

#[test]
fn membership_reports_pass_behind_a_hop_by_hop_header_and_only_one_hop() {
    if !available() {
        return;
    }
    let mut bench = bench();
    for (hop_limit, allowed) in [(1, true), (2, false)] {
        let payload = Payload::Icmp { kind: 143, code: 0, word: [0; 4], data: vec![] };
        let group = "ff02::16".parse().unwrap();
        let mut packet = Packet::new(CLIENT.mac, Ipv6Addr::UNSPECIFIED.into(), group, payload);
        packet.hop_limit = hop_limit;
        packet.extensions = vec![(protocol::HOP_BY_HOP, vec![5, 2, 0, 0, 1, 0])];
        let result = sends(&mut bench, QUARANTINED, &packet.build());
        assert_eq!(result.is_ok(), allowed);
    }
}

#[test]
fn dhcp_is_asked_where_it_is_configured_and_never_answered() {
    if !available() {
        return;
    }
    let mut bench = bench();
    bench.add(&Pod { endpoint: 4, dhcp: true, ..CLIENT }).unwrap();
    let packet = |from: Ipv4Addr, to: Ipv4Addr, source, destination| {
        let payload = Payload::Udp { source, destination, data: vec![] };
        Packet::new(CLIENT.mac, from.into(), to.into(), payload).build()
    };
    let request = packet(Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST, 68, 67);
    assert!(sends(&mut bench, 4, &request).is_ok());
    assert!(sends(&mut bench, 1, &request).is_err());
    let elsewhere = packet(Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST, 68, 68);
    assert!(sends(&mut bench, 4, &elsewhere).is_err());
    let answer = packet(CLIENT.ipv4.unwrap(), SERVER.ipv4.unwrap(), 67, 68);
    assert_eq!(sends(&mut bench, 1, &answer), Err(Builtin::Spoofed.code()));
}
