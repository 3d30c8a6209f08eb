//! The node's own hooks under real packets: whatever happens to the process, its programs and its tables,
//! there is no moment in which the node's sockets are not judged, and none in which they are cut off.

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
    io::ErrorKind,
    net::{SocketAddr, TcpStream, UdpSocket},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use abi::{Endpoint, Sets};
use aya::programs::loaded_links;
use cgroup::Cgroup;
use datapath::{
    Capacities,
    Direction::{Egress, Ingress},
    Instance,
};
use net::{Net, PATIENCE};
use plan::Op;
use ringfence_kernel::available;
use world::{CLIENT, SET, pod_ops, rule};

const PORT: u16 = 8080;
const DENIED: u16 = 8081;
/// The node's own endpoint.
const NODE: u32 = 3;
const OTHER: &str = "v1";

/// A cgroup holds the whole process, so these tests wait for each other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A node that may ask its pod on one port only, and whose sockets are all in one cgroup.
struct Node {
    net: Net,
    cgroup: Cgroup,
    _alone: MutexGuard<'static, ()>,
}

fn tables(denied: bool) -> Vec<Op> {
    let mut ops = pod_ops(&[(PORT, rule(7, true)), (DENIED, rule(8, !denied))]);
    let sets = Sets::live(0, SET).unwrap();
    let record = Endpoint { sets, generation: 1, ..Endpoint::default() };
    ops.push(Op::Endpoint { endpoint: NODE, record });
    ops
}

impl Node {
    /// None where this kernel has no such hooks.
    fn judged(name: &str) -> Option<Self> {
        let alone = alone();
        let cgroup = Cgroup::enter(name);
        let mut net = Net::new(&format!("host-{name}"), &tables(true));
        net.instance.set_node_addresses(&net::NODE).unwrap();
        if !net.instance.has_host() {
            eprintln!("SKIPPED: the kernel refuses the programs of the node itself");
            return None;
        }
        net.instance.attach_host(&cgroup.path).unwrap();
        net.instance.set_host(NODE, 0).unwrap();
        Some(Self { net, cgroup, _alone: alone })
    }

    fn links(&self) -> Vec<(u32, u32)> {
        links_of(&self.cgroup.path)
    }

    /// Whether a datagram of the node reaches a port of the pod that it may not ask.
    fn leaks(&self) -> bool {
        let victim = self.victim();
        victim.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let to = SocketAddr::from((CLIENT.ipv4.unwrap(), DENIED));
        let sent = self.net.node.run(move || UdpSocket::bind("0.0.0.0:0")?.send_to(b"x", to));
        assert!(matches!(sent.unwrap(), Ok(_) | Err(_)));
        victim.recv(&mut [0]).is_ok()
    }

    fn victim(&self) -> UdpSocket {
        let at = SocketAddr::from((CLIENT.ipv4.unwrap(), DENIED));
        self.net.client.run(move || net::when_free(|| UdpSocket::bind(at))).unwrap()
    }

    /// A connection of the node to its pod.
    fn connection(&self) -> (TcpStream, TcpStream) {
        let to = SocketAddr::from((CLIENT.ipv4.unwrap(), PORT));
        let listener = net::listen(&self.net.client, to);
        let node = self.net.node.run(move || TcpStream::connect_timeout(&to, PATIENCE).unwrap());
        let ends = (node.unwrap(), listener.accept().unwrap().0);
        [&ends.0, &ends.1].into_iter().for_each(net::patient);
        ends
    }
}

fn programs_of(cgroup: &Path) -> Vec<u32> {
    let of_one_hook = |direction| Instance::host_company(cgroup, direction).unwrap();
    [Egress, Ingress].map(of_one_hook).concat()
}

/// The links at the node's own hooks of a cgroup, with their programs.
fn links_of(cgroup: &Path) -> Vec<(u32, u32)> {
    let programs = programs_of(cgroup);
    let links = loaded_links().filter_map(Result::ok);
    let links = links.filter(|link| programs.contains(&link.program_id()));
    let mut links: Vec<_> = links.map(|link| (link.id(), link.program_id())).collect();
    links.sort_unstable();
    links
}

