//! Services: translated at the socket, judged as their backends, and the conjunction for packets
//! that still name them. A file of its own because a cgroup holds the whole process.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod cgroup;
mod world;

use std::{
    io::Read,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    path::PathBuf,
    time::{Duration, Instant},
};

use abi::{BackendKey, BackendValue, ServiceKey, ServiceValue, Sets};
use cgroup::Cgroup;
use datapath::{Config, Direction, Instance};
use plan::Op;
use ringfence_kernel::{
    Bench, Namespace, Origin, available,
    packet::{Packet, Payload, protocol, tcp},
};
use world::{CLIENT, DEFAULT_DENY, SERVER, SET, ops, rule};

const SERVICE: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 1);
const SERVICE6: Ipv6Addr = Ipv6Addr::new(0xfd96, 0, 0, 0, 0, 0, 0, 1);
const SERVICE_PORT: u16 = 80;
const PORT: u16 = 8080;

/// A Service of these backends, of their family.
fn service(number: u16, backends: &[(IpAddr, u16)]) -> Vec<Op> {
    let is_ipv6 = backends.iter().any(|(address, _)| address.is_ipv6());
    let address: IpAddr = if is_ipv6 { SERVICE6.into() } else { SERVICE.into() };
    let set = u32::from(number) << 1 | u32::from(is_ipv6);
    let backend = |(index, (address, port)): (u32, &(IpAddr, u16))| Op::Backend {
        key: BackendKey { backends: set, index },
        value: BackendValue { address: (*address).into(), port: *port, pad: 0 },
    };
    let mut ops: Vec<Op> = (0..).zip(backends).map(backend).collect();
    ops.extend([protocol::TCP, protocol::UDP].map(|protocol| Op::Service {
        key: ServiceKey { address: address.into(), port: SERVICE_PORT + number, protocol, pad: 0 },
        value: ServiceValue { backends: set, count: backends.len() as u32, affinity_seconds: 0 },
    }));
    ops
}

#[test]
fn a_packet_that_names_a_service_is_allowed_only_if_every_backend_is() {
    if !available() {
        return;
    }
    let mut bench = Bench::new().unwrap();
    bench.add(&CLIENT).unwrap();
    bench.perform(&ops(&[(PORT, rule(7, true))], rule(DEFAULT_DENY, false))).unwrap();
    // The client may send to itself's class on one port only: any address of that class will do.
    let friend: IpAddr = "10.0.0.7".parse().unwrap();
    let class = Op::Peer { address: friend.into(), class: 1 };
    let sets = Op::Sets { endpoint: 1, sets: Sets::live(0, SET).unwrap() };
    bench.perform(&[class, sets]).unwrap();
    let good = (friend, PORT);
    let other_port = (friend, PORT + 1);
    let other_pod = (IpAddr::from(SERVER.ipv4.unwrap()), PORT);
    let cases: [(&[_], bool); 5] = [
        (&[good], true),
        (&[good; 64], true),
        (&[good; 65], false),
        (&[good, other_port], false),
        (&[other_pod, good], false),
    ];
    for (number, (backends, allowed)) in (1..).zip(cases) {
        bench.perform(&service(number, backends)).unwrap();
        let destination = SERVICE_PORT + number;
        let payload = Payload::Tcp { source: 9, destination, flags: tcp::SYN };
        let source = CLIENT.ipv4.unwrap().into();
        let packet = Packet::new(CLIENT.mac, source, SERVICE.into(), payload).build();
        let outcome = bench.run(Direction::Egress, 1, Origin::Elsewhere, &packet).unwrap();
        assert_eq!(outcome.allowed, allowed, "{backends:?}");
    }
}

/// Removed also where the test fails.
struct Pins(PathBuf);

impl Drop for Pins {
    fn drop(&mut self) {
        datapath::remove_pins(&self.0).unwrap();
    }
}

