//! Whose address: a pod with raw and packet sockets claims to be somebody else, in both families and
//! at both layers; and what a fresh pod sends by itself is no such claim.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Instant,
};

use abi::EventKind;
use model::Builtin;
use ringfence_kernel::{
    Namespace, available,
    packet::{ETHERNET_SIZE, protocol},
};
use socket2::{Domain, Protocol, Socket, Type};

use crate::{
    net::{NODE, Net},
    scene::{
        ATTACKER, By, Fate, PATIENCE, PORT, SPOOFED, STRANGER, Scene, VICTIM, addresses, frame,
        tcp, udp,
    },
    tap::Tap,
    world::{CLIENT, DEFAULT_DENY},
};

/// Outside of everything, by family.
const OUTSIDE: [&str; 2] = ["198.51.100.7", "2001:db8::7"];
const NOBODY: [&str; 2] = ["0.0.0.0", "::"];

fn link_local(mac: [u8; 6]) -> IpAddr {
    let [a, b, c, d, e, f] = mac.map(u16::from);
    let (first, last) = ((a ^ 2) << 8 | b, e << 8 | f);
    Ipv6Addr::new(0xfe80, 0, 0, 0, first, c << 8 | 0xff, 0xfe00 | d, last).into()
}

#[test]
fn no_address_but_its_own_leaves_a_pod() {
    if !available() {
        return;
    }
    let mut scene = Scene::new("sources");
    for family in 0..2 {
        let victim = addresses(&VICTIM)[family];
        let mut claims = vec![
            ("the client, which is let in", addresses(&CLIENT)[family]),
            ("the node", NODE[family]),
            ("the victim itself", victim),
            ("somebody without a hook", addresses(&STRANGER)[family]),
            ("somebody outside", OUTSIDE[family].parse().unwrap()),
            ("nobody", NOBODY[family].parse().unwrap()),
        ];
        if family == 1 {
            claims.push(("the client's link-local address", link_local(CLIENT.mac)));
            claims.push(("a link-local address of nobody", "fe80::1".parse().unwrap()));
        }
        for (what, source) in claims {
            for payload in [udp(4000, PORT), tcp(4000, PORT, 2), tcp(PORT, 4000, 18)] {
                let forged = frame(ATTACKER.mac, source, victim, payload.clone());
                assert_eq!(scene.fate(By::Attacker, &forged), SPOOFED, "{what}: {payload:?}");
                // With the link-layer address of whom it names as well.
                let forged = frame(CLIENT.mac, source, victim, payload);
                assert_eq!(scene.fate(By::Attacker, &forged), SPOOFED, "{what}, by all layers");
            }
        }
        let own = addresses(&ATTACKER)[family];
        let forged = frame(CLIENT.mac, own, victim, udp(4000, PORT));
        assert_eq!(scene.fate(By::Attacker, &forged), SPOOFED, "another's link-layer address");
        // The twins: one's own address leaves the pod, and whom the victim lets in arrives.
        let own = frame(ATTACKER.mac, own, victim, udp(4000, PORT));
        let denied = Fate::Denied(VICTIM.endpoint, DEFAULT_DENY);
        assert_eq!(scene.fate(By::Attacker, &own), denied);
        let client = frame(CLIENT.mac, addresses(&CLIENT)[family], victim, udp(4000, PORT));
        assert_eq!(scene.fate(By::Client, &client), Fate::Arrived);
    }
}

#[test]
fn a_raw_socket_that_writes_its_own_header_does_no_better() {
    if !available() {
        return;
    }
    let mut scene = Scene::new("raw");
    let (victim, client) = (addresses(&VICTIM)[0], addresses(&CLIENT)[0]);
    for (source, reason) in [
        (client, (ATTACKER.endpoint, 0, Builtin::Spoofed.code())),
        (addresses(&ATTACKER)[0], (VICTIM.endpoint, DEFAULT_DENY, 0)),
    ] {
        scene.net.told();
        let packet = frame(ATTACKER.mac, source, victim, udp(4001, PORT))[ETHERNET_SIZE..].to_vec();
        let send = move || {
            const RAW: i32 = 255;
            let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(RAW))).unwrap();
            let to = std::net::SocketAddr::from((victim, 0)).into();
            socket.send_to(&packet, &to).unwrap();
        };
        scene.attacker.run(send).unwrap();
        let event = scene.net.await_told(|event| {
            event.kind == EventKind::Denied as u8 && event.protocol == protocol::UDP
        });
        assert_eq!((event.endpoint, event.rule, event.reason), reason, "{source}");
    }
}

/// ICMPv6 types among what a pod sent to the network by itself.
fn sent_types(tap: &mut Tap, mac: [u8; 6]) -> Vec<u8> {
    let frames = std::iter::from_fn(|| tap.next());
    let ipv6 = frames.filter(|frame| frame[6..12] == mac && frame[12..14] == [0x86, 0xdd]);
    let kinds = ipv6.filter_map(|frame| {
        let network = &frame[ETHERNET_SIZE..];
        // Listener reports stand behind eight octets of options.
        let at = if network[6] == protocol::HOP_BY_HOP { 48 } else { 40 };
        let next = if network[6] == protocol::HOP_BY_HOP { network[40] } else { network[6] };
        (next == protocol::ICMPV6).then(|| network[at])
    });
    kinds.collect()
}

#[test]
fn what_a_fresh_pod_of_both_families_sends_by_itself_is_no_claim() {
    const LISTENER_REPORT: u8 = 143;
    const ROUTER_SOLICITATION: u8 = 133;
    const NEIGHBOUR_SOLICITATION: u8 = 135;
    const DEVICE: u32 = 13;
    if !available() {
        return;
    }
    // In quarantine: nobody has words.
    let net = Net::new("fresh", &[]);
    let pod = Namespace::new().unwrap();
    let mut tap = Tap::open(&net.node);
    // The hooks are there before the pod's device is up.
    let mac = "02:00:00:00:00:03";
    let peer = format!("peer name eth0 address {mac} netns {}", pod.holder());
    net.node.ip(&format!("link add name fresh index {DEVICE} type veth {peer}")).unwrap();
    net.attach(DEVICE, ATTACKER.interface());
    net.node.ip("link set fresh master br0 up").unwrap();
    pod.ip("address add 10.0.0.3/24 dev eth0").unwrap();
    pod.ip("address add fd00::3/64 dev eth0").unwrap();
    pod.ip("link set eth0 up").unwrap();
    let begun = Instant::now();
    let mut sent = Vec::new();
    while ![LISTENER_REPORT, ROUTER_SOLICITATION, NEIGHBOUR_SOLICITATION]
        .iter()
        .all(|kind| sent.contains(kind))
    {
        assert!(begun.elapsed() < PATIENCE, "only {sent:?}");
        sent.extend(sent_types(&mut tap, ATTACKER.mac));
        std::thread::yield_now();
    }
    let denied = net.instance.counters().unwrap().denied;
    let claims = [Builtin::Spoofed, Builtin::Unparsable];
    assert_eq!(claims.map(|reason| denied[usize::from(reason.code())]), [0; 2], "{denied:?}");
}
