//! The parser: what cannot be read completely is dropped, and nothing hides a port.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod world;

use std::{net::IpAddr, time::Duration};

use datapath::Direction::{Egress, Ingress};
use model::Builtin;
use ringfence_kernel::{
    Bench, Origin, available,
    packet::{ETHERNET_SIZE, Fragment, Packet, Payload, ethernet, protocol, tcp},
};
use world::{CLIENT, DEFAULT_DENY, SERVER, pod_ops, rule};

const PORT: u16 = 8080;

fn bench() -> Bench {
    // Every denial is told, so that equal ones can be told apart.
    let bench = Bench::with(|config| config.lifetimes.report_interval = Duration::ZERO).unwrap();
    bench.add(&CLIENT).unwrap();
    bench.add(&SERVER).unwrap();
    bench.perform(&pod_ops(&[(PORT, rule(7, true))])).unwrap();
    bench
}

fn udp(family: u8, port: u16, data: Vec<u8>) -> Packet {
    let (source, destination): (IpAddr, IpAddr) = match family {
        4 => (CLIENT.ipv4.unwrap().into(), SERVER.ipv4.unwrap().into()),
        _ => (CLIENT.ipv6.unwrap().into(), SERVER.ipv6.unwrap().into()),
    };
    let payload = Payload::Udp { source: 1, destination: port, data };
    Packet::new(CLIENT.mac, source, destination, payload)
}

/// At the server's ingress: the rule and reason of the only event.
fn judged(bench: &mut Bench, packet: &[u8]) -> (bool, u32, u8) {
    let outcome = bench.run(Ingress, 2, Origin::Elsewhere, packet).unwrap();
    let event = outcome.events.first().copied().unwrap_or_default();
    (outcome.allowed, event.rule, event.reason)
}

#[test]
fn every_truncation_of_a_packet_is_unparsable() {
    if !available() {
        return;
    }
    let mut bench = bench();
    for (family, header) in [(4, 20), (6, 40)] {
        let payloads = [
            Payload::Tcp { source: 1, destination: PORT, flags: tcp::SYN },
            Payload::Udp { source: 1, destination: PORT, data: vec![] },
            Payload::Sctp { source: 1, destination: PORT, chunk: 1 },
        ];
        for payload in payloads {
            let mut packet = udp(family, PORT, vec![]);
            packet.payload = payload;
            let whole = packet.build();
            // The kernel refuses less than a network header before the program is asked.
            for length in ETHERNET_SIZE + header..whole.len() {
                let (allowed, _, reason) = judged(&mut bench, &whole[..length]);
                assert_eq!((allowed, reason), (false, Builtin::Unparsable.code()), "{length}");
            }
        }
    }
}

#[test]
fn options_and_extension_headers_do_not_hide_the_port() {
    if !available() {
        return;
    }
    let mut bench = bench();
    for (port, wanted) in [(PORT, (true, 7, 0)), (PORT + 1, (false, DEFAULT_DENY, 0))] {
        let mut packet = udp(4, port, vec![]);
        packet.options = vec![1; 40];
        assert_eq!(judged(&mut bench, &packet.build()), wanted);
        let mut packet = udp(6, port, vec![]);
        packet.extensions = vec![
            (protocol::HOP_BY_HOP, vec![1, 4, 0, 0, 0, 0]),
            (protocol::ROUTING, vec![4, 0, 0, 0, 0, 0]),
            (protocol::AUTHENTICATION, vec![0; 22]),
            (protocol::DESTINATION_OPTIONS, vec![1, 4, 0, 0, 0, 0]),
        ];
        packet.payload = Payload::Udp { source: 2, destination: port, data: vec![] };
        assert_eq!(judged(&mut bench, &packet.build()), wanted);
    }
}

#[test]
fn eight_extension_headers_are_walked_and_nine_are_not() {
    if !available() {
        return;
    }
    let mut bench = bench();
    for (count, allowed) in [(8, true), (9, false)] {
        let mut packet = udp(6, PORT, vec![]);
        packet.extensions = vec![(protocol::DESTINATION_OPTIONS, vec![1, 4, 0, 0, 0, 0]); count];
        assert_eq!(judged(&mut bench, &packet.build()).0, allowed, "{count}");
    }
}

