//! A full table grows: a larger one takes its place under packets that use it, and says the same.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod net;
mod world;

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use abi::{
    Address, BackendKey, BackendValue, EventKind, RowKey, RowValue, ServiceKey, ServiceValue,
};
use datapath::{Capacities, Config, Direction::Ingress, Instance};
use net::Net;
use plan::Op;
use ringfence_kernel::{
    Bench, Origin, available,
    packet::{Packet, Payload, tcp},
};
use world::{CLIENT, SERVER, pod_ops, rule};

const PORT: u16 = 8080;
const DENIED: u16 = 8081;

/// As many rows, cells and peers as the table of these tests has.
fn tight(config: &mut Config) {
    let capacities = config.capacities;
    config.capacities = Capacities {
        peers: 4,
        prefixes: 2,
        rows: 2,
        cells: 6,
        services: 2,
        backends: 2,
        ..capacities
    };
}

fn one_more(row: u32) -> Op {
    Op::Row { key: RowKey { set: 77, class: row }, value: RowValue { base: 0, width: 3 } }
}

/// A Service, or a backend, of a number.
fn service(number: u32) -> Op {
    let key = ServiceKey { address: one(number), port: PORT, protocol: 6, pad: 0 };
    Op::Service { key, value: ServiceValue { backends: number, count: 1, affinity_seconds: 0 } }
}

fn backend(number: u32) -> Op {
    let key = BackendKey { backends: number, index: 0 };
    Op::Backend { key, value: BackendValue { address: one(number), port: PORT, pad: 0 } }
}

fn one(number: u32) -> Address {
    IpAddr::from(Ipv4Addr::from(0x0a60_0000 + number)).into()
}

/// Whether the server's hook lets this in.
fn passes(bench: &mut Bench, port: u16, flags: u8) -> bool {
    let address = |pod: &ringfence_kernel::Pod| IpAddr::from(pod.ipv4.unwrap());
    let payload = Payload::Tcp { source: 40_000, destination: port, flags };
    let packet = Packet::new(CLIENT.mac, address(&CLIENT), address(&SERVER), payload).build();
    bench.run(Ingress, SERVER.endpoint, Origin::Elsewhere, &packet).unwrap().allowed
}

#[test]
fn what_was_full_has_room_and_everything_else_is_as_it_was() {
    if !available() {
        return;
    }
    let mut bench = Bench::with(tight).unwrap();
    bench.add(&SERVER).unwrap();
    bench.perform(&pod_ops(&[(PORT, rule(7, true))])).unwrap();
    bench.perform(&[backend(1), service(1), backend(2), service(2)]).unwrap();
    assert!(passes(&mut bench, PORT, tcp::SYN));
    assert!(bench.perform(&[one_more(3)]).is_err(), "the table is full");
    let before = bench.instance().observe().unwrap();

    let same = bench.instance().config().capacities;
    assert!(!bench.grow(&same).unwrap(), "nothing to do");
    assert!(bench.perform(&[service(3)]).is_err(), "the table of Services is full");
    let policies = Capacities { rows: 64, cells: 100, peers: 9, prefixes: 9, ..same };
    assert!(bench.grow(&Capacities { services: 32, backends: 32, ..policies }).unwrap());
    assert_eq!(bench.instance().observe().unwrap(), before);
    bench.perform(&(3..30).map(one_more).collect::<Vec<_>>()).unwrap();
    let services = (3..30).flat_map(|number| [backend(number), service(number)]);
    bench.perform(&services.collect::<Vec<_>>()).unwrap();
    assert!(passes(&mut bench, PORT, tcp::ACK), "its connection is still known");
    assert!(!passes(&mut bench, DENIED, tcp::SYN));
    // Whoever comes later finds what has grown, whatever he was told.
    let config = Config { capacities: same, ..bench.instance().config().clone() };
    let again = Instance::open(&config).unwrap();
    assert_eq!(again.config().capacities.rows, 64);
    assert_eq!(again.observe().unwrap().rows.len(), before.rows.len() + 27);
}

#[test]
fn what_forgets_by_itself_does_not_grow_and_nothing_shrinks() {
    if !available() {
        return;
    }
    let mut bench = Bench::with(tight).unwrap();
    let has = bench.instance().config().capacities;
    let less = Capacities { rows: 1, peers: 1, half: has.half * 2, ..has };
    assert!(!bench.grow(&less).unwrap());
    assert_eq!(bench.instance().config().capacities, has);
}

