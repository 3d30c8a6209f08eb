//! Forged host origin: packets that claim the node's address and have lost on the way the device
//! they came in by are not the node's own (ruling N15).

use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    path::Path,
    process::Command,
    time::Instant,
};

use abi::{Event, verdict_code};
use model::Builtin;
use ringfence_kernel::{
    Namespace, available,
    packet::{ETHERNET_SIZE, Fragment, Packet, Payload, protocol},
};

use crate::{
    net::{NODE, send_frame},
    scene::{ATTACKER, By, Fate, PATIENCE, PORT, STRANGER, Scene, VICTIM, addresses},
    tap::Tap,
    world::DEFAULT_DENY,
};

/// The tracker puts fragments together, on routed ways and, with the switch, on bridged ones.
const TRACKER: &str = "
    table inet tracked {
        chain before {
            type filter hook prerouting priority 0;
            ct state new accept
        }
    }";
const FIRST_OCTETS: u16 = 512;
const INGRESS: u8 = 1;

/// How the two fragments are dressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dress {
    Plain,
    /// 256 octets of hop-by-hop options on the first, which makes the kernel take the slow path
    /// when it takes the datagram apart again.
    HopByHop,
}

/// A datagram of the node to the victim in two fragments, sent by somebody else.
fn fragments(mac: [u8; 6], to_mac: [u8; 6], source: IpAddr, dress: Dress, id: u32) -> [Vec<u8>; 2] {
    let family = usize::from(source.is_ipv6());
    let victim = addresses(&VICTIM)[family];
    let udp = Payload::Udp { source: 40_000, destination: PORT + 1, data: vec![7; 1000] };
    let whole = Packet::new(mac, source, victim, udp).build();
    let datagram = &whole[ETHERNET_SIZE + if family == 0 { 20 } else { 40 }..];
    let (first, second) = datagram.split_at(usize::from(FIRST_OCTETS));
    [(first, 0), (second, FIRST_OCTETS)].map(|(part, offset)| {
        let payload = Payload::Other { protocol: protocol::UDP, data: part.to_vec() };
        let mut packet = Packet::new(mac, source, victim, payload);
        packet.destination_mac = to_mac;
        if offset == 0 && dress == Dress::HopByHop {
            // An option for experiments, to be skipped by whoever does not know it (RFC 4727).
            let options = [&[0x1e, 252][..], &[0; 252]].concat();
            packet.extensions = vec![(protocol::HOP_BY_HOP, options)];
        }
        packet.fragment = Some(Fragment { id, offset, more: offset == 0 });
        packet.build()
    })
}

fn at_the_victim(event: &Event) -> bool {
    event.endpoint == VICTIM.endpoint
        && event.direction == INGRESS
        && event.protocol == protocol::UDP
        && event.destination_port == PORT + 1
}

/// Whether the bridge hands what crosses it to the filters; only some kernels can.
fn filter_on_bridges(scene: &Scene) -> bool {
    let switches =
        ["ip", "ip6"].map(|family| format!("/proc/sys/net/bridge/bridge-nf-call-{family}tables"));
    if !switches.iter().all(|switch| Path::new(switch).exists()) {
        return false;
    }
    let write = move || switches.iter().for_each(|path| std::fs::write(path, "1").unwrap());
    scene.net.node.run(write).unwrap();
    true
}

/// A host behind the node's other device: what it sends is routed.
fn outside(scene: &Scene) -> Namespace {
    let outside = Namespace::new().unwrap();
    let peer = format!("peer name eth0 address 02:00:00:00:01:01 netns {}", outside.holder());
    let node = &scene.net.node;
    node.ip(&format!("link add name uplink address 02:00:00:00:01:02 type veth {peer}")).unwrap();
    node.ip("address add 192.0.2.1/24 dev uplink").unwrap();
    node.ip("address add 2001:db8:1::1/64 dev uplink nodad").unwrap();
    node.ip("link set uplink up").unwrap();
    outside.ip("address add 192.0.2.2/24 dev eth0").unwrap();
    outside.ip("address add 2001:db8:1::2/64 dev eth0 nodad").unwrap();
    outside.ip("link set eth0 up").unwrap();
    await_carrier(&outside);
    outside
}

/// A device takes packets some time after it is up.
fn await_carrier(namespace: &Namespace) {
    let begun = Instant::now();
    let listing =
        || Command::new("ip").args(["link", "show", "dev", "eth0", "up"]).output().unwrap().stdout;
    while !String::from_utf8(namespace.run(listing).unwrap()).unwrap().contains("state UP") {
        assert!(begun.elapsed() < PATIENCE, "the device stays down");
        std::thread::yield_now();
    }
}

