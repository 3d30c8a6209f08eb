//! A flood of openings from as many sources: established connections work through it, nothing else
//! becomes one, and what is remembered of it is bounded.
//!
//! `RINGFENCE_FLOOD` says how many sources; the whole run is a million.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    os::fd::AsRawFd,
    thread,
    time::Instant,
};

use abi::{RowKey, RowValue};
use model::Builtin;
use nix::sys::socket::{MsgFlags, sendto};
use plan::Op;
use ringfence_kernel::{available, long_after, packet::tcp as flag};
use socket2::{Domain, Socket, Type};

use crate::{
    net::{PATIENCE as CONNECTING, exchange, listen},
    scene::{By, Fate, PATIENCE, PORT, STRANGER, Scene, VICTIM, addresses, frame, tcp},
    world::{CLIENT, SET},
};

const SOURCES: u32 = 200_000;
/// Far fewer than there are sources.
const HALF: u32 = 16_384;
const EACH_FAMILY: u64 = 4;
/// The class of everybody, whom this victim lets in as it does the client.
const EVERYBODY: u32 = 2;
const COLUMNS: u32 = 3;

fn sources() -> u32 {
    std::env::var("RINGFENCE_FLOOD").map_or(SOURCES, |sources| sources.parse().unwrap())
}

/// The opening of this source, of which there are as many as there are numbers; every fourth is IPv6.
fn opening(source: u32, flags: u8) -> Vec<u8> {
    let family = usize::from(source % 4 == 3);
    let address: IpAddr = match family {
        0 => Ipv4Addr::from(0x6440_0000 + source).into(),
        _ => Ipv6Addr::from((0x2001_0db8_0007_u128 << 80) + u128::from(source)).into(),
    };
    frame(
        STRANGER.mac,
        address,
        addresses(&VICTIM)[family],
        tcp(1024 + source as u16 % 60_000, PORT, flags),
    )
}

/// Sends all openings out of this namespace's `eth0`.
fn flood(sources: u32) {
    let interfaces = nix::ifaddrs::getifaddrs().unwrap();
    let mut named = interfaces.filter(|one| one.interface_name == "eth0");
    let link = named.find_map(|one| one.address?.as_link_addr().copied()).unwrap();
    let socket = Socket::new(Domain::PACKET, Type::RAW, None).unwrap();
    for source in 0..sources {
        let frame = opening(source, flag::SYN);
        sendto(socket.as_raw_fd(), &frame, &link, MsgFlags::empty()).unwrap();
    }
}

fn scene() -> Scene {
    let everybody = Op::Row {
        key: RowKey { set: SET, class: EVERYBODY },
        value: RowValue { base: 0, width: COLUMNS },
    };
    let scene = Scene::with("flood", &[everybody], |config| config.capacities.half = HALF);
    // The victim answers all of them.
    scene.net.server.ip("route add default via 10.0.0.254").unwrap();
    scene.net.server.ip("route add default via fd00::fe").unwrap();
    scene
}

/// Connections of the client, both ends of each.
fn connections(scene: &Scene) -> Vec<[TcpStream; 2]> {
    let mut connections = Vec::new();
    for address in addresses(&VICTIM) {
        let to = SocketAddr::from((address, PORT));
        let listener = listen(&scene.net.server, to);
        for _ in 0..EACH_FAMILY {
            let connect = move || TcpStream::connect_timeout(&to, CONNECTING).unwrap();
            let mut ends = [scene.net.client.run(connect).unwrap(), listener.accept().unwrap().0];
            for end in &ends {
                end.set_read_timeout(Some(PATIENCE)).unwrap();
                end.set_write_timeout(Some(PATIENCE)).unwrap();
            }
            let [client, server] = &mut ends;
            exchange(client, server);
            connections.push(ends);
        }
    }
    connections
}

fn exchange_all(connections: &mut [[TcpStream; 2]]) {
    for [client, server] in connections {
        exchange(client, server);
        exchange(server, client);
    }
}

#[test]
fn a_flood_of_openings_pushes_out_no_connection_and_opens_none() {
    if !available() {
        return;
    }
    let mut scene = scene();
    let mut connections = connections(&scene);
    let held = |scene: &Scene| {
        [CLIENT, VICTIM].map(|pod| scene.net.instance.established(pod.endpoint).unwrap())
    };
    assert_eq!(held(&scene), [2 * EACH_FAMILY; 2]);
    // A listener that takes whatever would get as far.
    let listener = listen(&scene.net.server, SocketAddr::from((addresses(&VICTIM)[0], PORT)));
    listener.set_nonblocking(true).unwrap();

    let (sources, begun) = (sources(), Instant::now());
    let mut exchanges = 0;
    thread::scope(|scope| {
        let stranger = &scene.stranger;
        let flooding = scope.spawn(move || stranger.run(move || flood(sources)).unwrap());
        while !flooding.is_finished() {
            exchange_all(&mut connections);
            exchanges += 1;
        }
    });
    let took = begun.elapsed();
    exchange_all(&mut connections);
    assert_eq!(held(&scene), [2 * EACH_FAMILY; 2], "nobody came in, nobody was pushed out");
    assert!(listener.accept().is_err(), "nobody has connected");

    // Those in the middle are forgotten: what follows their openings belongs to nothing. Of the very
    // first ones the victim itself reminds us, by answering them again and again.
    for source in sources / 2..sources / 2 + 16 {
        let fate = scene.fate(By::Stranger, &opening(source, flag::ACK));
        assert_eq!(fate, Fate::Refused(VICTIM.endpoint, Builtin::NoSyn), "source {source}");
    }
    let before = scene.net.instance.counters().unwrap();
    let ended = scene.net.instance.collect(long_after().unwrap()).unwrap().len();
    assert!(ended as u32 <= HALF + 4 * EACH_FAMILY as u32, "{ended} are remembered");
    assert_eq!(held(&scene), [0; 2], "and given back");
    println!(
        "flood: {sources} sources in {took:?}, {exchanges} rounds over {} connections meanwhile, \
         {ended} remembered at the end, {} events lost",
        connections.len(),
        before.events_lost
    );
}
