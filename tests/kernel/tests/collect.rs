//! Collecting while packets go on: what began anew is not what had expired, and every place of a
//! share comes back exactly once.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod net;
mod world;

use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use abi::Sets;
use datapath::{
    Direction::{Egress, Ingress},
    Instance,
};
use net::Net;
use nix::time::{ClockId, clock_gettime};
use plan::Op;
use ringfence_kernel::{
    Bench, Origin, available,
    packet::{Packet, Payload, tcp},
};
use world::{CLIENT, DEFAULT_DENY, SERVER, SET, ops, pod_ops, rule};

const PORT: u16 = 8080;
/// Long enough for a busy machine to answer in, short enough to wait for.
const LIFETIME: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(30);
/// A set without a row.
const CLOSED: u32 = 6;

fn now_ns() -> u64 {
    let now = Duration::from(clock_gettime(ClockId::CLOCK_MONOTONIC).unwrap());
    now.as_nanos() as u64
}

/// The server lets the client in and may send nothing but replies. Everything expires soon.
fn bench() -> Bench {
    let bench = Bench::with(|config| {
        let lifetimes = &mut config.lifetimes;
        [
            &mut lifetimes.half,
            &mut lifetimes.closing,
            &mut lifetimes.datagram,
            &mut lifetimes.stream,
        ]
        .into_iter()
        .for_each(|lifetime| *lifetime = LIFETIME);
    })
    .unwrap();
    bench.add(&CLIENT).unwrap();
    bench.add(&SERVER).unwrap();
    bench.perform(&ops(&[(PORT, rule(7, true))], rule(DEFAULT_DENY, false))).unwrap();
    let sets = Sets::live(SET, CLOSED).unwrap();
    bench.perform(&[Op::Sets { endpoint: 2, sets }]).unwrap();
    bench
}

/// The client asks or the server answers: whether it passed.
fn sends(bench: &mut Bench, by_client: bool, payload: Payload) -> bool {
    let (client, server): (IpAddr, IpAddr) =
        (CLIENT.ipv4.unwrap().into(), SERVER.ipv4.unwrap().into());
    let (direction, packet) = match by_client {
        true => (Ingress, Packet::new(CLIENT.mac, client, server, payload)),
        false => (Egress, Packet::new(SERVER.mac, server, client, payload)),
    };
    bench.run(direction, 2, Origin::Elsewhere, &packet.build()).unwrap().allowed
}

fn datagram(by_client: bool) -> Payload {
    let (source, destination) = if by_client { (4000, PORT) } else { (PORT, 4000) };
    Payload::Udp { source, destination, data: vec![1] }
}

fn segment(by_client: bool, flags: u8) -> Payload {
    let (source, destination) = if by_client { (4000, PORT) } else { (PORT, 4000) };
    Payload::Tcp { source, destination, flags }
}

/// Each connection as its packets, the client first.
fn connections() -> [Vec<(bool, Payload)>; 3] {
    let handshake = [(true, tcp::SYN), (false, tcp::SYN | tcp::ACK), (true, tcp::ACK)];
    [
        vec![(true, datagram(true)), (false, datagram(false))],
        handshake.map(|(by_client, flags)| (by_client, segment(by_client, flags))).to_vec(),
        // Unanswered: it stays among the half-open.
        vec![(true, datagram(true))],
    ]
}

fn open(bench: &mut Bench, packets: &[(bool, Payload)]) {
    for (by_client, payload) in packets {
        assert!(sends(bench, *by_client, payload.clone()), "{payload:?}");
    }
}

/// Waits until something has expired and says what.
fn expired(instance: &Instance) -> datapath::Expired {
    let begun = Instant::now();
    loop {
        let expired = instance.expired(now_ns()).unwrap();
        if !expired.is_empty() {
            return expired;
        }
        assert!(begun.elapsed() < PATIENCE, "nothing expires");
        thread::yield_now();
    }
}

#[test]
fn what_began_anew_between_the_looking_and_the_ending_lives() {
    if !available() {
        return;
    }
    for packets in connections() {
        let held = u64::from(packets.len() > 1);
        let mut bench = bench();
        open(&mut bench, &packets);
        let looked = expired(bench.instance());
        assert_eq!(looked.len(), 1);
        open(&mut bench, &packets);
        // A machine that stood still meanwhile may have let it expire again, and rightly.
        let begun = Instant::now();
        let ended = bench.instance().end_expired(&looked).unwrap();
        assert_eq!(ended, [], "{packets:?}");
        assert_eq!(bench.instance().established(2).unwrap(), held);
        // The twin: nobody said a word since.
        let looked = expired(bench.instance());
        assert_eq!(bench.instance().end_expired(&looked).unwrap().len(), 1, "{packets:?}");
        assert_eq!(bench.instance().established(2).unwrap(), 0);
        assert!(begun.elapsed() < PATIENCE);
    }
}

