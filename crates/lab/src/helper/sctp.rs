//! SCTP by hand on raw sockets: a listener that answers INIT, and a client that sends one.
//!
//! Raw sockets are held as UDP sockets of the standard library: the calls are the same, and a raw
//! socket's "port" is always 0.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};

use socket2::{Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::task::spawn_local;

use crate::helper::port;
use crate::helper::probe::{Attempt, ask_until};
use crate::sctp::{Chunk, Packet};

const SCTP: i32 = 132;
const PACKET_MAX: usize = 2_048;
/// The tag that listeners choose; nobody checks it afterwards.
const LISTENER_TAG: u32 = 0x5246_5246;

/// Answers INITs for the ports in `names` in the background. Other ports stay silent: another
/// container of the pod may own them.
///
/// # Errors
/// Where the address cannot be had or raw sockets are not allowed.
pub(super) fn listen(address: IpAddr, names: BTreeMap<u16, String>) -> io::Result<()> {
    let socket = raw(address, port::open_listener)?;
    spawn_local(async move {
        let mut buffer = [0; PACKET_MAX];
        loop {
            let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
            let packet = Packet::decode(payload(address, buffer.get(..length).unwrap_or_default()));
            let Ok(Packet { source_port, destination_port, chunk: Chunk::Init { tag }, .. }) =
                packet
            else {
                continue;
            };
            let Some(name) = names.get(&destination_port) else { continue };
            let cookie = name.as_bytes().to_vec();
            let answer = Packet {
                source_port: destination_port,
                destination_port: source_port,
                tag,
                chunk: Chunk::InitAck { tag: LISTENER_TAG, cookie },
            };
            drop(socket.send_to(&answer.encode(), SocketAddr::new(from.ip(), 0)).await);
        }
    });
    Ok(())
}

/// Opens an association, reads from the cookie who is there, and aborts it.
///
/// # Errors
/// Where the system cannot send, or an ABORT or an ICMP error came back.
pub(super) async fn reach(attempt: &Attempt<'_>) -> io::Result<String> {
    let source = attempt.source();
    let socket = raw(source, port::open)?;
    socket.connect(SocketAddr::new(attempt.destination().ip(), 0)).await?;
    let ours = attempt.source_port();
    let theirs = attempt.destination().port();
    let packet = |tag, chunk| Packet { source_port: ours, destination_port: theirs, tag, chunk };
    let tag = attempt.tag();
    let init = packet(0, Chunk::Init { tag }).encode();
    let (peer, name) = ask_until(&socket, &init, |bytes| {
        let heard = Packet::decode(payload(source, bytes)).ok()?;
        let is_answer =
            heard.source_port == theirs && heard.destination_port == ours && heard.tag == tag;
        match heard.chunk {
            Chunk::InitAck { tag: peer, cookie } if is_answer => Some(Ok((peer, cookie))),
            Chunk::Abort if is_answer => Some(Err(io::ErrorKind::ConnectionRefused.into())),
            Chunk::Init { .. } | Chunk::InitAck { .. } | Chunk::Abort => None,
        }
    })
    .await?;
    socket.send(&packet(peer, Chunk::Abort).encode()).await?;
    Ok(String::from_utf8_lossy(&name).into_owned())
}

fn raw(
    address: IpAddr,
    open: impl Fn(IpAddr, Type, Option<Protocol>) -> io::Result<Socket>,
) -> io::Result<UdpSocket> {
    let socket = open(address, Type::RAW, Some(Protocol::from(SCTP)))?;
    socket.bind(&SocketAddr::new(address, 0).into())?;
    UdpSocket::from_std(socket.into())
}

/// A raw IPv4 socket hands out the IP header too, a raw IPv6 one does not.
fn payload(address: IpAddr, packet: &[u8]) -> &[u8] {
    let header = match (address, packet.first()) {
        (IpAddr::V4(_), Some(first)) => usize::from(first & 0x0f) * 4,
        (IpAddr::V4(_), None) | (IpAddr::V6(_), _) => 0,
    };
    packet.get(header..).unwrap_or_default()
}
