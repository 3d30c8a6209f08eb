//! A node whose server's device is watched over as an agent does it, and traffic that must not pass
//! meanwhile.
//!
//! Shared by the tests of both kinds of hooks.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

use std::{
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use datapath::{Direction, Drift, Hooks, Instance, Repair};
use ringfence_kernel::Namespace;

use crate::net::{self, Net, PATIENCE, SERVER_DEVICE};
use crate::world::{SERVER, pod_ops, rule};

pub(crate) const ALLOWED: u16 = 8080;
pub(crate) const DENIED: u16 = 8081;

/// A node whose server's device is watched over, as an agent does it: by one thread in the node.
pub(crate) struct Watched {
    pub(crate) net: Net,
    /// Of the agent, which holds the links.
    pub(crate) instance: Option<Instance>,
}

pub(crate) fn watched(name: &str, hooks: Hooks) -> Watched {
    let ops = pod_ops(&[(ALLOWED, rule(7, true)), (DENIED, rule(8, false))]);
    let net = Net::with(name, &ops, |config| config.hooks = hooks);
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
    pub(crate) fn with<T: Send + 'static>(
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
    pub(crate) fn put_right(&mut self) -> Vec<(Direction, Drift, Repair)> {
        self.with(|instance| {
            let repaired = instance.put_right(SERVER_DEVICE).unwrap();
            repaired.iter().map(|one| (one.chain.direction, one.drift, one.repair)).collect()
        })
    }

    /// The names on the server's ingress hook, in order.
    pub(crate) fn names(&mut self) -> Vec<String> {
        self.with(|instance| {
            let chains = instance.company(SERVER_DEVICE).unwrap();
            let chain = chains.iter().find(|chain| chain.direction == Direction::Ingress).unwrap();
            chain.programs.iter().map(|program| program.name.clone()).collect()
        })
    }

    pub(crate) fn is_first(&mut self) -> bool {
        self.with(|instance| {
            let chains = instance.company(SERVER_DEVICE).unwrap();
            chains.iter().all(datapath::Chain::is_ours_first)
        })
    }

    pub(crate) fn pin(&self, direction: &str) -> String {
        let directory = self.net.instance.config().pin_dir.display().to_string();
        format!("{directory}/v{}/links/{SERVER_DEVICE}-{direction}", abi::VERSION)
    }

    /// Whether a datagram to this port arrives.
    pub(crate) fn arrives(&self, port: u16) -> bool {
        let to = SocketAddr::from((SERVER.ipv4.unwrap(), port));
        let server = self.net.server.run(move || net::when_free(|| UdpSocket::bind(to))).unwrap();
        server.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        net::datagram(&self.net.client, to);
        server.recv(&mut [0]).is_ok()
    }

    pub(crate) fn enforces(&self) -> bool {
        self.arrives(ALLOWED) && !self.arrives(DENIED)
    }
}

/// Sends to the denied port without a pause, and counts what arrives.
pub(crate) struct Flood {
    ended: Arc<AtomicBool>,
    sender: thread::JoinHandle<()>,
    receiver: UdpSocket,
}

impl Flood {
    pub(crate) fn start(client: &Namespace, server: &Namespace) -> Self {
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

    pub(crate) fn arrived(self) -> usize {
        self.ended.store(true, Ordering::Relaxed);
        self.sender.join().unwrap();
        std::iter::from_fn(|| self.receiver.recv(&mut [0]).ok()).count()
    }
}

/// Questions and answers at the allowed port, each of which must come.
pub(crate) fn ask_and_hear(net: &Net, questions: u32) {
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
