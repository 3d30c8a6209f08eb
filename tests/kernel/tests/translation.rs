//! Services: translated at the socket, judged as their backends, and the conjunction for packets
//! that still name them. A file of its own because a cgroup holds the whole process.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod world;

use std::{
    io::Read,
    net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    path::{Path, PathBuf},
    time::Duration,
};

use abi::{BackendKey, BackendValue, ServiceKey, ServiceValue, Sets};
use datapath::{Config, Direction, Instance};
use plan::Op;
use ringfence_kernel::{
    Bench, Namespace, Origin, available,
    packet::{Packet, Payload, protocol, tcp},
};
use world::{CLIENT, DEFAULT_DENY, SERVER, SET, ops, rule};

const SERVICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 96, 0, 1));
const SERVICE_PORT: u16 = 80;
const PORT: u16 = 8080;

/// A Service of these backends.
fn service(number: u16, backends: &[(IpAddr, u16)]) -> Vec<Op> {
    let set = u32::from(number);
    let backend = |(index, (address, port)): (u32, &(IpAddr, u16))| Op::Backend {
        key: BackendKey { backends: set, index },
        value: BackendValue { address: (*address).into(), port: *port, pad: 0 },
    };
    let mut ops: Vec<Op> = (0..).zip(backends).map(backend).collect();
    ops.extend([protocol::TCP, protocol::UDP].map(|protocol| Op::Service {
        key: ServiceKey { address: SERVICE.into(), port: SERVICE_PORT + number, protocol, pad: 0 },
        value: ServiceValue { backends: set, count: backends.len() as u32 },
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
        let packet = Packet::new(CLIENT.mac, CLIENT.ipv4.unwrap().into(), SERVICE, payload).build();
        let outcome = bench.run(Direction::Egress, 1, Origin::Elsewhere, &packet).unwrap();
        assert_eq!(outcome.allowed, allowed, "{backends:?}");
    }
}

/// A cgroup that holds this process until it is dropped.
struct Cgroup {
    path: PathBuf,
    before: PathBuf,
}

impl Cgroup {
    fn enter() -> Self {
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
        let root = mounts.lines().find(|line| line.starts_with("cgroup2 ")).unwrap();
        let root = Path::new(root.split(' ').nth(1).unwrap());
        let own = std::fs::read_to_string("/proc/self/cgroup").unwrap();
        let own = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap().to_owned();
        let path = root.join(format!("ringfence-test-{}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        let cgroup = Self { path, before: root.join(own) };
        join(&cgroup.path);
        cgroup
    }
}

fn join(cgroup: &Path) {
    std::fs::write(cgroup.join("cgroup.procs"), std::process::id().to_string()).unwrap();
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        join(&self.before);
        std::fs::remove_dir(&self.path).unwrap();
    }
}

#[test]
fn sockets_reach_a_backend_are_told_the_service_and_the_hairpin_is_judged() {
    if !available() {
        return;
    }
    datapath::ensure_bpffs().unwrap();
    let directory = format!("/sys/fs/bpf/ringfence-translation-{}", std::process::id());
    let mut instance = Instance::open(&Config::new(directory.into())).unwrap();
    let cgroup = Cgroup::enter();
    instance.attach_cgroup(&cgroup.path).unwrap();
    let own: IpAddr = CLIENT.ipv4.unwrap().into();
    instance.perform(&ops(&[(PORT, rule(7, true))], rule(DEFAULT_DENY, false))).unwrap();
    instance.perform(&service(1, &[(own, PORT)])).unwrap();
    instance.perform(&service(2, &[(own, PORT + 1)])).unwrap();

    let pod = Namespace::new().unwrap();
    pod.ip("address add 10.0.0.1/32 dev lo").unwrap();
    pod.ip("route add default dev lo").unwrap();
    assert!(pod.run(move || stream(1)).unwrap());
    assert!(pod.run(move || datagram(1)).unwrap());
    assert!(pod.run(move || stream(2)).unwrap(), "no sets of the hairpin: always allowed");

    let cookie = pod.run(datapath::netns_cookie).unwrap().unwrap();
    instance.set_pod(cookie, CLIENT.interface()).unwrap();
    let sets = Sets::live(SET, 0).unwrap();
    instance.perform(&[Op::Hairpin { endpoint: 1, sets }]).unwrap();
    assert!(pod.run(move || stream(1)).unwrap());
    assert!(!pod.run(move || stream(2)).unwrap(), "the ingress set denies the port");
    let mut rules = Vec::new();
    instance.events().unwrap().drain(|event| rules.push((event.kind, event.rule))).unwrap();
    assert_eq!(rules, [(2, DEFAULT_DENY)]);

    instance.detach_cgroup(&cgroup.path).unwrap();
    drop(cgroup);
    instance.remove().unwrap();
}

/// Connects to the Service of this number whose backend listens here.
fn stream(number: u16) -> bool {
    let listener = TcpListener::bind(("10.0.0.1", PORT + number - 1)).unwrap();
    let service = SocketAddr::from((SERVICE, SERVICE_PORT + number));
    let Ok(client) = TcpStream::connect_timeout(&service, Duration::from_secs(2)) else {
        return false;
    };
    let (server, _) = listener.accept().unwrap();
    drop(server);
    assert_eq!(client.peer_addr().unwrap(), service);
    (&client).read(&mut [0]).unwrap() == 0
}

/// Sends to the Service and is answered by it.
fn datagram(number: u16) -> bool {
    let server = UdpSocket::bind(("10.0.0.1", PORT + number - 1)).unwrap();
    let client = UdpSocket::bind(("10.0.0.1", 0)).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let service = SocketAddr::from((SERVICE, SERVICE_PORT + number));
    client.send_to(b"x", service).unwrap();
    let (_, from) = server.recv_from(&mut [0]).unwrap();
    server.send_to(b"y", from).unwrap();
    client.recv_from(&mut [0]).unwrap().1 == service
}
