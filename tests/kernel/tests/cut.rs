//! Cutting on real packets: both ends of a connection that may no longer be are told (ruling N25).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod net;
mod world;

use std::{
    io::{ErrorKind, Read, Write},
    net::{IpAddr, SocketAddr},
};

use abi::{Cell, EventKind, Sets, verdict_code};
use model::Builtin;
use net::{Net, exchange, is_reset};
use ringfence_kernel::{
    Namespace, available,
    packet::{ETHERNET_SIZE, checksum, protocol, tcp},
};
use socket2::{Domain, Protocol, Socket, Type};
use world::{CLIENT, SERVER, SET, pod_ops, rule};

const PORT: u16 = 8080;
/// A set without a row: it allows nothing.
const CLOSED: u32 = 6;
/// As in the programs; the control below fails where it is not.
const RESET_MARK: u32 = 0x52f1_7c05;

fn families() -> [IpAddr; 2] {
    [SERVER.ipv4.unwrap().into(), SERVER.ipv6.unwrap().into()]
}

/// Opens a connection, changes sets, sends this much from one end: whether both ends were reset.
fn cut(net: &Net, address: IpAddr, change: (u32, Sets), from_client: bool, octets: usize) -> bool {
    let (mut client, mut server) = net.connection(address, PORT);
    exchange(&mut client, &mut server);
    net.flip(change.0, change.1, 2);
    let (sender, receiver) =
        if from_client { (&mut client, &mut server) } else { (&mut server, &mut client) };
    // A long payload meets its own reset; an error is told once.
    let written = sender.write_all(&vec![7; octets]);
    let told = written.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset);
    if !(told || is_reset(sender)) || !is_reset(receiver) {
        return false;
    }
    net.flip(1, Sets::live(0, 0).unwrap(), 3);
    net.flip(2, Sets::live(SET, 0).unwrap(), 3);
    true
}

#[test]
fn both_ends_are_reset_whichever_end_is_denied_and_whichever_sends_next() {
    if !available() {
        return;
    }
    let mut net = Net::new("cut", &pod_ops(&[(PORT, rule(7, true))]));
    let of_server = (2, Sets::live(CLOSED, 0).unwrap());
    let of_client = (1, Sets::live(0, CLOSED).unwrap());
    let mut cuts = 0;
    for address in families() {
        for change in [of_server, of_client] {
            for from_client in [true, false] {
                for octets in [1, 100_000] {
                    let case = (address, change, from_client, octets);
                    assert!(cut(&net, address, change, from_client, octets), "{case:?}");
                    cuts += 1;
                }
            }
        }
    }
    assert_eq!(net.instance.counters().unwrap().cut, cuts);
    let told = net.told();
    let told = told.iter().filter(|event| event.kind == EventKind::Cut as u8);
    assert_eq!(told.count() as u64, cuts, "our own resets are no packets of the connection");
}

#[test]
fn a_connection_that_may_still_be_lives_through_a_change() {
    if !available() {
        return;
    }
    let net = Net::new("uncut", &pod_ops(&[(PORT, rule(7, true))]));
    for address in families() {
        let (mut client, mut server) = net.connection(address, PORT);
        exchange(&mut client, &mut server);
        net.flip(1, Sets::live(CLOSED, 0).unwrap(), 2);
        net.flip(2, Sets::live(SET, CLOSED).unwrap(), 2);
        exchange(&mut client, &mut server);
        exchange(&mut server, &mut client);
    }
}

#[test]
fn a_denial_that_keeps_what_exists_resets_nobody() {
    if !available() {
        return;
    }
    let net = Net::new("keep", &pod_ops(&[(PORT, rule(7, true))]));
    let keeping = Cell { verdict: verdict_code::DENY_KEEP, ..rule(8, false) };
    for (at, address) in (0..).zip(families()) {
        let (mut client, mut server) = net.connection(address, PORT);
        exchange(&mut client, &mut server);
        net.instance.perform(&pod_ops(&[(PORT, keeping)])).unwrap();
        net.flip(2, Sets::live(SET, 0).unwrap(), 2 + at);
        exchange(&mut client, &mut server);
        exchange(&mut server, &mut client);
        net.instance.perform(&pod_ops(&[(PORT, rule(7, true))])).unwrap();
    }
}

