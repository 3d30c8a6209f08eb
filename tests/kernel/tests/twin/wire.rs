//! A device of a pod with the parser behind it: what is sent there is written down and goes no
//! further.
//!
//! Both ends are silent, so every packet that is counted is one that was sent on purpose.

use std::{
    io::Read,
    os::fd::AsRawFd,
    time::{Duration, Instant},
};

use nix::{
    ifaddrs::getifaddrs,
    libc, setsockopt_impl,
    sys::socket::{LinkAddr, MsgFlags, sendto, setsockopt, sockopt::SetBool},
};
use ringfence_kernel::Namespace;
use socket2::{Domain, Socket, Type};

use crate::parser::{Parsed, Parser};

const DEVICE: u32 = 21;
const SEGMENTED_MAX: u32 = 200_000;
/// How long a packet may take that was sent.
const PATIENCE: Duration = Duration::from_secs(5);

/// Before each packet stands how the kernel is to lay it out.
#[derive(Clone)]
struct VnetHeader;
setsockopt_impl!(VnetHeader, libc::SOL_PACKET, libc::PACKET_VNET_HDR, bool, SetBool);

/// `struct virtio_net_hdr`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Layout {
    /// Octets in the linear part; the kernel takes more where the packet is shorter than a page.
    pub(crate) linear: u16,
    /// Payload of each segment, of a packet that is to be segmented; else 0.
    pub(crate) segment: u16,
    /// 4 or 6, where it is to be segmented.
    pub(crate) family: u8,
    /// Where TCP begins, where it is to be segmented.
    pub(crate) transport: u16,
}

impl Layout {
    fn octets(self) -> Vec<u8> {
        const NEEDS_CHECKSUM: u8 = 1;
        const TCP_CHECKSUM: u16 = 16;
        let kind = match (self.segment, self.family) {
            (0, _) => 0,
            (_, 4) => 1,
            _ => 4,
        };
        let checksum = if self.segment == 0 { 0 } else { TCP_CHECKSUM };
        let mut octets = vec![if self.segment == 0 { 0 } else { NEEDS_CHECKSUM }, kind];
        for field in [self.linear, self.segment, self.transport, checksum] {
            octets.extend(field.to_ne_bytes());
        }
        octets
    }
}

/// The pod, its device, and what is behind it.
pub(crate) struct Line {
    parser: Parser,
    socket: Socket,
    laid_out: Socket,
    link: LinkAddr,
    sent: u32,
    _node: Namespace,
    _pod: Namespace,
}

impl Line {
    pub(crate) fn new() -> Self {
        let [node, pod] = [(); 2].map(|()| Namespace::new().unwrap());
        node.ip(&format!(
            "link add name pod index {DEVICE} mtu 9000 type veth peer name eth0 mtu 9000 netns {}",
            pod.holder()
        ))
        .unwrap();
        node.ip("link set pod addrgenmode none").unwrap();
        pod.ip("link set eth0 addrgenmode none").unwrap();
        // Longer than a length field can say.
        pod.ip(&format!("link set eth0 gso_max_size {SEGMENTED_MAX}")).unwrap();
        let parser = node
            .run(|| {
                let mut parser = Parser::load();
                parser.attach(DEVICE);
                parser
            })
            .unwrap();
        node.ip("link set pod up").unwrap();
        pod.ip("link set eth0 up").unwrap();
        let link = pod.run(eth0).unwrap();
        pod.run(move || segment_ipv4(link.ifindex() as u32)).unwrap();
        let sockets = || [(); 2].map(|()| Socket::new(Domain::PACKET, Type::RAW, None).unwrap());
        let [socket, laid_out] = pod.run(sockets).unwrap();
        setsockopt(&laid_out, VnetHeader, &true).unwrap();
        Self { parser, socket, laid_out, link, sent: 0, _node: node, _pod: pod }
    }

    /// Sends a frame as it is. Returns what was read of it.
    pub(crate) fn send(&mut self, frame: &[u8]) -> Parsed {
        sendto(self.socket.as_raw_fd(), frame, &self.link, MsgFlags::empty()).unwrap();
        self.arrived()
    }

    /// Sends a frame that is laid out in the kernel's memory in some way.
    pub(crate) fn send_laid_out(&mut self, layout: Layout, frame: &[u8]) -> Parsed {
        let octets = [layout.octets(), frame.to_vec()].concat();
        sendto(self.laid_out.as_raw_fd(), &octets, &self.link, MsgFlags::empty()).unwrap();
        self.arrived()
    }

    /// Waits for the packet that was sent.
    fn arrived(&mut self) -> Parsed {
        self.sent += 1;
        let begun = Instant::now();
        loop {
            let parsed = self.parser.last();
            if parsed.runs == self.sent {
                return parsed;
            }
            assert!(parsed.runs < self.sent, "somebody else sends, or one became several");
            assert!(begun.elapsed() < PATIENCE, "packet {} has not arrived", self.sent);
            std::thread::yield_now();
        }
    }
}

/// Sends frames out of this namespace's `eth0`, by one socket, since closing one takes its time.
pub(crate) fn send_all(frames: &[Vec<u8>]) {
    let socket = Socket::new(Domain::PACKET, Type::RAW, None).unwrap();
    let link = eth0();
    for frame in frames {
        sendto(socket.as_raw_fd(), frame, &link, MsgFlags::empty()).unwrap();
    }
}

fn eth0() -> LinkAddr {
    let mut named = getifaddrs().unwrap().filter(|one| one.interface_name == "eth0");
    named.find_map(|one| one.address?.as_link_addr().copied()).unwrap()
}

/// Lets segmented IPv4 packets be as long as IPv6 ones, which `ip` can do since its version 6.3.
fn segment_ipv4(interface: u32) {
    const SET_LINK: u16 = 16;
    const REQUEST_AND_ANSWER: u16 = 1 | 4;
    const GSO_IPV4_MAX_SIZE: u16 = 63;
    const SIZE: u32 = 40;
    let mut request = SIZE.to_ne_bytes().to_vec();
    request.extend([SET_LINK, REQUEST_AND_ANSWER].map(u16::to_ne_bytes).as_flattened());
    // Sequence and sender; family and type; interface; flags and which of them change.
    request.extend([0, 0, 0, interface, 0, 0].map(u32::to_ne_bytes).as_flattened());
    request.extend([8, GSO_IPV4_MAX_SIZE].map(u16::to_ne_bytes).as_flattened());
    request.extend(SEGMENTED_MAX.to_ne_bytes());
    let mut socket = Socket::new(Domain::from(libc::AF_NETLINK), Type::RAW, None).unwrap();
    socket.send(&request).unwrap();
    let mut answer = [0; 64];
    let length = socket.read(&mut answer).unwrap();
    assert!(length >= 20, "the answer has {length} octets");
    assert_eq!(answer[16..20], [0; 4], "an error number");
}