#[test]
fn what_is_gone_by_itself_is_ended_by_nobody_and_gives_nothing_back_twice() {
    if !available() {
        return;
    }
    let mut bench = bench();
    let [datagrams, ..] = connections();
    open(&mut bench, &datagrams);
    let looked = expired(bench.instance());
    let again = looked.clone();
    assert_eq!(bench.instance().end_expired(&looked).unwrap().len(), 1);
    assert_eq!(bench.instance().end_expired(&again).unwrap(), []);
    assert_eq!(bench.instance().established(2).unwrap(), 0);
    open(&mut bench, &datagrams);
    assert_eq!(bench.instance().established(2).unwrap(), 1, "and the next one has its place");
}

const FLOWS: u16 = 400;
/// How many connections are to be collected while others are used.
const COLLECTED_MIN: usize = 2_000;
/// Around the age at which the collector takes a connection.
const SILENCES_MS: std::ops::Range<u64> = 1_050..1_150;

/// Asks from this socket: whether both answers come. Only the first one could be let in by the entry
/// that the question has just made; the second needs what the collector must leave alone.
fn asks(socket: &UdpSocket, server: SocketAddr) -> bool {
    socket.send_to(b"?", server).unwrap();
    (0..2).all(|_| socket.recv(&mut [0; 8]).is_ok())
}

#[test]
fn collecting_all_the_time_takes_no_connection_from_under_packets() {
    if !available() {
        return;
    }
    let mut net = Net::with("collect", &pod_ops(&[(PORT, rule(7, true))]), |config| {
        config.lifetimes.datagram = LIFETIME;
        config.lifetimes.half = LIFETIME;
    });
    // Replies alone come in to the client, and go out of the server.
    net.flip(CLIENT.endpoint, Sets::live(CLOSED, 0).unwrap(), 2);
    net.flip(SERVER.endpoint, Sets::live(SET, CLOSED).unwrap(), 2);
    let server = SocketAddr::from((SERVER.ipv4.unwrap(), PORT));
    let listener = net.server.run(move || UdpSocket::bind(server).unwrap()).unwrap();
    listener.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let bind = || UdpSocket::bind((CLIENT.ipv4.unwrap(), 0)).unwrap();
    let sockets: Vec<_> = (0..FLOWS).map(|_| net.client.run(bind).unwrap()).collect();
    sockets.iter().for_each(|socket| socket.set_read_timeout(Some(PATIENCE)).unwrap());

    let (done, collected) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (instance, done, collected) = (&net.instance, &done, &collected);
    thread::scope(|scope| {
        scope.spawn(move || {
            while !done.load(Ordering::Relaxed) {
                let events = instance.collect(now_ns()).unwrap();
                collected.fetch_add(events.len(), Ordering::Relaxed);
            }
        });
        scope.spawn(move || {
            let mut question = [0; 8];
            while !done.load(Ordering::Relaxed) {
                if let Ok((_, asker)) = listener.recv_from(&mut question) {
                    for _ in 0..2 {
                        listener.send_to(b"!", asker).unwrap();
                    }
                }
            }
        });
        let mut answered = Vec::new();
        let mut last = vec![Instant::now(); sockets.len()];
        let begun = Instant::now();
        while collected.load(Ordering::Relaxed) < COLLECTED_MIN && begun.elapsed() < PATIENCE {
            for ((socket, last), silence) in sockets.iter().zip(&mut last).zip(SILENCES_MS.cycle())
            {
                if last.elapsed() >= Duration::from_millis(silence) {
                    answered.push(asks(socket, server));
                    *last = Instant::now();
                }
            }
        }
        done.store(true, Ordering::Relaxed);
        let lost = answered.iter().filter(|answered| !**answered).count();
        assert_eq!(lost, 0, "of {} questions", answered.len());
    });
    let collected = collected.load(Ordering::Relaxed);
    assert!(collected >= COLLECTED_MIN, "only {collected} were collected meanwhile");
    let late = ringfence_kernel::long_after().unwrap();
    net.instance.collect(late).unwrap();
    for pod in [CLIENT, SERVER] {
        assert_eq!(net.instance.established(pod.endpoint).unwrap(), 0, "every place came back");
    }
    assert!(net.told().iter().all(|event| event.protocol != 17 || event.verdict == 1));
}
