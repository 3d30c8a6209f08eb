//! Connections: some that last as long as their pods, some that come and go.
//!
//! A turn is a message there and the same one back. What is lost is sent again by the kernel, so a
//! turn fails only where the connection does.

use std::io;
use std::net::{Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::spawn_local;
use tokio::time::timeout;

use crate::clock::{Nanoseconds, nanoseconds, pass};
use crate::ledger::Way;
use crate::message::{Message, SIZE};
use crate::netns::Netns;
use crate::policies::PORTS;
use crate::traffic::{Drawn, Site, Traffic};

/// How long an attempt may take; the kernel would send its first packet again a second later.
const CONNECT: Duration = Duration::from_millis(900);
/// How long a turn may take.
const TURN: Duration = Duration::from_secs(4);
/// Longer than this takes only what was sent twice, or a machine that is not ours alone.
const SLOW: Duration = Duration::from_millis(190);
/// Turns of a connection that comes and goes.
const SHORT_TURNS: usize = 3;
/// Between connections, and between turns, at most.
const PAUSE_MS: usize = 60;
const BACKLOG: i32 = 256;

/// Listeners for all ports in a namespace.
pub(crate) fn listeners(netns: &Netns) -> io::Result<Vec<TcpListener>> {
    let listen = |port: u16| {
        let socket = netns.within(|| {
            let socket = stream()?;
            socket.set_reuse_address(true)?;
            socket.bind(&SockAddr::from(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))))?;
            socket.listen(BACKLOG)?;
            Ok(socket)
        })?;
        TcpListener::from_std(socket.into())
    };
    PORTS.into_iter().map(listen).collect()
}

fn stream() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV6, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_only_v6(false)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Accepts and answers for as long as the pod lives.
pub(crate) fn serve(traffic: &Rc<Traffic>, site: &Rc<Site>, listeners: Vec<TcpListener>) {
    for listener in listeners {
        let (traffic, weak, life) = (Rc::clone(traffic), Rc::downgrade(site), site.pod.life);
        let task = spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Some(site) = weak.upgrade() else { return };
                let task = spawn_local(echo(Rc::clone(&traffic), stream, life));
                site.owns(task.abort_handle());
            }
        });
        site.owns(task.abort_handle());
    }
}

async fn echo(traffic: Rc<Traffic>, mut stream: TcpStream, life: u32) {
    let mut octets = [0; SIZE];
    while stream.read_exact(&mut octets).await.is_ok() {
        let Some(message) = Message::decode(&octets) else { return };
        let now = traffic.shared.now();
        let Message { opener, port, asked, .. } = message;
        let way = Way { opener, responder: life, port, is_reply: false, opened: Some(asked) };
        traffic.shared.ledger().looked_at(way, message.sent, now);
        if stream.write_all(&octets).await.is_err() {
            return;
        }
    }
}

/// Keeps one connection there, between pods that are drawn each time.
pub(crate) async fn open_again_and_again(traffic: Rc<Traffic>, is_long: bool) {
    loop {
        pause(&traffic).await;
        let Some(drawn) = traffic.draw(false) else { continue };
        let opener = Rc::downgrade(&drawn.opener);
        let task = spawn_local(connection(Rc::clone(&traffic), drawn, is_long));
        match opener.upgrade() {
            Some(site) => site.owns(task.abort_handle()),
            None => task.abort(),
        }
        // It ends by itself or with its pod.
        drop(task.await);
    }
}

async fn pause(traffic: &Traffic) {
    let milliseconds = 1 + traffic.below(PAUSE_MS);
    pass(Duration::from_millis(u64::try_from(milliseconds).unwrap_or(1))).await;
}

async fn connection(traffic: Rc<Traffic>, drawn: Drawn, is_long: bool) {
    let begun = traffic.shared.now();
    let way = Way {
        opener: drawn.opener.pod.life,
        responder: drawn.responder.life,
        port: u8::try_from(drawn.port).unwrap_or(u8::MAX),
        is_reply: false,
        opened: Some(begun),
    };
    traffic.shared.ledger().tried();
    let connected = timeout(CONNECT, connect(&drawn)).await;
    let now = traffic.shared.now();
    // A later answer may be that of whoever has the address by then to a packet that was sent again.
    let in_time = now - begun < nanoseconds(CONNECT);
    let Some(stream) = connected.ok().and_then(Result::ok).filter(|_| in_time) else {
        drop(traffic.shared.ledger().missing(way, begun, now));
        return;
    };
    traffic.shared.ledger().delivered(way, begun, now);
    turns(&traffic, way, stream, is_long).await;
}

async fn connect(drawn: &Drawn) -> io::Result<TcpStream> {
    let port = PORTS.get(drawn.port).copied().unwrap_or(0);
    let family = if drawn.address.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    let socket = drawn.opener.netns.within(|| {
        let socket = Socket::new(family, Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        Ok(socket)
    })?;
    TcpSocket::from_std_stream(socket.into()).connect((drawn.address, port).into()).await
}

/// Turns until it has had enough or one fails. The connection may have been cut at any time since
/// the last that did not.
async fn turns(traffic: &Traffic, way: Way, mut stream: TcpStream, is_long: bool) {
    let (mut well_at, mut left) = (traffic.shared.now(), SHORT_TURNS);
    while is_long || left > 0 {
        left = left.saturating_sub(1);
        pause(traffic).await;
        let (id, sent) = question(traffic);
        let Way { opener, responder, port, opened, .. } = way;
        let asked = opened.unwrap_or(sent);
        let message = Message { id, is_reply: false, opener, responder, port, sent, asked };
        let answered = timeout(TURN, turn(&mut stream, &message)).await;
        let now = traffic.shared.now();
        let mut ledger = traffic.shared.ledger();
        match answered {
            Ok(Ok(())) => {
                ledger.delivered(Way { is_reply: true, ..way }, sent, now);
                if now - sent > nanoseconds(SLOW) {
                    ledger.slow();
                }
                well_at = now;
            }
            Ok(Err(_)) | Err(_) => {
                let back = Way { is_reply: true, ..way };
                drop(ledger.missing(back, well_at, now));
                return;
            }
        }
    }
}

fn question(traffic: &Traffic) -> (u64, Nanoseconds) {
    let mut ledger = traffic.shared.ledger();
    ledger.tried();
    (ledger.number(), traffic.shared.now())
}

async fn turn(stream: &mut TcpStream, message: &Message) -> io::Result<()> {
    let mut octets = [0; SIZE];
    stream.write_all(&message.encode()).await?;
    stream.read_exact(&mut octets).await?;
    match Message::decode(&octets) == Some(*message) {
        true => Ok(()),
        false => Err(io::ErrorKind::InvalidData.into()),
    }
}
