//! Datagrams: questions from sockets that live as long as their pods, and answers.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::rc::Rc;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use tokio::net::UdpSocket;

use crate::message::{Message, SIZE};
use crate::netns::Netns;
use crate::policies::PORTS;
use crate::traffic::{Drawn, Site, Traffic};

/// How many sockets of a pod ask.
const ASKING: usize = 2;
/// How much a socket may hold; with less, a busy machine would look like a drop.
const BUFFER: usize = 4 << 20;

/// The sockets of one pod.
pub(crate) struct Sockets {
    serving: Vec<UdpSocket>,
    asking: Vec<UdpSocket>,
}

impl Sockets {
    /// Opens them in a namespace.
    pub(crate) fn open(netns: &Netns) -> io::Result<Self> {
        let bind = |port: u16| netns.within(|| bind(port));
        let register = |socket: Socket| UdpSocket::from_std(socket.into());
        let serving = PORTS.into_iter().map(|port| register(bind(port)?));
        let asking = (0..ASKING).map(|_| register(bind(0)?));
        Ok(Self {
            serving: serving.collect::<Result<_, _>>()?,
            asking: asking.collect::<Result<_, _>>()?,
        })
    }
}

/// A socket for both families.
fn bind(port: u16) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV6, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_only_v6(false)?;
    socket.set_nonblocking(true)?;
    socket.set_recv_buffer_size(BUFFER)?;
    socket.bind(&SockAddr::from(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))))?;
    Ok(socket)
}

/// Reads and answers for as long as the pod lives.
pub(crate) fn serve(traffic: &Rc<Traffic>, site: &Rc<Site>) {
    for (at, is_serving) in
        (0..PORTS.len()).map(|at| (at, true)).chain((0..ASKING).map(|at| (at, false)))
    {
        let (traffic, weak) = (Rc::clone(traffic), Rc::downgrade(site));
        let task = tokio::task::spawn_local(async move {
            while let Some(site) = weak.upgrade() {
                let Some(socket) = socket(&site, at, is_serving) else { return };
                if socket.readable().await.is_err() {
                    return;
                }
                read(&traffic, &site, socket);
            }
        });
        site.owns(task.abort_handle());
    }
}

/// Reads whatever has arrived anywhere.
pub(crate) fn read_all(traffic: &Traffic) {
    traffic.each(|site| {
        site.udp
            .serving
            .iter()
            .chain(&site.udp.asking)
            .for_each(|socket| read(traffic, site, socket));
    });
}

fn socket(site: &Site, at: usize, is_serving: bool) -> Option<&UdpSocket> {
    if is_serving { site.udp.serving.get(at) } else { site.udp.asking.get(at) }
}

/// Reads until there is nothing. What goes wrong here (an error that a peer's end left) is no news.
fn read(traffic: &Traffic, site: &Site, socket: &UdpSocket) {
    let mut octets = [0; SIZE];
    loop {
        match socket.try_recv_from(&mut octets) {
            Ok((size, from)) => {
                let Some(message) = octets.get(..size).and_then(Message::decode) else { continue };
                let now = traffic.shared.now();
                traffic.shared.ledger().arrived(&message, site.pod.life, now);
                if !message.is_reply {
                    answer(traffic, site, socket, &message, from);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Err(_) => {}
        }
    }
}

fn answer(traffic: &Traffic, site: &Site, socket: &UdpSocket, question: &Message, to: SocketAddr) {
    let message =
        Message { is_reply: true, responder: site.pod.life, asked: question.sent, ..*question };
    send(traffic, socket, message, to);
}

/// Sends a question.
pub(crate) fn ask(traffic: &Traffic, drawn: &Drawn) {
    let Drawn { opener, responder, port, address } = drawn;
    let Some(socket) = opener.udp.asking.get(traffic.below(ASKING)) else { return };
    let Some(number) = PORTS.get(*port) else { return };
    let message = Message {
        id: 0,
        is_reply: false,
        opener: opener.pod.life,
        responder: responder.life,
        port: u8::try_from(*port).unwrap_or(u8::MAX),
        sent: 0,
        asked: 0,
    };
    let mapped = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => *address,
    };
    send(traffic, socket, message, (mapped, *number).into());
}

fn send(traffic: &Traffic, socket: &UdpSocket, message: Message, to: SocketAddr) {
    let mut ledger = traffic.shared.ledger();
    let sent = traffic.shared.now();
    let asked = if message.is_reply { message.asked } else { sent };
    let message = Message { id: ledger.number(), sent, asked, ..message };
    ledger.sent(message);
    drop(ledger);
    if socket.try_send_to(&message.encode(), to).is_err() {
        traffic.shared.ledger().unsent(message.id);
    }
}
