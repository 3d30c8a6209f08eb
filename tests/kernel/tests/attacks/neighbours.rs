//! Poisoning: forged answers about who has which address, and words that only routers and address
//! servers say.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    process::Command,
};

use ringfence_kernel::{
    available,
    packet::{ETHERNET_SIZE, Fragment, Packet, Payload, arp, protocol},
};

use model::Builtin;

use crate::{
    net::NODE,
    scene::{ATTACKER, By, Fate, SPOOFED, Scene, VICTIM, addresses, frame, udp},
    world::{CLIENT, DEFAULT_DENY},
};

const REQUEST: u16 = 1;
const REPLY: u16 = 2;
/// It left the attacker and the victim's policy took care of the rest.
const LEFT: Fate = Fate::Denied(VICTIM.endpoint, DEFAULT_DENY);
const UNPARSABLE: Fate = Fate::Refused(ATTACKER.endpoint, Builtin::Unparsable);

fn v4(address: IpAddr) -> Ipv4Addr {
    match address {
        IpAddr::V4(address) => address,
        IpAddr::V6(_) => panic!("{address}"),
    }
}

#[test]
fn arp_says_nothing_about_others() {
    if !available() {
        return;
    }
    let mut scene = Scene::new("arp");
    let (own, mac) = (ATTACKER.ipv4.unwrap(), ATTACKER.mac);
    let (client, victim) = (CLIENT.ipv4.unwrap(), VICTIM.ipv4.unwrap());
    let node = v4(NODE[0]);
    let nobody = Ipv4Addr::UNSPECIFIED;
    let says = |operation, sender, target| arp(mac, operation, sender, target);
    let cases = [
        ("asking", says(REQUEST, (mac, own), victim), Fate::Arrived),
        ("answering", says(REPLY, (mac, own), victim), Fate::Arrived),
        ("announcing oneself", says(REQUEST, (mac, own), own), Fate::Arrived),
        ("announcing oneself by a reply", says(REPLY, (mac, own), own), Fate::Arrived),
        ("probing for one's own", says(REQUEST, (mac, nobody), own), Fate::Arrived),
        ("probing for the victim's", says(REQUEST, (mac, nobody), victim), SPOOFED),
        ("asking as the client", says(REQUEST, (mac, client), victim), SPOOFED),
        ("answering as the client", says(REPLY, (mac, client), victim), SPOOFED),
        ("answering as the node", says(REPLY, (mac, node), victim), SPOOFED),
        ("announcing the client", says(REQUEST, (mac, client), client), SPOOFED),
        ("announcing the node", says(REPLY, (mac, node), node), SPOOFED),
        ("announcing the victim", says(REQUEST, (mac, victim), victim), SPOOFED),
        ("another's link-layer address", says(REPLY, (CLIENT.mac, own), victim), SPOOFED),
        ("all of another's", arp(CLIENT.mac, REPLY, (CLIENT.mac, client), victim), SPOOFED),
    ];
    scene.assert_fates(By::Attacker, &cases);
    assert_unpoisoned(&scene);
}

/// No neighbour of the victim but the attacker itself is at the attacker's link-layer address.
fn assert_unpoisoned(scene: &Scene) {
    let listing = || Command::new("ip").args(["neighbour", "show"]).output().unwrap().stdout;
    let listing = String::from_utf8(scene.net.server.run(listing).unwrap()).unwrap();
    let own = addresses(&ATTACKER).map(|address| format!("{address} "));
    let poisoned = listing
        .lines()
        .filter(|line| line.contains("02:00:00:00:00:03"))
        .filter(|line| !own.iter().any(|own| line.starts_with(own)) && !line.starts_with("fe80"));
    assert_eq!(poisoned.count(), 0, "{listing}");
    assert!(listing.contains("02:00:00:00:00:03"), "the attacker itself is known: {listing}");
}

const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;
const SOURCE_OPTION: u8 = 1;
const TARGET_OPTION: u8 = 2;
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const OWN_LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, 3);

