//! Echo: a client only, for the kernel of whoever is reached answers.
//!
//! Ping sockets need no packet of our own making; the echo identifier is the socket's port.

use std::io;

use socket2::{Protocol, Type};
use tokio::net::UdpSocket;

use crate::helper::probe::{Attempt, ask_until};

/// Code and checksum are zero (the kernel fills the latter), identifier the kernel's, sequence 1.
const REQUEST_V4: [u8; 8] = [8, 0, 0, 0, 0, 0, 0, 1];
const REQUEST_V6: [u8; 8] = [128, 0, 0, 0, 0, 0, 0, 1];
const REPLY_V4: u8 = 0;
const REPLY_V6: u8 = 129;

/// Sends an echo request and waits for its reply, which names nobody but an address.
///
/// # Errors
/// Where the system cannot send, or an ICMP error came back.
pub(super) async fn reach(attempt: &Attempt<'_>) -> io::Result<String> {
    let (protocol, request, reply) = match attempt.destination().is_ipv4() {
        true => (Protocol::ICMPV4, REQUEST_V4, REPLY_V4),
        false => (Protocol::ICMPV6, REQUEST_V6, REPLY_V6),
    };
    let socket = attempt.bind(Type::DGRAM, Some(protocol))?;
    let socket = UdpSocket::from_std(socket.into())?;
    socket.connect(attempt.destination()).await?;
    let request: Vec<u8> = request.into_iter().chain(attempt.nonce()).collect();
    ask_until(&socket, &request, |answer| {
        let is_ours = answer.first() == Some(&reply) && answer.ends_with(&attempt.nonce());
        is_ours.then(|| Ok(attempt.destination().ip().to_string()))
    })
    .await
}