/// Sends both fragments and says what the victim's hook made of the datagram.
fn judged(scene: &mut Scene, from: &Namespace, fragments: [Vec<u8>; 2]) -> Event {
    scene.net.told();
    from.run(move || fragments.iter().for_each(|frame| send_frame(frame))).unwrap();
    scene.net.await_told(at_the_victim)
}

fn assert_not_the_nodes(event: &Event, what: &str) {
    assert_eq!(
        (event.verdict, event.rule),
        (verdict_code::DENY, DEFAULT_DENY),
        "{what}: {event:?}"
    );
}

/// All ways that are tried, with and without a tap on the node.
fn forge(name: &str, bridged: bool) {
    let mut scene = Scene::new(name);
    scene.net.node.nft(TRACKER).unwrap();
    scene.net.forward();
    let is_filtered = filter_on_bridges(&scene);
    if bridged && !is_filtered {
        println!("SKIPPED: this kernel has no br_netfilter, so nothing bridged is put together");
        return;
    }
    let outside = outside(&scene);
    let stranger = std::mem::replace(&mut scene.stranger, Namespace::new().unwrap());
    let (from, mac, to_mac) = match bridged {
        true => (&stranger, STRANGER.mac, VICTIM.mac),
        false => (&outside, [2, 0, 0, 0, 1, 1], [2, 0, 0, 0, 1, 2]),
    };
    let mut id = 100;
    for with_tap in [false, true] {
        let tap = with_tap.then(|| Tap::open(&scene.net.node));
        // The router refuses its own IPv4 address as a source (martian); IPv6 has no such check.
        let families: &[usize] = if bridged { &[0, 1] } else { &[1] };
        for &family in families {
            let dresses: &[Dress] =
                if family == 1 { &[Dress::Plain, Dress::HopByHop] } else { &[Dress::Plain] };
            for &dress in dresses {
                id += 1;
                let parts = fragments(mac, to_mac, NODE[family], dress, id);
                let event = judged(&mut scene, from, parts);
                let what = format!("bridged {bridged}, tap {with_tap}, {family}, {dress:?}");
                assert_not_the_nodes(&event, &what);
            }
        }
        drop(tap);
    }
}

#[test]
fn routed_fragments_that_lost_their_device_are_not_the_nodes() {
    if available() {
        forge("origin-routed", false);
    }
}

#[test]
fn bridged_fragments_that_lost_their_device_are_not_the_nodes() {
    if available() {
        forge("origin-bridged", true);
    }
}

#[test]
fn a_pod_does_not_get_that_far() {
    if !available() {
        return;
    }
    let mut scene = Scene::new("origin-pod");
    let unparsable = Fate::Refused(ATTACKER.endpoint, Builtin::Unparsable);
    let spoofed = Fate::Refused(ATTACKER.endpoint, Builtin::Spoofed);
    for (family, dress, fate) in
        [(0, Dress::Plain, spoofed), (1, Dress::Plain, spoofed), (1, Dress::HopByHop, unparsable)]
    {
        let [first, second] = fragments(ATTACKER.mac, VICTIM.mac, NODE[family], dress, 7);
        assert_eq!(scene.fate(By::Attacker, &first), fate, "{dress:?}");
        assert_eq!(scene.fate(By::Attacker, &second), spoofed, "{dress:?}");
    }
}

#[test]
fn the_nodes_own_datagram_is_the_nodes_also_in_fragments_and_under_a_tap() {
    if !available() {
        return;
    }
    let mut scene = Scene::new("origin-own");
    scene.net.node.nft(TRACKER).unwrap();
    filter_on_bridges(&scene);
    for with_tap in [false, true] {
        let tap = with_tap.then(|| Tap::open(&scene.net.node));
        for (family, size) in [(0, 100), (0, 4000), (1, 100), (1, 4000)] {
            let to = SocketAddr::from((addresses(&VICTIM)[family], PORT + 1));
            let receive = move || crate::net::when_free(|| UdpSocket::bind(to));
            let receiver = scene.net.server.run(receive).unwrap();
            receiver.set_read_timeout(Some(PATIENCE)).unwrap();
            scene.net.told();
            let any = if family == 0 { "0.0.0.0:0" } else { "[::]:0" };
            let send = move || UdpSocket::bind(any).unwrap().send_to(&vec![7; size], to).unwrap();
            scene.net.node.run(send).unwrap();
            let event = scene.net.await_told(at_the_victim);
            assert_eq!((event.verdict, event.reason), (verdict_code::ALLOW, LOCAL_NODE));
            assert_eq!(receiver.recv(&mut vec![0; 8000]).unwrap(), size, "tap {with_tap}");
        }
        drop(tap);
    }
}

const LOCAL_NODE: u8 = 2;
