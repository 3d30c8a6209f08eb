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
    net::{IpAddr, SocketAddr, UdpSocket},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use abi::{RowKey, RowValue};
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
    config.capacities = Capacities { peers: 4, prefixes: 2, rows: 2, cells: 6, ..capacities };
}

fn one_more(row: u32) -> Op {
    Op::Row { key: RowKey { set: 77, class: row }, value: RowValue { base: 0, width: 3 } }
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
    assert!(passes(&mut bench, PORT, tcp::SYN));
    assert!(bench.perform(&[one_more(3)]).is_err(), "the table is full");
    let before = bench.instance().observe().unwrap();

    let same = bench.instance().config().capacities;
    assert!(!bench.grow(&same).unwrap(), "nothing to do");
    assert!(
        bench.grow(&Capacities { rows: 64, cells: 100, peers: 9, prefixes: 9, ..same }).unwrap()
    );
    assert_eq!(bench.instance().observe().unwrap(), before);
    bench.perform(&(3..30).map(one_more).collect::<Vec<_>>()).unwrap();
    assert!(passes(&mut bench, PORT, tcp::ACK), "its connection is still known");
    assert!(!passes(&mut bench, DENIED, tcp::SYN));
    // Whoever comes later finds what has grown, whatever he was told.
    let config = Config { capacities: same, ..bench.instance().config().clone() };
    let again = Instance::open(&config).unwrap();
    assert_eq!(again.config().capacities.rows, 64);
    assert_eq!(again.observe().unwrap().rows.len(), before.rows.len() + 27);
}

#[test]
fn what_is_no_table_of_policies_does_not_grow_and_nothing_shrinks() {
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