/// Sends a bare reset of no connection with this mark.
fn send_reset(from: &Namespace, mark: u32) {
    let to = SocketAddr::from((SERVER.ipv4.unwrap(), 0));
    from.run(move || {
        let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::TCP)).unwrap();
        socket.set_mark(mark).unwrap();
        let header = [0, 9, 31, 144, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 4, 0, 0, 0, 0, 0, 0];
        socket.send_to(&header, &to.into()).unwrap();
    })
    .unwrap();
}

#[test]
fn a_pod_cannot_pass_its_packets_off_as_our_resets() {
    if !available() {
        return;
    }
    let mut net = Net::new("forged", &pod_ops(&[(PORT, rule(7, true))]));
    net.instance.set_node_addresses(&["10.0.0.254".parse().unwrap()]).unwrap();
    // The control: where the mark arrives, it is known.
    send_reset(&net.node, RESET_MARK);
    assert_eq!(net.told(), []);
    send_reset(&net.node, 0);
    let denied = (EventKind::Denied as u8, Builtin::NoSyn.code());
    let told = |net: &mut Net| -> Vec<_> {
        net.told().iter().map(|event| (event.endpoint, (event.kind, event.reason))).collect()
    };
    assert_eq!(told(&mut net), [(SERVER.endpoint, denied)]);
    send_reset(&net.client, RESET_MARK);
    assert_eq!(told(&mut net), [(CLIENT.endpoint, denied)], "the mark does not leave the pod");
}

/// Everything that arrives in a namespace, as it is on the wire.
fn tap(pod: &Namespace) -> Socket {
    const EVERYTHING: u16 = 3;
    let protocol = Protocol::from(i32::from(EVERYTHING.to_be()));
    let socket = pod.run(move || Socket::new(Domain::PACKET, Type::RAW, Some(protocol)).unwrap());
    let socket = socket.unwrap();
    socket.set_read_timeout(Some(net::PATIENCE)).unwrap();
    socket
}

/// The first reset among what a tap saw: its network header and what follows.
fn captured_reset(mut tap: Socket, header: usize) -> (Vec<u8>, Vec<u8>) {
    let mut frame = [0; 2048];
    loop {
        let length = tap.read(&mut frame).unwrap();
        let packet = &frame[ETHERNET_SIZE..length];
        let protocol = packet[if header == 20 { 9 } else { 6 }];
        if protocol == protocol::TCP && packet[header + 13] & tcp::RST != 0 {
            let (network, transport) = packet.split_at(header);
            return (network.to_vec(), transport.to_vec());
        }
    }
}

#[test]
fn a_checksum_that_a_device_would_complete_is_left_for_it_to_complete() {
    if !available() {
        return;
    }
    let net = Net::new("partial", &pod_ops(&[(PORT, rule(7, true))]));
    for (address, header, length) in [(families()[0], 20, 8), (families()[1], 40, 32)] {
        let (mut client, mut server) = net.connection(address, PORT);
        exchange(&mut client, &mut server);
        let taps = [tap(&net.client), tap(&net.server)];
        net.flip(2, Sets::live(CLOSED, 0).unwrap(), 2);
        client.write_all(b"x").unwrap();
        for tap in taps {
            let (network, transport) = captured_reset(tap, header);
            let addresses = &network[header - length..];
            let pseudo = [addresses, &[0, 20, 0, protocol::TCP]].concat();
            // The sum over what is not in the segment, which is where a device begins.
            assert_eq!(transport[16..18], (!checksum(&pseudo)).to_be_bytes());
        }
        net.flip(2, Sets::live(SET, 0).unwrap(), 3);
    }
}