/// A message of neighbour discovery about `target` from `source`, with a link-layer option.
fn neighbour(kind: u8, source: Ipv6Addr, target: Ipv6Addr, option: (u8, [u8; 6])) -> Packet {
    let mut data = target.octets().to_vec();
    data.extend([option.0, 1]);
    data.extend(option.1);
    // Solicited and overriding, as poison is.
    let payload = Payload::Icmp { kind, code: 0, word: [0x60, 0, 0, 0], data };
    let mut packet = Packet::new(ATTACKER.mac, source.into(), ALL_NODES.into(), payload);
    packet.destination_mac = [0x33, 0x33, 0, 0, 0, 1];
    packet.hop_limit = 255;
    packet
}

/// Hidden behind options that a careless parser stops at.
fn behind_options(mut packet: Packet, kind: u8) -> Packet {
    packet.extensions = vec![(kind, vec![1, 4, 0, 0, 0, 0])];
    packet
}

#[test]
fn neighbour_discovery_says_nothing_about_others() {
    if !available() {
        return;
    }
    let mut scene = Scene::new("neighbours");
    let (own, mac) = (ATTACKER.ipv6.unwrap(), ATTACKER.mac);
    let (client, victim) = (CLIENT.ipv6.unwrap(), VICTIM.ipv6.unwrap());
    let IpAddr::V6(node) = NODE[1] else { panic!() };
    let answers = |target, mac| neighbour(ADVERTISEMENT, own, target, (TARGET_OPTION, mac));
    let asks = |target, mac| neighbour(SOLICITATION, own, target, (SOURCE_OPTION, mac));
    let mut probe = neighbour(SOLICITATION, Ipv6Addr::UNSPECIFIED, client, (14, mac));
    let mut atomic = answers(client, mac);
    atomic.fragment = Some(Fragment { id: 1, offset: 0, more: false });
    let mut first = answers(own, mac);
    first.fragment = Some(Fragment { id: 2, offset: 0, more: true });
    let mut cases = vec![
        ("asking for the victim", asks(victim, mac).build(), Fate::Arrived),
        ("answering for oneself", answers(own, mac).build(), Fate::Arrived),
        ("answering, link-local", answers(OWN_LINK_LOCAL, mac).build(), Fate::Arrived),
        ("behind options", behind_options(answers(own, mac), 60).build(), Fate::Arrived),
        ("asking with another's option", asks(victim, CLIENT.mac).build(), SPOOFED),
        ("answering for the client", answers(client, mac).build(), SPOOFED),
        ("answering for the node", answers(node, mac).build(), SPOOFED),
        ("answering for the victim", answers(victim, mac).build(), SPOOFED),
        ("answering with another's option", answers(own, CLIENT.mac).build(), SPOOFED),
        (
            "in the client's name",
            {
                let option = (TARGET_OPTION, mac);
                neighbour(ADVERTISEMENT, client, client, option).build()
            },
            SPOOFED,
        ),
        ("detecting that the client's is double", probe.build(), SPOOFED),
        (
            "hidden behind destination options",
            behind_options(answers(client, mac), 60).build(),
            SPOOFED,
        ),
        (
            "hidden behind hop-by-hop options",
            { behind_options(answers(client, mac), protocol::HOP_BY_HOP).build() },
            SPOOFED,
        ),
        ("as a fragment of one", atomic.build(), SPOOFED),
        ("as a first fragment", first.build(), UNPARSABLE),
    ];
    probe.hop_limit = 254;
    cases.push(("from farther than the link", probe.build(), SPOOFED));
    scene.assert_fates(By::Attacker, &cases);
    assert_unpoisoned(&scene);
}

/// ICMP of either family from the attacker's own address.
fn icmp(to: IpAddr, kind: u8, code: u8, hop_limit: u8) -> Vec<u8> {
    let source = addresses(&ATTACKER)[usize::from(to.is_ipv6())];
    let payload = Payload::Icmp { kind, code, word: [0; 4], data: vec![0; 32] };
    let mut packet = Packet::new(ATTACKER.mac, source, to, payload);
    packet.destination_mac = VICTIM.mac;
    packet.hop_limit = hop_limit;
    packet.build()
}

/// Without options, as of one that has no address yet.
fn frame_of_icmpv6(to: IpAddr, kind: u8) -> Vec<u8> {
    let payload = Payload::Icmp { kind, code: 0, word: [0; 4], data: vec![] };
    let mut packet = Packet::new(ATTACKER.mac, addresses(&ATTACKER)[1], to, payload);
    packet.destination_mac = VICTIM.mac;
    packet.hop_limit = 255;
    packet.build()
}