/// Traffic of the node that never stops: datagrams that it may not send, and a connection that it may
/// have.
struct Traffic {
    over: Arc<AtomicBool>,
    exchanges: Arc<AtomicU64>,
    tries: JoinHandle<u64>,
    talk: JoinHandle<()>,
    victim: UdpSocket,
}

impl Traffic {
    fn start(node: &Node) -> Self {
        let (over, exchanges) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let victim = node.victim();
        victim.set_nonblocking(true).unwrap();
        let to = SocketAddr::from((CLIENT.ipv4.unwrap(), DENIED));
        let socket = node.net.node.run(|| UdpSocket::bind("0.0.0.0:0").unwrap()).unwrap();
        let tries = {
            let over = Arc::clone(&over);
            thread::spawn(move || {
                let mut tries = 0;
                while !over.load(Ordering::Relaxed) {
                    // What is denied is an error for whoever sends it.
                    let sent = socket.send_to(b"x", to);
                    assert!(sent.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied));
                    tries += 1;
                }
                tries
            })
        };
        let (mut one, mut other) = node.connection();
        let talk = {
            let (over, exchanges) = (Arc::clone(&over), Arc::clone(&exchanges));
            thread::spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    net::exchange(&mut one, &mut other);
                    exchanges.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        Self { over, exchanges, tries, talk, victim }
    }

    /// Waits until the connection has gone on for a while.
    fn goes_on(&self) {
        let (begun, before) = (Instant::now(), self.exchanges.load(Ordering::Relaxed));
        while self.exchanges.load(Ordering::Relaxed) < before + 20 {
            assert!(!self.talk.is_finished(), "the connection ended");
            assert!(!self.tries.is_finished(), "a denied datagram was sent");
            assert!(begun.elapsed() < PATIENCE, "the connection stands still");
            thread::yield_now();
        }
    }

    fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        self.talk.join().unwrap();
        assert!(self.tries.join().unwrap() > 100, "there was a flood");
        assert!(self.victim.recv(&mut [0]).is_err(), "a denied datagram arrived");
    }
}

#[test]
fn a_process_that_begins_anew_finds_the_nodes_hooks_and_writes_nothing() {
    if !available() {
        return;
    }
    let Some(mut node) = Node::judged("restart") else { return };
    let (links, image) = (node.links(), node.net.instance.observe().unwrap());
    assert_eq!(links.len(), 2, "{links:?}");
    let traffic = Traffic::start(&node);
    node.net.instance = Instance::open(node.net.instance.config()).unwrap();
    let record = node.net.instance.host().unwrap();
    assert_eq!(record.unwrap().endpoint, NODE);
    node.net.instance.attach_host(&node.cgroup.path).unwrap();
    // A later end of an adoption that is over would let in what was never opened.
    node.net.instance.set_host(NODE, u64::MAX).unwrap();
    assert_eq!(node.net.instance.host().unwrap(), record);
    assert_eq!(node.links(), links);
    assert_eq!(node.net.instance.observe().unwrap(), image);
    traffic.goes_on();
    traffic.end();
    // Without a record the node is open: the flood could have got through.
    node.net.instance.clear_host(0).unwrap();
    assert!(node.leaks());
}

#[test]
fn other_programs_take_the_place_of_the_nodes_hooks_under_its_packets() {
    if !available() {
        return;
    }
    let Some(mut node) = Node::judged("upgrade") else { return };
    let traffic = Traffic::start(&node);
    let mut before = node.links();
    for step in 1..=3 {
        let mut config = node.net.instance.config().clone();
        config.lifetimes.closing += Duration::from_secs(step);
        node.net.instance = Instance::open(&config).unwrap();
        node.net.instance.attach_host(&node.cgroup.path).unwrap();
        let after = node.links();
        for ((link, program), (link_before, program_before)) in after.iter().zip(&before) {
            assert_eq!(link, link_before, "the links are the same");
            assert_ne!(program, program_before, "the programs are not");
        }
        assert_eq!(after.len(), 2);
        before = after;
        traffic.goes_on();
    }
    traffic.end();
}

