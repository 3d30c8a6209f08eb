//! Connections that a change cut while they are silent: their sockets are ended, so that both ends
//! hear of it, and nobody else's are.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod net;
mod world;

use std::{
    io::{ErrorKind, Read},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket},
};

use abi::{ConnectionKey, Sets};
use datapath::{OpenSocket, SocketsError, end_sockets};
use model::Protocol;
use net::{Net, PATIENCE};
use ringfence_kernel::{Namespace, available};
use world::{SERVER, SET, pod_ops, rule};

const CUT: u16 = 8080;
const KEPT: u16 = 8081;

/// Ends sockets in a pod, or says aloud that this kernel cannot.
fn end_in(
    pod: &Namespace,
    protocol: Protocol,
    is_doomed: impl Fn(&OpenSocket) -> bool + Send + 'static,
) -> Option<Vec<OpenSocket>> {
    match pod.run(move || end_sockets(protocol, is_doomed)).unwrap() {
        Err(error @ SocketsError::Unsupported) => {
            eprintln!("SKIPPED: {error}");
            None
        }
        ended => Some(ended.unwrap()),
    }
}

/// A listener that stays, and a connection to it.
fn connection(net: &Net, to: SocketAddr) -> (TcpListener, TcpStream, TcpStream) {
    let listener = net::listen(&net.server, to);
    let client = net.client.run(move || TcpStream::connect_timeout(&to, PATIENCE).unwrap());
    let (mut client, mut server) = (client.unwrap(), listener.accept().unwrap().0);
    [&client, &server].into_iter().for_each(net::patient);
    net::exchange(&mut client, &mut server);
    (listener, client, server)
}

/// What the table at hand cuts of the connections of this address's family.
fn cut(net: &Net, address: IpAddr) -> Vec<ConnectionKey> {
    let family = if address.is_ipv4() { 4 } else { 6 };
    let image = net.instance.observe().unwrap();
    let connections = net.instance.connections().unwrap();
    let cut = connections.iter().filter(|(key, connection)| {
        plan::is_cut(&image, |address| net::NODE.contains(&address.into()), (key, connection))
    });
    cut.map(|(key, _)| *key).filter(|key| key.family == family).collect()
}

#[test]
fn both_ends_of_a_silent_connection_hear_that_it_was_cut_and_other_sockets_stay() {
    if !available() {
        return;
    }
    let ports = |cut| pod_ops(&[(CUT, rule(7, cut)), (KEPT, rule(8, true))]);
    let net = Net::new("silent", &ports(true));
    for (generation, address) in (2..).step_by(2).zip(addresses()) {
        let (listener, mut client, mut server) = connection(&net, SocketAddr::from((address, CUT)));
        let (_kept, mut client_kept, mut server_kept) =
            connection(&net, SocketAddr::from((address, KEPT)));
        assert_eq!(cut(&net, address), [], "nothing has changed");
        net.instance.perform(&ports(false)).unwrap();
        net.flip(SERVER.endpoint, Sets::live(SET, 0).unwrap(), generation);
        let cut = cut(&net, address);
        let [of_server] = cut.as_slice() else { panic!("{cut:?}") };
        assert_eq!((u32::from(of_server.endpoint), of_server.local_port), (SERVER.endpoint, CUT));
        let remote = SocketAddr::from((IpAddr::from(of_server.remote), of_server.remote_port));
        let Some(ended) = end_in(&net.server, Protocol::Tcp, move |socket| socket.remote == remote)
        else {
            return;
        };
        assert_eq!(ended.len(), 1, "{ended:?}");
        let heard = server.read(&mut [0]).unwrap_err().kind();
        assert_eq!(heard, ErrorKind::ConnectionAborted);
        assert!(net::is_reset(&mut client), "the hooks let the reset through");
        net::exchange(&mut client_kept, &mut server_kept);
        net.instance.perform(&ports(true)).unwrap();
        net.flip(SERVER.endpoint, Sets::live(SET, 0).unwrap(), generation + 1);
        let to = SocketAddr::from((address, CUT));
        let again = net.client.run(move || TcpStream::connect_timeout(&to, PATIENCE)).unwrap();
        assert!(again.is_ok() && listener.accept().is_ok(), "the listener was left alone");
    }
}

fn addresses() -> [IpAddr; 2] {
    [SERVER.ipv4.unwrap().into(), SERVER.ipv6.unwrap().into()]
}

#[test]
fn a_connected_datagram_socket_is_ended_by_its_cookie_and_its_neighbour_stays() {
    if !available() {
        return;
    }
    let net = Net::new("silent-udp", &pod_ops(&[(CUT, rule(7, true))]));
    for address in addresses() {
        let to = SocketAddr::from((address, CUT));
        let connect = move || {
            let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
            let socket = UdpSocket::bind(any).unwrap();
            socket.connect(to).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            socket
        };
        let [doomed, spared] = [(); 2].map(|()| net.client.run(connect).unwrap());
        let port = doomed.local_addr().unwrap().port();
        let cookie = cookie(&doomed);
        let Some(ended) = end_in(&net.client, Protocol::Udp, move |socket| socket.cookie == cookie)
        else {
            return;
        };
        let found: Vec<(u16, SocketAddr)> =
            ended.iter().map(|socket| (socket.local.port(), socket.remote)).collect();
        assert_eq!(found, [(port, to)]);
        let heard = doomed.recv(&mut [0]).unwrap_err().kind();
        assert_eq!(heard, ErrorKind::ConnectionAborted);
        spared.send(b"x").unwrap();
    }
}

fn cookie(socket: &UdpSocket) -> u64 {
    socket2::SockRef::from(socket).cookie().unwrap()
}