#[test]
fn a_pod_is_no_router_and_no_server_of_addresses() {
    if !available() {
        return;
    }
    let mut scene = Scene::new("router");
    let [v4, v6] = addresses(&VICTIM);
    let (own_v4, own_v6) = (ATTACKER.ipv4.unwrap().into(), ATTACKER.ipv6.unwrap().into());
    let other = |protocol, kind: u8| {
        let data = vec![kind, 0, 0, 0, 0, 0, 0, 0];
        let payload = Payload::Other { protocol, data };
        let mut packet = Packet::new(ATTACKER.mac, own_v4, "224.0.0.1".parse().unwrap(), payload);
        packet.destination_mac = [1, 0, 0x5e, 0, 0, 1];
        packet.hop_limit = 1;
        packet.build()
    };
    let listeners = ALL_NODES.into();
    let asking = frame_of_icmpv6(v6, 133);
    let cases = [
        ("redirecting by ICMP", icmp(v4, 5, 1, 64), SPOOFED),
        ("advertising a router by ICMP", icmp(v4, 9, 0, 1), SPOOFED),
        ("redirecting by ICMPv6", icmp(v6, 137, 0, 255), SPOOFED),
        ("advertising a router by ICMPv6", icmp(v6, 134, 0, 255), SPOOFED),
        ("the same from farther", icmp(v6, 134, 0, 254), SPOOFED),
        ("asking for listeners", icmp(listeners, 130, 0, 1), SPOOFED),
        ("advertising a multicast router", icmp(listeners, 151, 0, 1), SPOOFED),
        ("asking for members by IGMP", other(2, 0x11), SPOOFED),
        ("advertising a multicast router by IGMP", other(2, 0x30), SPOOFED),
        ("greeting routers by PIM", other(103, 0x20), SPOOFED),
        ("answering DHCP", frame(ATTACKER.mac, own_v4, v4, udp(67, 68)), SPOOFED),
        ("answering DHCPv6", frame(ATTACKER.mac, own_v6, v6, udp(547, 546)), SPOOFED),
        ("asking for a router", asking, Fate::Arrived),
        ("an echo", icmp(v4, 8, 0, 64), LEFT),
        ("an echo by ICMPv6", icmp(v6, 128, 0, 64), LEFT),
        ("reporting a membership", other(2, 0x16), LEFT),
        ("reporting a listener", icmp(listeners, 131, 0, 1), Fate::Arrived),
        ("a port beside", frame(ATTACKER.mac, own_v4, v4, udp(66, 68)), LEFT),
        ("a port beside, DHCPv6", frame(ATTACKER.mac, own_v6, v6, udp(546, 547)), LEFT),
    ];
    scene.assert_fates(By::Attacker, &cases);
}

#[test]
fn what_is_neither_ip_nor_arp_or_has_a_tag_goes_nowhere() {
    if !available() {
        return;
    }
    let mut scene = Scene::new("ethertypes");
    let whole = frame(ATTACKER.mac, addresses(&ATTACKER)[0], addresses(&VICTIM)[0], udp(1, 2));
    let typed = |ethertype: [u8; 2]| {
        let mut frame = whole.clone();
        frame[12..14].copy_from_slice(&ethertype);
        frame
    };
    let mut tagged = whole[..12].to_vec();
    tagged.extend([0x81, 0, 0, 5]);
    tagged.extend(&whole[12..ETHERNET_SIZE]);
    tagged.extend(&whole[ETHERNET_SIZE..]);
    let cases = [
        ("a tag", tagged, UNPARSABLE),
        ("a bridge's own protocol", typed([0, 0x26]), UNPARSABLE),
        ("MPLS", typed([0x88, 0x47]), UNPARSABLE),
        ("reverse ARP", typed([0x80, 0x35]), UNPARSABLE),
        ("PPPoE", typed([0x88, 0x64]), UNPARSABLE),
        ("as it was", whole.clone(), LEFT),
    ];
    scene.assert_fates(By::Attacker, &cases);
}
