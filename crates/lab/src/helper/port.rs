//! Source ports in turn, so that no two probes of a lab look like one flow.
//!
//! The kernel would choose at random, and a port that comes again while the datapath still
//! remembers its flow would be a probe without an event.

use std::cell::Cell;
use std::io;
use std::net::{IpAddr, SocketAddr};

use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::RcvBufForce;
use socket2::{Domain, Protocol, Socket, Type};

/// The first source port and how many follow it.
const FIRST: u16 = 20_000;
const COUNT: u16 = 40_000;
/// How many taken ports in a row are believable.
const ATTEMPTS: u16 = 1_000;

/// A counter that wraps after 40,000 probes.
#[derive(Debug, Default)]
pub(super) struct SourcePorts {
    next: Cell<u16>,
}

impl SourcePorts {
    /// The next port, free or not.
    pub(super) fn next(&self) -> u16 {
        let offset = self.next.get();
        self.next.set((offset + 1) % COUNT);
        FIRST + offset
    }

    /// A socket bound to `source` and the next free port, and that port.
    ///
    /// # Errors
    /// Where the system refuses for another reason than a taken port.
    pub(super) fn bind(
        &self,
        source: IpAddr,
        kind: Type,
        protocol: Option<Protocol>,
    ) -> io::Result<(Socket, u16)> {
        let socket = open(source, kind, protocol)?;
        for _ in 0..ATTEMPTS {
            let port = self.next();
            match socket.bind(&SocketAddr::new(source, port).into()) {
                Ok(()) => return Ok((socket, port)),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_come_in_turn_and_wrap() {
        let ports = SourcePorts::default();
        assert_eq!([ports.next(), ports.next()], [20_000, 20_001]);
        ports.next.set(COUNT - 1);
        assert_eq!([ports.next(), ports.next()], [59_999, 20_000]);
    }
}