#[test]
fn options_from_pods_have_a_limit() {
    if !available() {
        return;
    }
    let mut bench = bench();
    for (size, allowed) in [(64, true), (72, false)] {
        let mut packet = udp(6, PORT, vec![]);
        let mut content = vec![0; size - 2];
        content[0] = 1;
        content[1] = size as u8 - 4;
        packet.extensions = vec![(protocol::HOP_BY_HOP, content)];
        let outcome = bench.run(Egress, 1, Origin::Elsewhere, &packet.build()).unwrap();
        assert_eq!(outcome.allowed, allowed, "{size}");
    }
}

#[test]
fn a_packet_that_goes_elsewhere_than_its_destination_says_is_dropped() {
    if !available() {
        return;
    }
    let mut bench = bench();
    let mut packet = udp(6, PORT, vec![]);
    packet.extensions = vec![(protocol::ROUTING, vec![4, 1, 0, 0, 0, 0])];
    let unparsable = (false, 0, Builtin::Unparsable.code());
    assert_eq!(judged(&mut bench, &packet.build()), unparsable);
    let mapped: IpAddr = "::ffff:10.0.0.1".parse().unwrap();
    let mut packet = udp(6, PORT, vec![]);
    packet.source = mapped;
    assert_eq!(judged(&mut bench, &packet.build()), unparsable);
}

#[test]
fn other_ethertypes_and_tagged_frames_are_dropped() {
    if !available() {
        return;
    }
    let mut bench = bench();
    for ethertype in [0x8100, 0x88a8, 0x8847, 0x88cc, 0x0000] {
        let frame = ethernet(SERVER.mac, CLIENT.mac, ethertype, &[0; 64]);
        let wanted = (false, 0, Builtin::Unparsable.code());
        assert_eq!(judged(&mut bench, &frame), wanted, "{ethertype:#x}");
    }
}

/// A later part of a datagram.
fn later(family: u8, id: u32) -> Vec<u8> {
    let mut packet = udp(family, PORT, vec![]);
    packet.fragment = Some(Fragment { id, offset: 64, more: false });
    packet.payload = Payload::Other { protocol: protocol::UDP, data: vec![7; 32] };
    packet.build()
}

fn first(family: u8, id: u32, port: u16) -> Vec<u8> {
    let mut packet = udp(family, port, vec![0; 56]);
    packet.fragment = Some(Fragment { id, offset: 0, more: true });
    packet.build()
}

#[test]
fn later_fragments_follow_their_first_and_nothing_else() {
    if !available() {
        return;
    }
    let mut bench = bench();
    let fragment = (false, 0, Builtin::Fragment.code());
    for family in [4, 6] {
        assert_eq!(judged(&mut bench, &later(family, 1)), fragment);
        assert!(judged(&mut bench, &first(family, 1, PORT)).0);
        assert_eq!(judged(&mut bench, &later(family, 1)), (true, 0, 0));
        assert_eq!(judged(&mut bench, &later(family, 2)), fragment, "another datagram");
        assert!(!judged(&mut bench, &first(family, 1, PORT + 1)).0);
        assert_eq!(judged(&mut bench, &later(family, 1)), fragment, "of a denied one");
        let other = bench.run(Egress, 1, Origin::Elsewhere, &later(family, 1)).unwrap();
        assert!(!other.allowed, "another hook");
    }
}

#[test]
fn a_fragment_that_reaches_into_a_tcp_header_is_dropped() {
    if !available() {
        return;
    }
    let mut bench = bench();
    let mut packet = udp(4, PORT, vec![]);
    packet.payload = Payload::Other { protocol: protocol::TCP, data: vec![0; 32] };
    for (offset, reason) in
        [(8, Builtin::Unparsable), (16, Builtin::Unparsable), (24, Builtin::Fragment)]
    {
        packet.fragment = Some(Fragment { id: 9, offset, more: false });
        assert_eq!(judged(&mut bench, &packet.build()), (false, 0, reason.code()), "{offset}");
    }
}

