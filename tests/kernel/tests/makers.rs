//! What a packet shows of the process behind it: each kind of packet at its sender's own veth.
//!
//! Rules and records may rely on no more than this. A file of its own because a cgroup holds the
//! whole process, and one test because each row needs the same network.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod cgroup;
mod net;
mod world;

use std::{
    io::{Read, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::MetadataExt,
    },
    process::{Command, Stdio},
    time::Instant,
};

use aya::{
    EbpfLoader, include_bytes_aligned,
    maps::{MapData, RingBuf},
    programs::{LinkOrder, SchedClassifier, TcAttachType, tc::TcAttach},
};
use cgroup::Cgroup;
use net::{CLIENT_DEVICE, Net, SERVER_DEVICE};
use ringfence_kernel::available;
use socket2::{Domain, Protocol, Socket, Type};
use world::{SERVER, pod_ops, rule};

const OBJECT: &[u8] = include_bytes_aligned!(concat!(env!("OUT_DIR"), "/makers.bpf.o"));
const PORT: u16 = 8080;
/// A request with its checksum.
const ECHO: &[u8] = &[8, 0, 0xf7, 0xfd, 0, 1, 0, 1];
const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const PSH: u8 = 8;
const ACK: u8 = 16;

/// What the tap wrote down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sighting {
    inode: u64,
    container: u64,
    process: u32,
    fragment: u16,
    protocol: u8,
    flags: u8,
}

struct Tap {
    // The programs stay where they are for as long as this is held.
    _object: aya::Ebpf,
    ring: RingBuf<MapData>,
}

impl Tap {
    /// Stands before ours where the pod of `device` sends.
    fn on(net: &Net, device: u32) -> Self {
        let maps = format!("{}/v{}/maps", net.instance.config().pin_dir.display(), abi::VERSION);
        net.node
            .run(move || {
                let mut object =
                    EbpfLoader::new().default_map_pin_directory(maps).load(OBJECT).unwrap();
                let tap: &mut SchedClassifier =
                    object.program_mut("tap").unwrap().try_into().unwrap();
                tap.load().unwrap();
                let hook = TcAttachType::Ingress;
                tap.attach(device, TcAttach::Tcx { attach_type: hook, order: LinkOrder::first() })
                    .unwrap();
                let ring = RingBuf::try_from(object.take_map("sightings").unwrap()).unwrap();
                Self { _object: object, ring }
            })
            .unwrap()
    }

    /// The first packet that is wanted; those before it are forgotten.
    fn await_seen(&mut self, what: &str, is_wanted: impl Fn(&Sighting) -> bool) -> Sighting {
        let begun = Instant::now();
        let mut seen = Vec::new();
        while begun.elapsed() < net::PATIENCE {
            while let Some(record) = self.ring.next() {
                let sighting = sighting(&record);
                if is_wanted(&sighting) {
                    return sighting;
                }
                seen.push(sighting);
            }
            std::thread::yield_now();
        }
        panic!("{what}: only saw {seen:?}");
    }
}

fn sighting(record: &[u8]) -> Sighting {
    let word = |at: usize| u64::from_ne_bytes(record[at..at + 8].try_into().unwrap());
    let tail = word(16).to_ne_bytes();
    Sighting {
        inode: word(0),
        container: word(8),
        process: u32::from_ne_bytes(tail[..4].try_into().unwrap()),
        fragment: u16::from_ne_bytes(tail[4..6].try_into().unwrap()),
        protocol: tail[6],
        flags: tail[7],
    }
}

fn tcp(flags: u8) -> impl Fn(&Sighting) -> bool {
    move |seen| seen.protocol == 6 && seen.flags & (FIN | SYN | RST | PSH | ACK) == flags
}

/// This executable, this process, and the cgroup it is in.
struct Own {
    inode: u64,
    container: u64,
}

impl Own {
    fn is_shown(&self, what: &str, seen: Sighting) {
        let shown = (seen.inode, seen.container, seen.process);
        assert_eq!(shown, (self.inode, self.container, std::process::id()), "{what}: {seen:?}");
    }