#[test]
fn services_and_endpoints_have_room_after_they_grew_and_keep_what_they_had() {
    if !available() {
        return;
    }
    let mut bench = Bench::with(|config| {
        config.capacities = Capacities { services: 2, backends: 2, ..config.capacities };
    })
    .unwrap();
    bench.add(&SERVER).unwrap();
    bench.perform(&pod_ops(&[(PORT, rule(7, true))])).unwrap();
    let service = |number: u16| {
        let address = IpAddr::from([10, 96, 0, 1]).into();
        let key = ServiceKey { address, port: number, protocol: 6, pad: 0 };
        let value = ServiceValue { backends: number.into(), count: 1, affinity_seconds: 0 };
        let backend = BackendKey { backends: number.into(), index: 0 };
        let at = BackendValue { address, port: number, pad: 0 };
        [Op::Backend { key: backend, value: at }, Op::Service { key, value }]
    };
    bench.perform(&[service(1), service(2)].concat()).unwrap();
    assert!(bench.perform(&service(3)).is_err(), "both tables are full");
    let has = bench.instance().config().capacities;
    let beyond = has.endpoints + 5;
    let sets = abi::Sets::live(77, 0).unwrap();
    let new =
        Op::Endpoint { endpoint: beyond, record: abi::Endpoint { sets, ..Default::default() } };
    assert!(bench.perform(std::slice::from_ref(&new)).is_err());
    assert!(passes(&mut bench, PORT, tcp::SYN));
    let before = bench.instance().observe().unwrap();
    let wanted = Capacities { services: 64, backends: 64, endpoints: has.endpoints * 2, ..has };
    assert!(bench.grow(&wanted).unwrap());
    assert_eq!(bench.instance().observe().unwrap(), before);
    assert!(passes(&mut bench, PORT, tcp::ACK), "its connection is still known");
    assert!(!passes(&mut bench, DENIED, tcp::SYN));
    bench.perform(&[&service(3)[..], &[new]].concat()).unwrap();
    let again = Instance::open(&Config { capacities: has, ..bench.instance().config().clone() });
    let again = again.unwrap();
    assert_eq!(again.config().capacities, wanted);
    let after = again.observe().unwrap();
    assert_eq!((after.services.len(), after.backends.len()), (3, 3));
    assert_eq!(after.endpoints[&beyond].sets, sets);
}

/// More connections than these tests make.
fn enough_connections(config: &mut Config) {
    let (established, established_share) = (4096, 4096);
    config.capacities = Capacities { established, established_share, ..config.capacities };
}

#[test]
fn connections_live_on_in_a_larger_table_and_those_that_are_made_meanwhile_do_too() {
    if !available() {
        return;
    }
    let name = format!("grow-live-{}", std::process::id());
    let mut net = Net::with(&name, &pod_ops(&[(PORT, rule(7, true))]), enough_connections);
    let (mut idle, mut idle_server) = net.connection(SERVER.ipv4.unwrap().into(), PORT);
    net::exchange(&mut idle, &mut idle_server);
    let (mut busy, mut busy_server) = net.connection(SERVER.ipv4.unwrap().into(), PORT);
    let over = Arc::new(AtomicBool::new(false));
    let flood = flood(&net, &over);
    let victim = SocketAddr::from((SERVER.ipv4.unwrap(), DENIED));
    let victim = net.server.run(move || UdpSocket::bind(victim).unwrap()).unwrap();
    victim.set_nonblocking(true).unwrap();
    let talk = {
        let over = Arc::clone(&over);
        thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                net::exchange(&mut busy, &mut busy_server);
            }
        })
    };
    let growing = {
        let (config, over) = (net.instance.config().clone(), Arc::clone(&over));
        move || {
            let mut instance = Instance::open(&config).unwrap();
            for step in 1..=4 {
                let wanted = config.capacities.with_established(4096 << step);
                assert!(instance.grow(&wanted).unwrap());
            }
            over.store(true, Ordering::Relaxed);
        }
    };
    let (mut made, mut opened) = (Vec::new(), 0);
    thread::scope(|scope| {
        let node = &net.node;
        let grown = scope.spawn(move || node.run(growing).unwrap());
        while !over.load(Ordering::Relaxed) {
            assert!(!grown.is_finished() || over.load(Ordering::Relaxed), "it did not grow");
            let (mut one, mut other) = net.connection(SERVER.ipv4.unwrap().into(), PORT);
            (0..20).for_each(|_| net::exchange(&mut one, &mut other));
            opened += 1;
            if opened % 8 == 0 {
                made.push((one, other));
            }
        }
    });
    talk.join().unwrap();
    assert!(flood.join().unwrap() > 100);
    assert!(victim.recv(&mut [0]).is_err(), "a denied datagram arrived");
    println!("{opened} connections were opened while the table grew four times");
    assert!(made.len() > 4, "{opened}");
    net.instance = Instance::open(net.instance.config()).unwrap();
    let capacities = net.instance.config().capacities;
    assert_eq!((capacities.established, capacities.established_share), (65_536, 65_536));
    for (one, other) in made.iter_mut().chain([&mut (idle, idle_server)]) {
        net::exchange(one, other);
    }
    let denied = net.told().into_iter().filter(|event| event.kind == EventKind::Denied as u8);
    let wrongly: Vec<_> = denied.filter(|event| event.destination_port != DENIED).collect();
    assert!(wrongly.is_empty(), "{wrongly:?}");
    // Nothing was refused a place: who came while the table was exchanged got his later.
    let counters = net.instance.counters().unwrap();
    assert_eq!((counters.share_full, counters.established_full), (0, 0));
    let known = net.instance.connections().unwrap();
    for (one, _) in &made {
        let port = one.local_addr().unwrap().port();
        assert!(known.iter().any(|(key, _)| key.local_port == port), "{port} is established");
    }
}

