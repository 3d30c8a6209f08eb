//! TCP: a listener that says its name, and a client that hears it.
//!
//! The name comes over the connection, so a probe that succeeded has carried data both ways.

use std::io;
use std::net::SocketAddr;

use socket2::Type;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::spawn_local;

use crate::helper::port;
use crate::helper::probe::Attempt;
use crate::message::Listener;

const BACKLOG: i32 = 1_024;

/// Listens and answers in the background.
///
/// # Errors
/// Where the address or port cannot be had.
pub(super) fn listen(listener: &Listener) -> io::Result<()> {
    let socket = port::open(listener.address, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::new(listener.address, listener.port).into())?;
    socket.listen(BACKLOG)?;
    let socket = TcpListener::from_std(socket.into())?;
    let name = listener.name.clone();
    spawn_local(async move {
        while let Ok((stream, _)) = socket.accept().await {
            spawn_local(greet(stream, name.clone()));
        }
    });
    Ok(())
}

/// Waits for the client to close first, which leaves the listener's port without remains.
async fn greet(mut stream: TcpStream, name: String) -> io::Result<()> {
    stream.write_all(name.as_bytes()).await?;
    stream.shutdown().await?;
    stream.read_to_end(&mut Vec::new()).await?;
    Ok(())
}

/// Connects and reads who is there.
///
/// # Errors
/// Where the connection is refused or breaks.
pub(super) async fn reach(attempt: &Attempt<'_>) -> io::Result<String> {
    let socket = attempt.bind(Type::STREAM, None)?;
    let socket = TcpSocket::from_std_stream(socket.into());
    let mut stream = socket.connect(attempt.destination()).await?;
    let mut name = String::new();
    stream.read_to_string(&mut name).await?;
    Ok(name)
}
