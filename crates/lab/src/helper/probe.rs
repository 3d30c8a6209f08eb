//! One probe: try, wait, and say what happened.
//!
//! The lab chooses the source port, because a probe that nobody answers must still be found among
//! the kernel's events.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use socket2::{Protocol, Socket, Type};
use tokio::net::UdpSocket;

use crate::helper::{echo, port, sctp, tcp, udp};
use crate::message::{Answer, Ask, Carrier, Outcome};

/// A probe under way.
pub(super) struct Attempt<'a> {
    ask: &'a Ask,
}

impl Attempt<'_> {
    pub(super) fn source(&self) -> IpAddr {
        self.ask.source
    }

    pub(super) fn destination(&self) -> SocketAddr {
        SocketAddr::new(self.ask.destination, self.ask.port)
    }

    /// Bytes that only this probe's answer repeats.
    pub(super) fn nonce(&self) -> [u8; 8] {
        self.ask.id.to_be_bytes()
    }

    /// A verification tag that only this probe uses, and never 0.
    pub(super) fn tag(&self) -> u32 {
        let [.., a, b, c, d] = self.ask.id.to_be_bytes();
        u32::from_be_bytes([a, b, c, d]) | 0x8000_0000
    }

    /// A socket on the source address and port.
    pub(super) fn bind(&self, kind: Type, protocol: Option<Protocol>) -> io::Result<Socket> {
        let socket = port::open(self.ask.source, kind, protocol)?;
        // What an earlier round of probes left behind does not hold the port.
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddr::new(self.ask.source, self.ask.source_port).into())?;
        Ok(socket)
    }

    /// The source port, for a socket that has none of its own.
    pub(super) fn source_port(&self) -> u16 {
        self.ask.source_port
    }
}

/// How long to wait before a datagram is sent again: a full queue of a busy machine loses some,
/// and only a policy may decide.
const RESEND: Duration = Duration::from_millis(200);

/// Sends `question` again and again until an answer satisfies `read`.
///
/// # Errors
/// Where the system cannot send, or an ICMP error came back.
pub(super) async fn ask_until<T>(
    socket: &UdpSocket,
    question: &[u8],
    read: impl Fn(&[u8]) -> Option<io::Result<T>>,
) -> io::Result<T> {
    let mut answer = [0; 2_048];
    loop {
        socket.send(question).await?;
        let hear = async {
            loop {
                let length = socket.recv(&mut answer).await?;
                if let Some(found) = answer.get(..length).and_then(&read) {
                    return found;
                }
            }
        };
        if let Ok(heard) = tokio::time::timeout(RESEND, hear).await {
            return heard;
        }
    }
}

/// Carries out `ask`.
pub(super) async fn probe(ask: &Ask) -> Answer {
    let started = Instant::now();
    let attempt = Attempt { ask };
    let limit = Duration::from_millis(u64::from(ask.timeout_ms));
    let reached = tokio::time::timeout(limit, reach(&attempt)).await;
    let elapsed_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    let outcome = reached.map_or(Outcome::Timeout, outcome);
    Answer { id: ask.id, outcome, elapsed_us }
}

async fn reach(attempt: &Attempt<'_>) -> io::Result<String> {
    match attempt.ask.carrier {
        Carrier::Tcp => tcp::reach(attempt).await,
        Carrier::Udp => udp::reach(attempt).await,
        Carrier::Sctp => sctp::reach(attempt).await,
        Carrier::Echo => echo::reach(attempt).await,
    }
}

fn outcome(reached: io::Result<String>) -> Outcome {
    match reached {
        Ok(by) => Outcome::Reached { by },
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Outcome::Refused,
        Err(error) if is_forbidden(&error) => Outcome::Forbidden,
        Err(error) => Outcome::Error { message: error.to_string() },
    }
}

/// EPERM, which the hooks at the socket answer with; EACCES has other reasons.
fn is_forbidden(error: &io::Error) -> bool {
    error.raw_os_error() == Some(nix::errno::Errno::EPERM as i32)
}