#[test]
fn a_fragment_that_overlaps_the_first_is_dropped() {
    if !available() {
        return;
    }
    let mut bench = bench();
    for family in [4, 6] {
        assert!(judged(&mut bench, &first(family, 3, PORT)).0, "it has 64 octets");
        for (offset, expected) in
            [(56, (false, 0, Builtin::Fragment.code())), (64, (true, 0, 0)), (72, (true, 0, 0))]
        {
            let mut packet = udp(family, PORT, vec![]);
            packet.fragment = Some(Fragment { id: 3, offset, more: false });
            packet.payload = Payload::Other { protocol: protocol::UDP, data: vec![7; 32] };
            assert_eq!(judged(&mut bench, &packet.build()), expected, "{family} {offset}");
        }
    }
}

#[test]
fn an_ipv6_fragment_follows_its_first_whatever_header_it_names() {
    if !available() {
        return;
    }
    let mut bench = bench();
    let header = |offset: u16, more: u16| {
        let field = (offset | more).to_be_bytes();
        (protocol::FRAGMENT, vec![field[0], field[1], 0, 0, 0, 5])
    };
    for (port, allowed) in [(PORT, true), (PORT + 1, false)] {
        let mut packet = udp(6, port, vec![0; 48]);
        let options = (protocol::DESTINATION_OPTIONS, vec![1, 4, 0, 0, 0, 0]);
        packet.extensions = vec![header(0, 1), options];
        assert_eq!(judged(&mut bench, &packet.build()).0, allowed, "{port}");
        packet.extensions = vec![header(64, 0)];
        let data = vec![0; 16];
        packet.payload = Payload::Other { protocol: protocol::DESTINATION_OPTIONS, data };
        assert_eq!(judged(&mut bench, &packet.build()).0, allowed, "after {port}");
    }
}

#[test]
fn an_error_is_matched_behind_options_and_extension_headers() {
    if !available() {
        return;
    }
    let mut bench = bench();
    for (family, kind, code) in [(4, 3, 3), (6, 1, 4)] {
        let mut sent = udp(family, 53, vec![0; 8]);
        sent.source_mac = SERVER.mac;
        std::mem::swap(&mut sent.source, &mut sent.destination);
        match family {
            4 => sent.options = vec![1; 8],
            _ => {
                let padding = vec![1, 4, 0, 0, 0, 0];
                sent.extensions = vec![(protocol::DESTINATION_OPTIONS, padding)];
            }
        }
        assert!(bench.run(Egress, 2, Origin::Elsewhere, &sent.build()).unwrap().allowed);
        let error = |quoted: &Packet| {
            let data = quoted.build()[ETHERNET_SIZE..].to_vec();
            let payload = Payload::Icmp { kind, code, word: [0; 4], data };
            Packet { payload, ..udp(family, PORT, vec![]) }.build()
        };
        assert!(judged(&mut bench, &error(&sent)).0, "{family}");
        let other = Payload::Udp { source: 1, destination: 54, data: vec![0; 8] };
        let other = Packet { payload: other, ..sent.clone() };
        assert_eq!(judged(&mut bench, &error(&other)), (false, DEFAULT_DENY, 0), "another port");
        let mut later = sent.clone();
        later.fragment = Some(Fragment { id: 1, offset: 64, more: false });
        assert_eq!(judged(&mut bench, &error(&later)), (false, DEFAULT_DENY, 0), "no ports");
    }
}

#[test]
fn flags_that_no_tcp_sends_open_nothing() {
    if !available() {
        return;
    }
    let mut bench = bench();
    let unparsable = (false, 0, Builtin::Unparsable.code());
    for (flags, expected) in [
        (tcp::SYN | tcp::FIN, unparsable),
        (tcp::SYN | tcp::RST, unparsable),
        (tcp::FIN, unparsable),
        (0, unparsable),
        (tcp::ACK, (false, 0, Builtin::NoSyn.code())),
        (tcp::RST, (false, 0, Builtin::NoSyn.code())),
        (tcp::SYN, (true, 7, 0)),
    ] {
        let mut packet = udp(4, PORT, vec![]);
        packet.payload = Payload::Tcp { source: 9, destination: PORT, flags };
        assert_eq!(judged(&mut bench, &packet.build()), expected, "{flags:#x}");
    }
}
