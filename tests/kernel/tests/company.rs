//! Company on the hooks: other programs beside ours, and what others do to our links and pins.
//!
//! Each is found, put right and named, and while it is put right no packet finds the hook open.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod foreign;
mod net;
mod world;

use std::{
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use aya::programs::{LinkOrder, TcAttachType};
use datapath::{Direction, Drift, Instance, Repair};
use foreign::{Foreign, Manner};
use net::{Net, PATIENCE, SERVER_DEVICE};
use ringfence_kernel::{Namespace, available};
use world::{SERVER, pod_ops, rule};

const ALLOWED: u16 = 8080;
const DENIED: u16 = 8081;

/// A node whose server's device is watched over, as an agent does it: by one thread in the node.
struct Watched {
    net: Net,
    /// Of the agent, which holds the links.
    instance: Option<Instance>,
}

fn watched(name: &str) -> Watched {
    let net = Net::new(name, &pod_ops(&[(ALLOWED, rule(7, true)), (DENIED, rule(8, false))]));
    let config = net.instance.config().clone();
    let open = move || {
        let mut instance = Instance::open(&config).unwrap();
        instance.attach(SERVER_DEVICE, SERVER.interface()).unwrap();
        instance
    };
    let instance = Some(net.node.run(open).unwrap());
    Watched { net, instance }
}

impl Watched {
    fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Instance) -> T + Send + 'static,
    ) -> T {
        let mut instance = self.instance.take().unwrap();
        let done = self.net.node.run(move || {
            let done = work(&mut instance);
            (instance, done)
        });
        let (instance, done) = done.unwrap();
        self.instance = Some(instance);
        done
    }

    /// What was found and done.
    fn put_right(&mut self) -> Vec<(Direction, Drift, Repair)> {
        self.with(|instance| {
            let repaired = instance.put_right(SERVER_DEVICE).unwrap();
            repaired.iter().map(|one| (one.chain.direction, one.drift, one.repair)).collect()
        })
    }

    /// The names on the server's ingress hook, in order.
    fn names(&mut self) -> Vec<String> {
        self.with(|instance| {
            let chains = instance.company(SERVER_DEVICE).unwrap();
            let chain = chains.iter().find(|chain| chain.direction == Direction::Ingress).unwrap();
            chain.programs.iter().map(|program| program.name.clone()).collect()
        })
    }

    fn is_first(&mut self) -> bool {
        self.with(|instance| {
            let chains = instance.company(SERVER_DEVICE).unwrap();
            chains.iter().all(datapath::Chain::is_ours_first)
        })
    }

    /// A foreign program where the server receives.
    fn foreign(&self, manner: Manner, order: fn() -> LinkOrder) -> Foreign {
        let attach = move || {
            let mut foreign = Foreign::load(manner);
            foreign.attach(SERVER_DEVICE, TcAttachType::Egress, order());
            foreign
        };
        self.net.node.run(attach).unwrap()
    }

    fn pin(&self, direction: &str) -> String {
        let directory = self.net.instance.config().pin_dir.display().to_string();
        format!("{directory}/v{}/links/{SERVER_DEVICE}-{direction}", abi::VERSION)
    }

    /// Whether a datagram to this port arrives.
    fn arrives(&self, port: u16) -> bool {
        let to = SocketAddr::from((SERVER.ipv4.unwrap(), port));
        let server = self.net.server.run(move || net::when_free(|| UdpSocket::bind(to))).unwrap();
        server.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        net::datagram(&self.net.client, to);
        server.recv(&mut [0]).is_ok()
    }

    fn enforces(&self) -> bool {
        self.arrives(ALLOWED) && !self.arrives(DENIED)
    }
}

const INGRESS_MOVED: (Direction, Drift, Repair) =
    (Direction::Ingress, Drift::Preceded, Repair::MovedToHead);

#[test]
fn nothing_drifts_where_nobody_meddles_and_who_comes_after_ours_still_runs() {
    if !available() {
        return;
    }
    let mut watched = watched("company-after");
    assert_eq!(watched.put_right(), []);
    let foreign = watched.foreign(Manner::Watches, LinkOrder::last);
    assert_eq!(watched.put_right(), []);
    assert_eq!(watched.names(), ["ringfence_ingre", "foreign_watches"]);
    assert!(watched.is_first());
    let before = foreign.seen();
    assert!(watched.arrives(ALLOWED));
    let after = foreign.seen();
    assert!(after > before, "what is allowed goes to the next program");
    assert!(!watched.arrives(DENIED));
    let denied = foreign.seen() - after;
    assert_eq!(denied, 0, "what is denied goes nowhere");
}

#[test]
fn a_program_before_ours_that_lets_everything_pass_loses_its_place() {
    if !available() {
        return;
    }
    let mut watched = watched("company-before");
    assert!(watched.enforces());
    let foreign = watched.foreign(Manner::Passes, LinkOrder::first);
    assert!(watched.arrives(DENIED), "it ends the chain");
    assert_eq!(watched.put_right(), [INGRESS_MOVED]);
    assert_eq!(watched.names(), ["ringfence_ingre", "foreign_passes"]);
    assert!(watched.enforces());
    assert!(foreign.seen() > 0);
    assert_eq!(watched.put_right(), []);
    // A restart finds what it wants.
    let config = watched.net.instance.config().clone();
    let again = move || {
        let mut instance = Instance::open(&config).unwrap();
        instance.attach(SERVER_DEVICE, SERVER.interface()).unwrap();
    };
    watched.net.node.run(again).unwrap();
    assert_eq!(watched.put_right(), []);
}

