//! Ending sockets of the calling thread's network namespace, so that both ends of a connection learn
//! that it may no longer be although neither sends.
//!
//! A socket is named by its cookie. By its addresses alone the kernel would find a listener where
//! the connection has just gone, and end that.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use model::Protocol;
use netlink_packet_core::{NLM_F_ACK, NLM_F_DUMP};
use netlink_packet_sock_diag::{
    SOCK_DESTROY, SOCK_DIAG_BY_FAMILY, SockDiagMessage,
    constants::{AF_INET, AF_INET6},
    inet::{ExtensionFlags, InetRequest, InetResponse, SocketId, StateFlags},
};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use thiserror::Error;

use crate::netlink::Conversation;

/// A socket that talks to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenSocket {
    /// Its own end. An IPv4 address is one on a socket of IPv6 too.
    pub local: SocketAddr,
    /// The other end.
    pub remote: SocketAddr,
    /// The kernel's name for it.
    pub cookie: u64,
}

/// Sockets could not be found or ended.
#[derive(Debug, Error)]
pub enum SocketsError {
    /// This kernel cannot end sockets.
    #[error("the kernel cannot end sockets (CONFIG_INET_DIAG_DESTROY)")]
    Unsupported,
    /// The kernel could not be asked.
    #[error("cannot ask the kernel about sockets")]
    Ask(#[source] io::Error),
    /// The kernel refused to list sockets.
    #[error("cannot list the sockets")]
    List(#[source] io::Error),
    /// The kernel refused to end one.
    #[error("cannot end the socket {} to {}", socket.local, socket.remote)]
    End {
        /// Which.
        socket: Box<OpenSocket>,
        /// Why not.
        source: io::Error,
    },
}

/// Ends every socket of TCP or UDP that is connected and of which `is_doomed` holds. Who reads from
/// it hears that the connection was aborted; the other end of a TCP connection is sent a reset.
/// Returns those that were ended.
///
/// # Errors
/// Where the kernel cannot list or end sockets; those before are ended.
pub fn end_sockets(
    protocol: Protocol,
    is_doomed: impl Fn(&OpenSocket) -> bool,
) -> Result<Vec<OpenSocket>, SocketsError> {
    let mut kernel = Kernel::ask()?;
    let mut ended = Vec::new();
    for family in [AF_INET, AF_INET6] {
        for found in kernel.list(family, protocol)? {
            let socket = open_socket(&found);
            if is_doomed(&socket) && kernel.end(family, protocol, found, socket)? {
                ended.push(socket);
            }
        }
    }
    Ok(ended)
}

/// The kernel, asked about sockets.
struct Kernel(Conversation);

impl Kernel {
    fn ask() -> Result<Self, SocketsError> {
        Conversation::open(NETLINK_SOCK_DIAG).map(Self).map_err(SocketsError::Ask)
    }

    fn list(&mut self, family: u8, protocol: Protocol) -> Result<Vec<SocketId>, SocketsError> {
        let any = if family == AF_INET { SocketId::new_v4() } else { SocketId::new_v6() };
        self.say(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, request(family, protocol, any))?;
        let mut found = Vec::new();
        while let Some(socket) = self.next().map_err(SocketsError::List)? {
            found.extend(socket.map(|socket| socket.header.socket_id));
        }
        Ok(found)
    }

    /// Returns whether it was still there.
    fn end(
        &mut self,
        family: u8,
        protocol: Protocol,
        id: SocketId,
        socket: OpenSocket,
    ) -> Result<bool, SocketsError> {
        self.say(SOCK_DESTROY, NLM_F_ACK, request(family, protocol, id))?;
        loop {
            match self.next() {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(true),
                Err(error) => {
                    return match error.raw_os_error() {
                        Some(libc::ENOENT | libc::ESTALE) => Ok(false),
                        Some(libc::EOPNOTSUPP) => Err(SocketsError::Unsupported),
                        Some(_) | None => {
                            Err(SocketsError::End { socket: Box::new(socket), source: error })
                        }
                    };
                }
            }
        }
    }

    /// The library knows requests that list, not those that end, so the kind is given.
    fn say(&mut self, kind: u16, flags: u16, request: InetRequest) -> Result<(), SocketsError> {
        let body = SockDiagMessage::InetRequest(request);
        self.0.say(flags, body, Some(kind)).map_err(SocketsError::Ask)
    }

    /// The next thing that the kernel says, see [`Conversation::next`].
    fn next(&mut self) -> io::Result<Option<Option<Box<InetResponse>>>> {
        let heard = self.0.next()?;
        Ok(heard.map(|message| match message {
            Some(SockDiagMessage::InetResponse(found)) => Some(found),
            _ => None,
        }))
    }
}

fn request(family: u8, protocol: Protocol, socket_id: SocketId) -> InetRequest {
    InetRequest {
        family,
        protocol: protocol.number(),
        extensions: ExtensionFlags::empty(),
        states: StateFlags::all() - StateFlags::LISTEN - StateFlags::TIME_WAIT,
        socket_id,
    }
}

fn open_socket(id: &SocketId) -> OpenSocket {
    let end = |address: IpAddr, port| SocketAddr::new(address.to_canonical(), port);
    OpenSocket {
        local: end(id.source_address, id.source_port),
        remote: end(id.destination_address, id.destination_port),
        // Two words, the low one first, as the kernel copies them.
        cookie: u64::from_ne_bytes(id.cookie),
    }
}