#[test]
fn sockets_reach_a_backend_are_told_the_service_and_the_hairpin_is_judged() {
    if !available() {
        return;
    }
    datapath::ensure_bpffs().unwrap();
    let directory = format!("/sys/fs/bpf/ringfence-translation-{}", std::process::id());
    let pins = Pins(directory.into());
    let mut instance = Instance::open(&Config::new(pins.0.clone())).unwrap();
    let cgroup = Cgroup::enter("translation");
    instance.attach_cgroup(&cgroup.path).unwrap();
    instance.perform(&ops(&[(PORT, rule(7, true))], rule(DEFAULT_DENY, false))).unwrap();
    for own in [IpAddr::from(CLIENT.ipv4.unwrap()), IpAddr::from(CLIENT.ipv6.unwrap())] {
        instance.perform(&service(1, &[(own, PORT)])).unwrap();
        instance.perform(&service(2, &[(own, PORT + 1)])).unwrap();
    }

    let pod = Namespace::new().unwrap();
    for words in ["address add 10.0.0.1/32 dev lo", "address add fd00::1/128 dev lo nodad"] {
        pod.ip(words).unwrap();
    }
    pod.run(await_route).unwrap();
    for way in ways() {
        assert!(pod.run(move || stream(way, 1)).unwrap(), "{way:?}");
        pod.run(move || datagram(way, 1)).unwrap();
        pod.run(move || connected_datagram(way, 1)).unwrap();
        let allowed = pod.run(move || stream(way, 2)).unwrap();
        assert!(allowed, "{way:?}: no sets of the hairpin are no objection");
    }

    let cookie = pod.run(datapath::netns_cookie).unwrap().unwrap();
    instance.set_pod(cookie, CLIENT.interface()).unwrap();
    let sets = Sets::live(SET, 0).unwrap();
    instance.perform(&[Op::Hairpin { endpoint: 1, sets }]).unwrap();
    for (told, way) in (1..).zip(ways()) {
        assert!(pod.run(move || stream(way, 1)).unwrap(), "{way:?}");
        let allowed = pod.run(move || stream(way, 2)).unwrap();
        assert!(!allowed, "{way:?}: the ingress set denies the port");
        let mut rules = Vec::new();
        instance.events().unwrap().drain(|event| rules.push((event.kind, event.rule))).unwrap();
        // Both kinds of IPv4 sockets are one flow, which is told once in a while.
        let news = if told < 3 { vec![(2, DEFAULT_DENY)] } else { vec![] };
        assert_eq!(rules, news, "{way:?}");
    }

    // The node takes the Service's address for itself.
    let node = Namespace::new().unwrap();
    node.ip("address add 10.96.0.1/32 dev lo").unwrap();
    let to_itself = Way { service: SERVICE.into(), own: SERVICE.into() };
    assert!(!node.run(move || reaches_what_it_names(to_itself)).unwrap(), "it is translated");
    instance.set_node_addresses(&[SERVICE.into()]).unwrap();
    assert!(node.run(move || reaches_what_it_names(to_itself)).unwrap());

    instance.detach_cgroup(&cgroup.path).unwrap();
    drop(cgroup);
    instance.remove().unwrap();
}

/// The kernel adds an IPv6 address at once and the route to it a little later.
fn await_route() {
    let begun = Instant::now();
    let own = SocketAddr::from((CLIENT.ipv6.unwrap(), 9));
    while UdpSocket::bind("[::]:0").unwrap().connect(own).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(5), "there is no route to {own}");
        std::thread::yield_now();
    }
}

/// A Service as a socket names it, and where its backend listens.
#[derive(Clone, Copy, Debug)]
struct Way {
    service: IpAddr,
    own: IpAddr,
}

impl Way {
    fn service(self, number: u16) -> SocketAddr {
        SocketAddr::from((self.service, SERVICE_PORT + number))
    }

    fn backend(self, number: u16) -> SocketAddr {
        SocketAddr::from((self.own, PORT + number - 1))
    }

    /// A socket of the family in which the Service is named.
    fn socket(self) -> UdpSocket {
        let any = if self.service.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(any).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        socket
    }
}

/// Each family, and IPv4 on a socket of IPv6.
fn ways() -> [Way; 3] {
    let (own, own6) = (CLIENT.ipv4.unwrap().into(), CLIENT.ipv6.unwrap().into());
    [
        Way { service: SERVICE.into(), own },
        Way { service: SERVICE6.into(), own: own6 },
        Way { service: SERVICE.to_ipv6_mapped().into(), own },
    ]
}

/// Connects to the Service of this number whose backend listens here.
fn stream(way: Way, number: u16) -> bool {
    let listener = TcpListener::bind(way.backend(number)).unwrap();
    let service = way.service(number);
    let Ok(client) = TcpStream::connect_timeout(&service, Duration::from_secs(2)) else {
        return false;
    };
    let (server, _) = listener.accept().unwrap();
    drop(server);
    assert_eq!(client.peer_addr().unwrap(), service);
    (&client).read(&mut [0]).unwrap() == 0
}

/// Whether a connection to the Service's address reaches who listens on that address here.
fn reaches_what_it_names(way: Way) -> bool {
    let _listener = TcpListener::bind(way.service(1)).unwrap();
    TcpStream::connect_timeout(&way.service(1), Duration::from_secs(2)).is_ok()
}

/// The backend receives and answers.
fn answer(server: &UdpSocket) {
    server.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let (_, from) = server.recv_from(&mut [0]).unwrap();
    server.send_to(b"y", from).unwrap();
}

/// Sends to the Service and is answered by it.
fn datagram(way: Way, number: u16) {
    let (server, client) = (UdpSocket::bind(way.backend(number)).unwrap(), way.socket());
    client.send_to(b"x", way.service(number)).unwrap();
    answer(&server);
    assert_eq!(client.recv_from(&mut [0]).unwrap().1, way.service(number), "{way:?}");
}

/// The same on a connected socket, whose datagrams name the backend when they are sent.
fn connected_datagram(way: Way, number: u16) {
    let (server, client) = (UdpSocket::bind(way.backend(number)).unwrap(), way.socket());
    client.connect(way.service(number)).unwrap();
    assert_eq!(client.peer_addr().unwrap(), way.service(number), "{way:?}");
    for _ in 0..2 {
        client.send(b"x").unwrap();
        answer(&server);
        assert_eq!(client.recv_from(&mut [0]).unwrap().1, way.service(number), "{way:?}");
    }
}