#[test]
fn the_nodes_hooks_follow_tables_that_grow_under_its_packets() {
    if !available() {
        return;
    }
    let Some(mut node) = Node::judged("grow") else { return };
    let traffic = Traffic::start(&node);
    let before = node.links();
    let has = node.net.instance.config().capacities;
    let wanted = Capacities { rows: has.rows * 2, cells: has.cells * 2, ..has };
    assert!(grown(&mut node, &wanted));
    let after = node.links();
    let links = |of: &[(u32, u32)]| of.iter().map(|(link, _)| *link).collect::<Vec<_>>();
    assert_eq!(links(&before), links(&after));
    assert!(before.iter().zip(&after).all(|(before, after)| before.1 != after.1));
    traffic.goes_on();
    traffic.end();
    // What is written from now on is what the node's hooks read.
    assert!(!node.leaks());
    node.net.instance.perform(&tables(false)).unwrap();
    assert!(node.leaks());
}

/// Growing happens in the node's namespace, where the interfaces are.
fn grown(node: &mut Node, wanted: &Capacities) -> bool {
    let (config, wanted) = (node.net.instance.config().clone(), *wanted);
    let grow = move || Instance::open(&config).unwrap().grow(&wanted).unwrap();
    let grown = node.net.node.run(grow).unwrap();
    node.net.instance = Instance::open(node.net.instance.config()).unwrap();
    grown
}

#[test]
fn hooks_of_another_version_judge_the_node_until_ours_do() {
    if !available() {
        return;
    }
    let Some(mut node) = Node::judged("inherit") else { return };
    let traffic = Traffic::start(&node);
    let pins = node.net.instance.config().pin_dir.clone();
    let (own, other) = (pins.join(format!("v{}", abi::VERSION)), pins.join(OTHER));
    let old = node.links();
    std::fs::rename(&own, &other).unwrap();
    node.net.instance = Instance::open(node.net.instance.config()).unwrap();
    node.net.instance.attach_host(&node.cgroup.path).unwrap();
    assert_eq!(node.links().len(), 4, "both versions stand there");
    traffic.goes_on();
    node.net.instance.perform(&tables(true)).unwrap();
    let until = datapath::ADOPTION.as_nanos() as u64 + ringfence_kernel::long_after().unwrap();
    let adopted =
        |pod: ringfence_kernel::Pod| abi::Interface { adopted_until_ns: until, ..pod.interface() };
    node.net.attach(net::CLIENT_DEVICE, adopted(CLIENT));
    node.net.attach(net::SERVER_DEVICE, adopted(world::SERVER));
    node.net.instance.set_host(NODE, until).unwrap();
    traffic.goes_on();
    node.net.instance.forget_others().unwrap();
    let new = node.links();
    assert_eq!(new.len(), 2, "the other version's went at once");
    assert!(new.iter().all(|link| !old.contains(link)));
    assert!(own.exists() && !other.exists());
    traffic.goes_on();
    traffic.end();
    node.net.instance.perform(&tables(false)).unwrap();
    assert!(node.leaks(), "nothing of the other version judges any more");
}

#[test]
fn a_cgroup_that_is_made_anew_has_hooks_again() {
    if !available() {
        return;
    }
    let Some(mut node) = Node::judged("anew") else { return };
    let path = node.cgroup.path.join("inner");
    std::fs::create_dir(&path).unwrap();
    node.net.instance.attach_host(&path).unwrap();
    node.net.instance.attach_cgroup(&path).unwrap();
    assert_eq!(programs_of(&path).len(), 2);
    std::fs::remove_dir(&path).unwrap();
    // What leads nowhere does not stand in the way of a growth either.
    let has = node.net.instance.config().capacities;
    assert!(grown(&mut node, &Capacities { rows: has.rows * 2, ..has }));
    std::fs::create_dir(&path).unwrap();
    node.net.instance.attach_host(&path).unwrap();
    node.net.instance.attach_cgroup(&path).unwrap();
    assert_eq!(programs_of(&path).len(), 2);
    std::fs::remove_dir(&path).unwrap();
}