    /// The cgroup alone.
    fn is_nameless(&self, what: &str, seen: Sighting) {
        assert_eq!((seen.inode, seen.container), (0, self.container), "{what}: {seen:?}");
    }
}

fn address(pod: &ringfence_kernel::Pod, port: u16) -> SocketAddr {
    SocketAddr::from((IpAddr::from(pod.ipv4.unwrap()), port))
}

/// A connection from the client to `listener` in the server: both its ends.
fn connect(net: &Net, listener: &TcpListener) -> (TcpStream, TcpStream) {
    let to = listener.local_addr().unwrap();
    let client = net.client.run(move || TcpStream::connect_timeout(&to, net::PATIENCE).unwrap());
    (client.unwrap(), listener.accept().unwrap().0)
}

#[test]
fn a_packet_shows_its_sender_as_far_as_its_socket_was_seen() {
    if !available() {
        return;
    }
    let any = rule(7, true);
    let net = &mut Net::new("makers", &pod_ops(&[(PORT, any), (PORT + 1, any)]));
    net.instance.set_node_addresses(&net::NODE).unwrap();
    let cgroup = Cgroup::enter("makers");
    let old = net::listen(&net.server, address(&SERVER, PORT + 1));
    let config = net.instance.config().clone();
    datapath::Instance::open(&config).unwrap().attach_cgroup(&cgroup.path).unwrap();
    let own = Own {
        inode: std::fs::metadata("/proc/self/exe").unwrap().ino(),
        container: std::fs::metadata(&cgroup.path).unwrap().ino(),
    };
    let mut client = Tap::on(net, CLIENT_DEVICE);
    let mut server = Tap::on(net, SERVER_DEVICE);

    tcp_rows(net, &own, &mut client, &mut server);
    listener_older_than_the_programs(net, &old, &own, &mut server);
    udp_rows(net, &own, &mut client);
    raw_rows(net, &own, &mut client);
    kernel_rows(net, &mut server);
    passed_and_executed(net, &own, &mut client);

    datapath::Instance::open(&config).unwrap().detach_cgroup(&cgroup.path).unwrap();
}

fn tcp_rows(net: &Net, own: &Own, client: &mut Tap, server: &mut Tap) {
    let listener = net::listen(&net.server, address(&SERVER, PORT));
    let (mut one, mut other) = connect(net, &listener);
    own.is_shown("SYN", client.await_seen("SYN", tcp(SYN)));
    own.is_nameless("SYN+ACK", server.await_seen("SYN+ACK", tcp(SYN | ACK)));
    own.is_shown("ACK", client.await_seen("ACK", tcp(ACK)));
    one.write_all(&[0; 20_000]).unwrap();
    own.is_shown("data", client.await_seen("data", tcp(PSH | ACK)));
    other.read_exact(&mut [0; 20_000]).unwrap();
    other.write_all(b"x").unwrap();
    own.is_shown("data of an accepted socket", server.await_seen("data", tcp(PSH | ACK)));
    drop(other);
    own.is_shown("FIN of an accepted socket", server.await_seen("FIN", tcp(FIN | ACK)));
    one.read_exact(&mut [0]).unwrap();
    drop(one);
    own.is_shown("FIN", client.await_seen("FIN", tcp(FIN | ACK)));
}

fn listener_older_than_the_programs(
    net: &Net,
    listener: &TcpListener,
    own: &Own,
    server: &mut Tap,
) {
    let (_one, mut other) = connect(net, listener);
    other.write_all(b"x").unwrap();
    let seen = server.await_seen("data of an old listener's socket", tcp(PSH | ACK));
    own.is_nameless("data of an old listener's socket", seen);
}