#[test]
fn what_a_growth_that_was_cut_off_held_back_is_let_go_by_whoever_comes_next() {
    if !available() {
        return;
    }
    let name = format!("grow-cut-{}", std::process::id());
    let net = Net::with(&name, &pod_ops(&[(PORT, rule(7, true))]), enough_connections);
    // As a process that is killed in the middle leaves it.
    let path = net.instance.config().pin_dir.join(format!("v{}/maps/held", abi::VERSION));
    let map = aya::maps::MapData::from_pin(path).unwrap();
    let mut held: aya::maps::Array<_, u64> = aya::maps::Map::Array(map).try_into().unwrap();
    held.set(CLIENT.endpoint, &((1 << 40) + 3), 0).unwrap();
    let config = net.instance.config().clone();
    assert_eq!(net.instance.established(CLIENT.endpoint).unwrap(), 3);
    let (mut one, mut other) = net.connection(SERVER.ipv4.unwrap().into(), PORT);
    net::exchange(&mut one, &mut other);
    let is_known = |instance: &Instance| {
        let known = instance.connections().unwrap();
        known.iter().any(|(key, _)| u32::from(key.endpoint) == CLIENT.endpoint)
    };
    assert!(!is_known(&net.instance), "it waits where it began");
    assert_eq!(net.instance.counters().unwrap().share_full, 0);
    let again = net.node.run(move || Instance::open(&config).unwrap()).unwrap();
    net::exchange(&mut one, &mut other);
    assert!(is_known(&again));
}

#[test]
fn a_growth_that_was_cut_off_is_forgotten() {
    if !available() {
        return;
    }
    let bench = Bench::with(tight).unwrap();
    let config = bench.instance().config().clone();
    let left: PathBuf = config.pin_dir.join(format!("v{}/maps-larger", abi::VERSION));
    std::fs::create_dir(&left).unwrap();
    let again = Instance::open(&config).unwrap();
    assert!(!left.exists());
    assert_eq!(again.observe().unwrap(), bench.instance().observe().unwrap());
}

/// Datagrams to a port that is denied, as fast as they go.
fn flood(net: &Net, over: &Arc<AtomicBool>) -> thread::JoinHandle<u64> {
    let (over, to) = (Arc::clone(over), SocketAddr::from((SERVER.ipv4.unwrap(), DENIED)));
    let socket = net.client.run(|| UdpSocket::bind("0.0.0.0:0").unwrap()).unwrap();
    thread::spawn(move || {
        let mut sent = 0;
        while !over.load(Ordering::Relaxed) {
            sent += u64::from(socket.send_to(b"x", to).is_ok());
        }
        sent
    })
}

#[test]
fn packets_notice_nothing_of_a_table_that_grows_under_them() {
    if !available() {
        return;
    }
    let name = format!("grow-{}", std::process::id());
    let net = Net::with(&name, &pod_ops(&[(PORT, rule(7, true))]), tight);
    let victim = SocketAddr::from((SERVER.ipv4.unwrap(), DENIED));
    let victim = net.server.run(move || UdpSocket::bind(victim).unwrap()).unwrap();
    victim.set_nonblocking(true).unwrap();
    let (mut client, mut server) = net.connection(SERVER.ipv4.unwrap().into(), PORT);
    let (over, exchanges) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let flood = flood(&net, &over);
    let talk = {
        let (over, exchanges) = (Arc::clone(&over), Arc::clone(&exchanges));
        thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                net::exchange(&mut client, &mut server);
                exchanges.fetch_add(1, Ordering::Relaxed);
            }
            client.write_all(b"z").unwrap();
            server.read_exact(&mut [0]).unwrap();
        })
    };
    let config = net.instance.config().clone();
    for step in 1..=4 {
        let (config, before) = (config.clone(), exchanges.load(Ordering::Relaxed));
        let grown = net.node.run(move || {
            let mut instance = Instance::open(&config).unwrap();
            let has = instance.config().capacities;
            let wanted = Capacities { rows: 64 << step, cells: 64 << step, ..has };
            let grown = instance.grow(&wanted).unwrap();
            instance.perform(&[one_more(step)]).unwrap();
            grown
        });
        assert!(grown.unwrap());
        while exchanges.load(Ordering::Relaxed) < before + 20 {
            assert!(!talk.is_finished(), "the connection ended");
            thread::yield_now();
        }
    }
    over.store(true, Ordering::Relaxed);
    talk.join().unwrap();
    let sent = flood.join().unwrap();
    assert!(sent > 100, "{sent}");
    assert!(victim.recv(&mut [0]).is_err(), "a denied datagram arrived");
}
