//! Sockets as probes and listeners need them.
//!
//! Both are opened here, so that a protocol says only which kind it wants.

use std::io;
use std::net::IpAddr;

use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::RcvBufForce;
use socket2::{Domain, Protocol, Socket, Type};

/// Octets that a listener may have waiting: probes come in bursts, and the kernel answers for a full
/// raw socket as if nobody listened.
const LISTENER_BUFFER: usize = 16 << 20;

/// As [`open`], with room for a burst.
///
/// # Errors
/// Where the system refuses.
pub(super) fn open_listener(
    address: IpAddr,
    kind: Type,
    protocol: Option<Protocol>,
) -> io::Result<Socket> {
    let socket = open(address, kind, protocol)?;
    setsockopt(&socket, RcvBufForce, &LISTENER_BUFFER)?;
    Ok(socket)
}

/// A non-blocking socket of the family of `address`.
///
/// # Errors
/// Where the system refuses.
pub(super) fn open(address: IpAddr, kind: Type, protocol: Option<Protocol>) -> io::Result<Socket> {
    let domain = if address.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    let socket = Socket::new(domain, kind, protocol)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
