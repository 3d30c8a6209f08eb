//! Which container sent it: its cgroup, read where the packet leaves the pod. A file of its own
//! because a cgroup holds the whole process.

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
    net::{IpAddr, SocketAddr},
    os::unix::fs::MetadataExt,
};

use abi::Event;
use cgroup::Cgroup;
use net::Net;
use ringfence_kernel::{available, packet::protocol};
use world::{CLIENT, SERVER, pod_ops, rule};

const PORT: u16 = 8080;

/// What the hooks of the client and the server name as the sender's container.
fn containers(net: &mut Net, server: IpAddr, port: u16) -> [u64; 2] {
    net.told();
    net::datagram(&net.client, SocketAddr::from((server, port)));
    [CLIENT.endpoint, SERVER.endpoint].map(|endpoint| {
        let is_sent = |event: &Event| {
            event.endpoint == endpoint
                && event.protocol == protocol::UDP
                && event.destination_port == port
        };
        net.await_told(is_sent).container
    })
}

#[test]
fn an_event_names_the_senders_cgroup_at_the_senders_own_hook_and_nowhere_else() {
    if !available() {
        return;
    }
    let mut net = Net::new("container", &pod_ops(&[(PORT, rule(7, true))]));
    for server in [IpAddr::from(SERVER.ipv4.unwrap()), SERVER.ipv6.unwrap().into()] {
        let mut seen = Vec::new();
        for name in ["first", "second"] {
            let cgroup = Cgroup::enter(name);
            let id = std::fs::metadata(&cgroup.path).unwrap().ino();
            // A denied packet has a container as an allowed one has.
            for port in [PORT, PORT + 1] {
                assert_eq!(containers(&mut net, server, port), [id, 0], "{server} {port}");
            }
            seen.push(id);
        }
        assert_ne!(seen[0], seen[1]);
    }
}