#[test]
fn a_link_that_was_detached_or_led_elsewhere_comes_back() {
    if !available() {
        return;
    }
    let mut watched = watched("company-link");
    datapath::detach_pinned(watched.pin("ingress").as_ref()).unwrap();
    assert!(watched.arrives(DENIED), "nobody stands on the hook");
    let attached = (Direction::Ingress, Drift::Detached, Repair::Attached);
    assert_eq!(watched.put_right(), [attached]);
    assert!(watched.enforces());

    let mut foreign = Foreign::load(Manner::Passes);
    foreign.usurp(&watched.pin("ingress"));
    assert!(watched.arrives(DENIED), "the link is another's");
    let restored = (Direction::Ingress, Drift::ProgramChanged, Repair::Restored);
    assert_eq!(watched.put_right(), [restored]);
    assert!(watched.enforces());
    assert_eq!(watched.put_right(), []);
}

#[test]
fn a_pin_that_was_removed_or_changed_is_made_again_and_the_hook_stayed_closed() {
    if !available() {
        return;
    }
    let mut watched = watched("company-pin");
    let pin = watched.pin("ingress");
    std::fs::remove_file(&pin).unwrap();
    assert!(watched.enforces(), "the agent holds the link");
    let removed = (Direction::Ingress, Drift::PinRemoved, Repair::Pinned);
    assert_eq!(watched.put_right(), [removed]);
    std::fs::remove_file(&pin).unwrap();
    Foreign::load(Manner::Passes).pin(&pin);
    let changed = (Direction::Ingress, Drift::PinChanged, Repair::Pinned);
    assert_eq!(watched.put_right(), [changed]);
    assert_eq!(watched.put_right(), []);
    // The pin alone keeps the link.
    drop(watched.instance.take());
    assert!(watched.enforces());
}

#[test]
fn several_things_at_once_are_all_put_right() {
    if !available() {
        return;
    }
    let mut watched = watched("company-both");
    std::fs::remove_file(watched.pin("ingress")).unwrap();
    let _foreign = watched.foreign(Manner::Passes, LinkOrder::first);
    datapath::detach_pinned(watched.pin("egress").as_ref()).unwrap();
    let found = watched.put_right();
    let egress = (Direction::Egress, Drift::Detached, Repair::Attached);
    let pin = (Direction::Ingress, Drift::PinRemoved, Repair::Pinned);
    assert_eq!(found, [egress, pin, INGRESS_MOVED]);
    assert!(watched.enforces());
    assert_eq!(watched.put_right(), []);
}

/// Sends to the denied port without a pause, and counts what arrives.
struct Flood {
    ended: Arc<AtomicBool>,
    sender: thread::JoinHandle<()>,
    receiver: UdpSocket,
}

impl Flood {
    fn start(client: &Namespace, server: &Namespace) -> Self {
        let to = SocketAddr::from((SERVER.ipv4.unwrap(), DENIED));
        let receiver = server.run(move || UdpSocket::bind(to).unwrap()).unwrap();
        receiver.set_nonblocking(true).unwrap();
        let socket = client.run(|| UdpSocket::bind("0.0.0.0:0").unwrap()).unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        let sender = thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                socket.send_to(b"x", to).unwrap();
            }
        });
        Self { ended, sender, receiver }
    }

    fn arrived(self) -> usize {
        self.ended.store(true, Ordering::Relaxed);
        self.sender.join().unwrap();
        std::iter::from_fn(|| self.receiver.recv(&mut [0]).ok()).count()
    }
}

/// Questions and answers at the allowed port, each of which must come.
fn ask_and_hear(net: &Net, questions: u32) {
    let to = SocketAddr::from((SERVER.ipv4.unwrap(), ALLOWED));
    let server = net.server.run(move || net::when_free(|| UdpSocket::bind(to))).unwrap();
    let client = net.client.run(|| UdpSocket::bind("0.0.0.0:0").unwrap()).unwrap();
    for socket in [&server, &client] {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
    }
    for _ in 0..questions {
        client.send_to(b"q", to).unwrap();
        let (_, from) = server.recv_from(&mut [0]).unwrap();
        server.send_to(b"a", from).unwrap();
        client.recv(&mut [0]).unwrap();
    }
}

#[test]
fn while_our_link_moves_to_the_head_no_packet_finds_the_hook_open_or_closed() {
    if !available() {
        return;
    }
    const MOVES: u32 = 8;
    let mut watched = watched("company-flood");
    let flood = Flood::start(&watched.net.client, &watched.net.server);
    let begun = Instant::now();
    for _ in 0..MOVES {
        let foreign = watched.foreign(Manner::Watches, LinkOrder::first);
        thread::scope(|scope| {
            let net = &watched.net;
            let talk = scope.spawn(|| ask_and_hear(net, 50));
            let instance = watched.instance.take().unwrap();
            let moved = net.node.run(move || {
                let mut instance = instance;
                let repaired = instance.put_right(SERVER_DEVICE).unwrap();
                (instance, repaired.len())
            });
            let (instance, repaired) = moved.unwrap();
            watched.instance = Some(instance);
            assert_eq!(repaired, 1);
            talk.join().unwrap();
        });
        drop(foreign);
    }
    eprintln!("{MOVES} moves in {:?}", begun.elapsed());
    assert_eq!(flood.arrived(), 0);
}
