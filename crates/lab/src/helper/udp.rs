//! UDP: a listener that sends back what it got and its name, and a client that checks both.
//!
//! An answer repeats the question, so that a late one is not taken for another's.

use std::io;
use std::net::SocketAddr;

use socket2::Type;
use tokio::net::UdpSocket;
use tokio::task::spawn_local;

use crate::helper::port;
use crate::helper::probe::{Attempt, ask_until};
use crate::message::Listener;

const DATAGRAM_MAX: usize = 512;

/// Listens and answers in the background.
///
/// # Errors
/// Where the address or port cannot be had.
pub(super) fn listen(listener: &Listener) -> io::Result<()> {
    let socket = port::open_listener(listener.address, Type::DGRAM, None)?;
    socket.bind(&SocketAddr::new(listener.address, listener.port).into())?;
    let socket = UdpSocket::from_std(socket.into())?;
    let name = listener.name.clone();
    spawn_local(async move {
        let mut question = [0; DATAGRAM_MAX];
        loop {
            // An error here is an earlier answer that was refused; the next question still counts.
            let Ok((length, from)) = socket.recv_from(&mut question).await else { continue };
            let mut answer = question.get(..length).map(<[u8]>::to_vec).unwrap_or_default();
            answer.extend(name.as_bytes());
            drop(socket.send_to(&answer, from).await);
        }
    });
    Ok(())
}

/// Asks and reads who is there.
///
/// # Errors
/// Where the port is refused or the system cannot send.
pub(super) async fn reach(attempt: &Attempt<'_>) -> io::Result<String> {
    let socket = UdpSocket::from_std(attempt.bind(Type::DGRAM, None)?.into())?;
    socket.connect(attempt.destination()).await?;
    let question = attempt.nonce();
    ask_until(&socket, &question, |answer| {
        let name = answer.strip_prefix(&question)?;
        Some(Ok(String::from_utf8_lossy(name).into_owned()))
    })
    .await
}
