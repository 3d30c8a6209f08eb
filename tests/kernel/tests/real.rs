//! One allow and one deny between two real namespaces, through an instance fed by writes of a plan.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod world;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use datapath::{Config, Instance};
use kernel::{Namespace, Wire};
use ringfence_kernel as kernel;
use world::{CLIENT, SERVER, pod_ops, rule};

const ALLOWED: u16 = 8080;
const DENIED: u16 = 8081;

struct Net {
    node: Namespace,
    client: Namespace,
    server: Namespace,
    instance: Instance,
}

impl Drop for Net {
    fn drop(&mut self) {
        datapath::remove_pins(&self.instance.config().pin_dir).unwrap();
    }
}

fn net(name: &str) -> Net {
    datapath::ensure_bpffs().unwrap();
    let (node, client, server) =
        (Namespace::new().unwrap(), Namespace::new().unwrap(), Namespace::new().unwrap());
    node.ip("link add br0 type bridge").unwrap();
    node.ip("link set br0 up").unwrap();
    node.ip("address add 10.0.0.254/24 dev br0").unwrap();
    let wire = |host, index, mac, address| Wire { host, index, mac, address, bridge: "br0" };
    wire("client", 11, "02:00:00:00:00:01", "10.0.0.1/24").connect(&node, &client).unwrap();
    wire("server", 12, "02:00:00:00:00:02", "10.0.0.2/24").connect(&node, &server).unwrap();
    let directory = format!("/sys/fs/bpf/ringfence-{name}-{}", std::process::id());
    let instance = Instance::open(&Config::new(directory.into())).unwrap();
    Net { node, client, server, instance }
}

impl Net {
    /// Attaching happens in the node's namespace, by the thread that lives there.
    fn attach(&self) {
        let config = self.instance.config().clone();
        self.node
            .run(move || {
                let mut instance = Instance::open(&config).unwrap();
                instance.attach(11, CLIENT.interface()).unwrap();
                instance.attach(12, SERVER.interface()).unwrap();
            })
            .unwrap();
    }

    /// A server that answers each connection with one octet.
    fn serve(&self, port: u16) {
        self.server
            .run(move || {
                let listener = TcpListener::bind(("10.0.0.2", port)).unwrap();
                thread::spawn(move || {
                    for stream in listener.incoming() {
                        stream.unwrap().write_all(b"x").unwrap();
                    }
                });
            })
            .unwrap();
    }

    fn connects(&self, from: &Namespace, port: u16) -> bool {
        from.run(move || {
            let server = SocketAddr::from(([10, 0, 0, 2], port));
            let Ok(mut stream) = TcpStream::connect_timeout(&server, Duration::from_millis(600))
            else {
                return false;
            };
            stream.read_exact(&mut [0]).is_ok()
        })
        .unwrap()
    }
}

#[test]
fn a_denied_port_is_silent_an_allowed_one_answers_and_both_are_told() {
    if !kernel::available() {
        return;
    }
    let net = net("deny");
    net.serve(ALLOWED);
    net.serve(DENIED);
    assert!(net.connects(&net.client, DENIED), "without programs everything is reached");
    net.instance.perform(&pod_ops(&[(ALLOWED, rule(7, true)), (DENIED, rule(8, false))])).unwrap();
    net.instance.set_node_addresses(&["10.0.0.254".parse().unwrap()]).unwrap();
    net.attach();
    assert!(net.connects(&net.client, ALLOWED));
    assert!(!net.connects(&net.client, DENIED));
    assert!(net.connects(&net.node, DENIED), "the node itself is always let in");

    let mut rules = std::collections::BTreeSet::new();
    net.instance
        .events()
        .unwrap()
        .drain(|event| {
            rules.insert((event.kind, event.rule, event.reason));
        })
        .unwrap();
    assert!(rules.contains(&(1, 7, 0)), "{rules:?}");
    assert!(rules.contains(&(2, 8, 0)), "{rules:?}");
    assert!(rules.contains(&(1, 0, model::Builtin::LocalNode.code())), "{rules:?}");
}

#[test]
fn a_second_process_finds_everything_and_links_of_a_gone_veth_are_garbage() {
    if !kernel::available() {
        return;
    }
    let net = net("again");
    net.serve(DENIED);
    net.instance.perform(&pod_ops(&[(DENIED, rule(8, false))])).unwrap();
    net.attach();
    let image = net.instance.observe().unwrap();
    net.attach();
    assert_eq!(net.instance.observe().unwrap(), image);
    assert!(!net.connects(&net.client, DENIED));
    net.node.ip("link del server").unwrap();
    let config = net.instance.config().clone();
    let stale = move || Instance::open(&config).unwrap().stale_interfaces().unwrap();
    assert_eq!(net.node.run(stale).unwrap(), [12]);
}
