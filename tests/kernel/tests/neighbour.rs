//! What addressing needs, on real packets: IPv6 pods find their neighbours and notice whom they
//! would double, and what is sent to a group is judged like anything else (ruling N33).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod net;
mod world;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    process::Command,
    time::Instant,
};

use abi::{Event, PrefixKey, Sets, verdict_code};
use net::{Net, PATIENCE};
use plan::Op;
use ringfence_kernel::{Namespace, Pod, available, packet::protocol};
use world::{CLIENT, DEFAULT_DENY, SERVER, SET, pod_ops, rule};

const PORT: u16 = 5353;
/// The class that the client's set lets through on [`PORT`].
const ADMITTED: u32 = 1;
const GROUPS: [(IpAddr, IpAddr); 2] = [
    (IpAddr::V4(Ipv4Addr::new(224, 0, 0, 251)), IpAddr::V4(Ipv4Addr::new(224, 0, 0, 252))),
    (
        IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb)),
        IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 3)),
    ),
];

/// What `ip` says of the addresses of a pod's device.
fn addresses(pod: &Namespace) -> String {
    let listing = || Command::new("ip").args(["-6", "address", "show", "dev", "eth0"]).output();
    String::from_utf8(pod.run(listing).unwrap().unwrap().stdout).unwrap()
}

/// Gives pods an address in turn that both may claim, and waits for what duplicate address
/// detection makes of the last one's.
fn detects_a_double(net: &Net, address: &str, pods: &[&Namespace]) -> bool {
    for (device, pod) in [(net::CLIENT_DEVICE, CLIENT), (net::SERVER_DEVICE, SERVER)] {
        let record = Pod { ipv6: address.parse().ok(), ..pod }.interface();
        net.instance.set_interface(device, record).unwrap();
    }
    let outcomes = pods.iter().map(|pod| {
        pod.ip(&format!("address add {address}/64 dev eth0")).unwrap();
        is_doubled(pod, address)
    });
    outcomes.fold(false, |_, of_the_last| of_the_last)
}

fn is_doubled(pod: &Namespace, address: &str) -> bool {
    let begun = Instant::now();
    loop {
        let listing = addresses(pod);
        let line = listing.lines().find(|line| line.contains(address)).unwrap();
        match (line.contains("dadfailed"), line.contains("tentative")) {
            (true, _) => return true,
            (false, false) => return false,
            (false, true) => assert!(begun.elapsed() < PATIENCE, "still {line}"),
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_pod_in_quarantine_ends_duplicate_address_detection_and_notices_a_double() {
    if !available() {
        return;
    }
    // Nobody has words: everybody is in quarantine.
    let net = Net::new("dad", &[]);
    assert!(!detects_a_double(&net, "fd00::22", &[&net.server]));
    assert!(detects_a_double(&net, "fd00::23", &[&net.client, &net.server]));
}

#[test]
fn neighbours_find_each_other_again_under_policy_after_all_is_forgotten() {
    if !available() {
        return;
    }
    let net = Net::new("neighbour", &pod_ops(&[(PORT, rule(7, true))]));
    for address in [IpAddr::from(SERVER.ipv4.unwrap()), SERVER.ipv6.unwrap().into()] {
        for _ in 0..2 {
            let (mut client, mut server) = net.connection(address, PORT);
            net::exchange(&mut client, &mut server);
            for pod in [&net.client, &net.server] {
                pod.ip("neighbour flush dev eth0").unwrap();
            }
            // The solicitation of a known neighbour is unicast, of a forgotten one multicast.
            net::exchange(&mut server, &mut client);
        }
    }
}

/// What the client's and the server's hook say of a datagram to a group.
fn said(net: &mut Net, group: IpAddr, endpoint: u32) -> (u8, u32) {
    let is_sent = |event: &Event| {
        event.endpoint == endpoint
            && event.protocol == protocol::UDP
            && IpAddr::from(event.destination) == group
    };
    let event = net.await_told(is_sent);
    (event.verdict, event.rule)
}

/// A socket of the server that is in a group.
fn member(net: &Net, group: IpAddr) -> UdpSocket {
    let join = move || match group {
        IpAddr::V4(group) => {
            let socket = net::when_free(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT)));
            socket.join_multicast_v4(&group, &SERVER.ipv4.unwrap()).unwrap();
            socket
        }
        IpAddr::V6(group) => {
            let socket = net::when_free(|| UdpSocket::bind((Ipv6Addr::UNSPECIFIED, PORT)));
            let device = nix::net::if_::if_nametoindex("eth0").unwrap();
            socket.join_multicast_v6(&group, device).unwrap();
            socket
        }
    };
    let socket = net.server.run(join).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// By the client's own device: a group has no route of its own.
fn send(net: &Net, group: IpAddr) {
    let address = match group {
        IpAddr::V4(_) => CLIENT.ipv4.unwrap().into(),
        IpAddr::V6(_) => IpAddr::from(CLIENT.ipv6.unwrap()),
    };
    let task = move || {
        let socket = UdpSocket::bind((address, 0)).unwrap();
        socket2::SockRef::from(&socket).bind_device(Some(b"eth0")).unwrap();
        socket.send_to(b"x", SocketAddr::from((group, PORT))).unwrap();
    };
    net.client.run(task).unwrap();
}

#[test]
fn a_group_is_an_address_like_any_other_for_who_sends_and_who_receives() {
    if !available() {
        return;
    }
    let mut net = Net::new("group", &pod_ops(&[(PORT, rule(7, true))]));
    let admitted = GROUPS.map(|(group, _)| Op::Prefix {
        key: PrefixKey::new(group, if group.is_ipv4() { 32 } else { 128 }),
        class: ADMITTED,
    });
    net.instance.perform(&admitted).unwrap();
    // The client may send to what its set admits; the server takes what the client sends.
    net.flip(CLIENT.endpoint, Sets::live(0, SET).unwrap(), 2);
    for (group, other) in GROUPS {
        let socket = member(&net, group);
        send(&net, other);
        assert_eq!(said(&mut net, other, 1), (verdict_code::DENY, DEFAULT_DENY), "{other}");
        send(&net, group);
        assert_eq!(said(&mut net, group, 1), (verdict_code::ALLOW, 7), "{group}");
        assert_eq!(said(&mut net, group, 2), (verdict_code::ALLOW, 7), "{group}");
        assert_eq!(socket.recv(&mut [0; 8]).unwrap(), 1);
        net.instance.perform(&pod_ops(&[(PORT, rule(8, false))])).unwrap();
        net.instance.perform(&admitted).unwrap();
        net.flip(CLIENT.endpoint, Sets::live(0, 0).unwrap(), 3);
        send(&net, group);
        assert_eq!(said(&mut net, group, 2), (verdict_code::DENY, 8), "{group}");
        net.instance.perform(&pod_ops(&[(PORT, rule(7, true))])).unwrap();
        net.instance.perform(&admitted).unwrap();
        net.flip(CLIENT.endpoint, Sets::live(0, SET).unwrap(), 4);
    }
}
