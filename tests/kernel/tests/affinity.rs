//! Session affinity: a client reaches the backend again that it reached last, while that is one and
//! the time has not passed. A file of its own because a cgroup holds the whole process.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod cgroup;

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    path::PathBuf,
};

use abi::{BackendKey, BackendValue, ServiceKey, ServiceValue};
use aya::maps::{HashMap, Map, MapData};
use cgroup::Cgroup;
use datapath::{Config, Instance};
use plan::Op;
use ringfence_kernel::{Namespace, available};

const SERVICE: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 1);
/// The ports of two Services that differ in nothing but affinity.
const STICKY: u16 = 53;
const FREE: u16 = 54;
const PORT: u16 = 5353;
const UDP: u8 = 17;
const CONNECTIONS: usize = 20;
const CLIENTS: usize = 12;
/// Enough for what has a chance of three in four to happen.
const TRIES: usize = 64;

fn backend(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 1, number)
}

/// Both Services with these backends; `list` is the name of the list.
fn services(list: u32, backends: &[u8]) -> Vec<Op> {
    let entry = |(index, number): (u32, &u8)| Op::Backend {
        key: BackendKey { backends: list, index },
        value: BackendValue { address: IpAddr::from(backend(*number)).into(), port: PORT, pad: 0 },
    };
    let service = |(port, affinity_seconds)| Op::Service {
        key: ServiceKey { address: IpAddr::from(SERVICE).into(), port, protocol: UDP, pad: 0 },
        value: ServiceValue { backends: list, count: backends.len() as u32, affinity_seconds },
    };
    let entries = (0..).zip(backends).map(entry);
    entries.chain([(STICKY, 1), (FREE, 0)].map(service)).collect()
}

/// A pod with a way to every backend.
fn client() -> Namespace {
    let client = Namespace::new().unwrap();
    client.ip("address add 10.0.1.0/24 dev lo").unwrap();
    client
}

/// Which backend a new socket of the client is led to.
fn reached(instance: &Instance, client: &Namespace, port: u16) -> Ipv4Addr {
    let connect = move || {
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        socket.connect(SocketAddr::from((SERVICE, port))).unwrap();
        socket
    };
    let socket = client.run(connect).unwrap();
    let cookie = socket2::SockRef::from(&socket).cookie().unwrap();
    let translations = instance.translations().unwrap();
    let (key, _) = translations.iter().find(|(key, _)| key.cookie == cookie).unwrap();
    match IpAddr::from(key.address) {
        IpAddr::V4(address) => address,
        IpAddr::V6(address) => panic!("{address}"),
    }
}

fn all_reached(instance: &Instance, client: &Namespace, port: u16) -> BTreeSet<Ipv4Addr> {
    (0..CONNECTIONS).map(|_| reached(instance, client, port)).collect()
}

/// Makes every client's last connection as old as the machine.
fn let_time_pass(pin_dir: &std::path::Path) {
    let path = pin_dir.join(format!("v{}/maps/affinities", abi::VERSION));
    let map = Map::from_map_data(MapData::from_pin(path).unwrap()).unwrap();
    let mut map: HashMap<_, [u8; 32], [u8; 32]> = map.try_into().unwrap();
    let keys: Vec<[u8; 32]> = map.keys().map(Result::unwrap).collect();
    assert!(!keys.is_empty());
    for key in keys {
        let mut value = map.get(&key, 0).unwrap();
        value[..8].fill(0);
        map.insert(&key, &value, 0).unwrap();
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
fn a_client_keeps_its_backend_while_that_is_one_and_the_time_has_not_passed() {
    if !available() {
        return;
    }
    datapath::ensure_bpffs().unwrap();
    let pins = Pins(format!("/sys/fs/bpf/ringfence-affinity-{}", std::process::id()).into());
    let mut instance = Instance::open(&Config::new(pins.0.clone())).unwrap();
    let cgroup = Cgroup::enter("affinity");
    instance.attach_cgroup(&cgroup.path).unwrap();
    instance.perform(&services(1, &[1, 2, 3, 4])).unwrap();
    let client_of_all = client();
    let kept = all_reached(&instance, &client_of_all, STICKY);
    assert_eq!(kept.len(), 1, "{kept:?}");
    let free = all_reached(&instance, &client_of_all, FREE);
    assert!(free.len() > 1, "without affinity any backend is reached: {free:?}");

    let clients: Vec<Namespace> = (0..CLIENTS).map(|_| client()).collect();
    let first = clients.iter().map(|client| reached(&instance, client, STICKY));
    let spread: BTreeSet<Ipv4Addr> = first.collect();
    assert!(spread.len() > 1, "clients are spread: {spread:?}");

    // Another list, in which the backend has another place.
    instance.perform(&services(2, &[4, 3, 2, 1, 5])).unwrap();
    assert_eq!(all_reached(&instance, &client_of_all, STICKY), kept);
    let rest: Vec<u8> = (1..=4).filter(|number| !kept.contains(&backend(*number))).collect();
    instance.perform(&services(3, &rest)).unwrap();
    let next = all_reached(&instance, &client_of_all, STICKY);
    assert!(next.len() == 1 && next != kept, "another is taken and kept: {next:?}");

    let other = (0..TRIES).find_map(|_| {
        let_time_pass(&pins.0);
        let reached = reached(&instance, &client_of_all, STICKY);
        (!next.contains(&reached)).then_some(reached)
    });
    assert!(other.is_some(), "after its time any backend is reached");

    instance.detach_cgroup(&cgroup.path).unwrap();
    drop(cgroup);
}