fn udp_rows(net: &Net, own: &Own, client: &mut Tap) {
    let to = address(&SERVER, PORT);
    let _receiver = net.server.run(move || UdpSocket::bind(to).unwrap()).unwrap();
    let socket = net.client.run(|| UdpSocket::bind("0.0.0.0:0").unwrap()).unwrap();
    let is_udp = |seen: &Sighting| seen.protocol == 17 && seen.fragment == 0;
    socket.send_to(b"x", to).unwrap();
    own.is_shown("a datagram", client.await_seen("a datagram", is_udp));
    socket.connect(to).unwrap();
    socket.send(b"x").unwrap();
    own.is_shown("a connected datagram", client.await_seen("a connected datagram", is_udp));
    socket.send(&[0; 4000]).unwrap();
    own.is_shown("the first fragment", client.await_seen("the first fragment", is_udp));
    let later = |seen: &Sighting| seen.protocol == 17 && seen.fragment != 0;
    own.is_shown("a later fragment", client.await_seen("a later fragment", later));
}

fn raw_rows(net: &Net, own: &Own, client: &mut Tap) {
    let to = address(&SERVER, 0).into();
    let raw = |protocol: i32| {
        let open = move || Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(protocol)));
        net.client.run(move || open().unwrap()).unwrap()
    };
    raw(253).send_to(b"x", &to).unwrap();
    own.is_shown("raw", client.await_seen("raw", |seen| seen.protocol == 253));
    raw(1).send_to(ECHO, &to).unwrap();
    let echo = |seen: &Sighting| seen.protocol == 1 && seen.flags == 8;
    own.is_shown("an echo request", client.await_seen("an echo request", echo));
}

/// What the kernel sends for itself is nobody's.
fn kernel_rows(net: &Net, server: &mut Tap) {
    let nobody = |what: &str, seen: Sighting| assert_eq!(seen.inode, 0, "{what}: {seen:?}");
    let to = address(&SERVER, 0).into();
    let echo = move || {
        Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4)).unwrap().send_to(ECHO, &to)
    };
    net.node.run(echo).unwrap().unwrap();
    let is_reply = |seen: &Sighting| seen.protocol == 1 && seen.flags == 0;
    nobody("an echo reply", server.await_seen("an echo reply", is_reply));
    let closed = address(&SERVER, PORT);
    let refused = net.client.run(move || TcpStream::connect_timeout(&closed, net::PATIENCE));
    assert!(refused.unwrap().is_err());
    nobody("a reset", server.await_seen("a reset", tcp(RST | ACK)));
}

/// A socket keeps its maker's name when somebody else has it: an executable that inherits it, or the
/// process after an exec.
fn passed_and_executed(net: &Net, own: &Own, client: &mut Tap) {
    let listener = net::listen(&net.server, address(&SERVER, PORT));
    let (one, _other) = connect(net, &listener);
    client.await_seen("the handshake", tcp(ACK));
    let inherited = OwnedFd::from(one);
    assert!(inherited.as_raw_fd() > 2);
    let mut passed = Command::new("cat").stdin(Stdio::piped()).stdout(inherited).spawn().unwrap();
    passed.stdin.take().unwrap().write_all(b"x").unwrap();
    assert!(passed.wait().unwrap().success());
    own.is_shown("data by whom it was passed to", client.await_seen("data", tcp(PSH | ACK)));
    // A process of its own that is gone when somebody asks: the kernel remembers.
    let to = address(&SERVER, PORT);
    let script = format!("exec 3<>/dev/tcp/{}/{}", to.ip(), to.port());
    let bash = std::fs::metadata("/bin/bash").unwrap().ino();
    let short = net.client.run(move || Command::new("/bin/bash").args(["-c", &script]).spawn());
    let mut short = short.unwrap().unwrap();
    let process = short.id();
    assert!(short.wait().unwrap().success());
    let seen = client.await_seen("SYN of a short-lived process", tcp(SYN));
    assert_eq!((seen.inode, seen.process, seen.container), (bash, process, own.container));
    let device = std::fs::metadata("/bin/bash").unwrap().dev();
    let device = (nix::sys::stat::major(device) << 20 | nix::sys::stat::minor(device)) as u32;
    let path = net.instance.executable(bash, device).unwrap();
    assert_eq!(path, Some("/bin/bash".into()));
    assert_eq!(net.instance.executable(bash, device + 1).unwrap(), None);
}
