//! A node with a bridge and two pods, in three network namespaces: where real packets are tried.
//!
//! The pods and the table are those of `world`, so a test says only what it changes.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    os::fd::AsRawFd,
    time::{Duration, Instant},
};

use abi::{Event, Interface, Sets};
use datapath::{Config, Events, Instance};
use nix::sys::socket::{MsgFlags, sendto};
use plan::Op;
use ringfence_kernel::{Namespace, Wire};
use socket2::{Domain, Socket, Type};

use crate::world::{CLIENT, SERVER};

/// The host sides of the two veths.
pub(crate) const CLIENT_DEVICE: u32 = 11;
pub(crate) const SERVER_DEVICE: u32 = 12;
/// The node's addresses on the bridge.
pub(crate) const NODE: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, 254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0xfe)),
];
/// Where IGMPv3 reports go (RFC 3376, section 4.2.14).
const GROUP_REPORTS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 22);
/// How long a packet may take that is expected.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Net {
    pub(crate) node: Namespace,
    pub(crate) client: Namespace,
    pub(crate) server: Namespace,
    pub(crate) instance: Instance,
    events: Events,
    unread: Vec<Event>,
}

impl Drop for Net {
    fn drop(&mut self) {
        datapath::remove_pins(&self.instance.config().pin_dir).unwrap();
    }
}

impl Net {
    /// Programs attached, tables as `ops` write them.
    pub(crate) fn new(name: &str, ops: &[Op]) -> Self {
        Self::with(name, ops, |_| ())
    }

    /// The same with another configuration.
    pub(crate) fn with(name: &str, ops: &[Op], change: impl FnOnce(&mut Config)) -> Self {
        datapath::ensure_bpffs().unwrap();
        let [node, client, server] = [(); 3].map(|()| Namespace::new().unwrap());
        node.ip("link add br0 type bridge").unwrap();
        node.ip("link set br0 up").unwrap();
        node.ip(&format!("address add {}/24 dev br0", NODE[0])).unwrap();
        node.ip(&format!("address add {}/64 dev br0 nodad", NODE[1])).unwrap();
        let wire = |host, index, mac, address| Wire { host, index, mac, address, bridge: "br0" };
        let of_client = wire("client", CLIENT_DEVICE, "02:00:00:00:00:01", "10.0.0.1/24");
        let of_server = wire("server", SERVER_DEVICE, "02:00:00:00:00:02", "10.0.0.2/24");
        for (wire, pod, address) in
            [(of_client, &client, "fd00::1/64"), (of_server, &server, "fd00::2/64")]
        {
            wire.connect(&node, pod).unwrap();
            pod.ip(&format!("address add {address} dev eth0 nodad")).unwrap();
        }
        let directory = format!("/sys/fs/bpf/ringfence-{name}-{}", std::process::id());
        let mut config = Config::new(directory.into());
        config.node_namespace = Some(node.run(datapath::netns_cookie).unwrap().unwrap());
        change(&mut config);
        let instance = Instance::open(&config).unwrap();
        instance.perform(ops).unwrap();
        let events = instance.events().unwrap();
        let net = Self { node, client, server, instance, events, unread: Vec::new() };
        net.attach(CLIENT_DEVICE, CLIENT.interface());
        net.attach(SERVER_DEVICE, SERVER.interface());
        net
    }

    /// Attaching happens in the node's namespace, by the thread that lives there.
    pub(crate) fn attach(&self, device: u32, record: Interface) {
        let config = self.instance.config().clone();
        self.node
            .run(move || Instance::open(&config).unwrap().attach(device, record).unwrap())
            .unwrap();
    }

    /// Gives an endpoint other sets and a new generation.
    pub(crate) fn flip(&self, endpoint: u32, sets: Sets, generation: u64) {
        let ops = [Op::Sets { endpoint, sets }, Op::Generation { endpoint, generation }];
        self.instance.perform(&ops).unwrap();
    }

    /// A connection from the client to this address and port of the server: both its ends.
    pub(crate) fn connection(&self, address: IpAddr, port: u16) -> (TcpStream, TcpStream) {
        let to = SocketAddr::from((address, port));
        let listener = listen(&self.server, to);
        let client = self.client.run(move || TcpStream::connect_timeout(&to, PATIENCE).unwrap());
        let ends = (client.unwrap(), listener.accept().unwrap().0);
        [&ends.0, &ends.1].into_iter().for_each(patient);
        ends
    }

    /// What was told since the last call, but for what kernels report of their groups whenever they
    /// like, which no test asks them to do.
    pub(crate) fn told(&mut self) -> Vec<Event> {
        let mut told = std::mem::take(&mut self.unread);
        let reports = IpAddr::from(GROUP_REPORTS).into();
        self.events
            .drain(|event| told.extend((event.destination != reports).then_some(event)))
            .unwrap();
        told
    }

    /// Waits for an event that must come; others before it are left for the next question.
    pub(crate) fn await_told(&mut self, is_wanted: impl Fn(&Event) -> bool) -> Event {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let told = self.told();
            let found = told.iter().position(&is_wanted);
            self.unread = told;
            if let Some(at) = found {
                return self.unread.remove(at);
            }
            std::thread::yield_now();
        }
        panic!("only told of {:?}", self.unread);
    }

    /// Makes the node a router.
    pub(crate) fn forward(&self) {
        for switch in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
            let write = move || std::fs::write(format!("/proc/sys/net/{switch}"), "1").unwrap();
            self.node.run(write).unwrap();
        }
    }
}

/// A listener in a pod.
pub(crate) fn listen(pod: &Namespace, address: SocketAddr) -> TcpListener {
    pod.run(move || when_free(|| TcpListener::bind(address))).unwrap()
}

/// Binds a socket whose predecessor is closed. Where another test starts a process at that moment,
/// the child has it open until it runs its program.
pub(crate) fn when_free<T>(bind: impl Fn() -> io::Result<T>) -> T {
    let begun = Instant::now();
    loop {
        match bind() {
            Err(error) if error.kind() == ErrorKind::AddrInUse && begun.elapsed() < PATIENCE => {
                std::thread::yield_now();
            }
            bound => return bound.unwrap(),
        }
    }
}

/// One datagram from a socket of its own.
pub(crate) fn datagram(from: &Namespace, to: SocketAddr) {
    let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    from.run(move || UdpSocket::bind(any).unwrap().send_to(b"x", to).unwrap()).unwrap();
}

/// A frame out of this namespace's `eth0`, as it is.
pub(crate) fn send_frame(frame: &[u8]) {
    let interfaces = nix::ifaddrs::getifaddrs().unwrap();
    let mut named = interfaces.filter(|one| one.interface_name == "eth0");
    let link = named.find_map(|one| one.address?.as_link_addr().copied()).unwrap();
    let socket = Socket::new(Domain::PACKET, Type::RAW, None).unwrap();
    sendto(socket.as_raw_fd(), frame, &link, MsgFlags::empty()).unwrap();
}

/// Nothing waits for ever.
pub(crate) fn patient(end: &TcpStream) {
    end.set_read_timeout(Some(PATIENCE)).unwrap();
    end.set_write_timeout(Some(PATIENCE)).unwrap();
}

/// An octet each way.
pub(crate) fn exchange(from: &mut TcpStream, to: &mut TcpStream) {
    from.write_all(b"x").unwrap();
    to.read_exact(&mut [0]).unwrap();
    to.write_all(b"y").unwrap();
    from.read_exact(&mut [0]).unwrap();
}

/// Whether the next thing that this end hears is a reset.
pub(crate) fn is_reset(end: &mut TcpStream) -> bool {
    end.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
}
