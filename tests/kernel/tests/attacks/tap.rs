//! A packet socket: everything that reaches a network namespace, as it is on the wire.

use std::io::{ErrorKind, Read};

use ringfence_kernel::Namespace;
use socket2::{Domain, Protocol, Socket, Type};

const EVERYTHING: u16 = 3;
const OCTETS_MAX: usize = 65_536;
const BUFFER: usize = 8 << 20;

pub(crate) struct Tap(Socket);

impl Tap {
    pub(crate) fn open(namespace: &Namespace) -> Self {
        let protocol = Protocol::from(i32::from(EVERYTHING.to_be()));
        let open = move || Socket::new(Domain::PACKET, Type::RAW, Some(protocol)).unwrap();
        let socket = namespace.run(open).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket.set_recv_buffer_size(BUFFER).unwrap();
        Self(socket)
    }

    /// The next frame that is there already.
    pub(crate) fn next(&mut self) -> Option<Vec<u8>> {
        let mut frame = vec![0; OCTETS_MAX];
        match self.0.read(&mut frame) {
            Ok(length) => {
                frame.truncate(length);
                Some(frame)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// What is there already and nobody asked for.
    pub(crate) fn drain(&mut self) {
        while self.next().is_some() {}
    }

    /// Whether one of the frames that are there is this one.
    pub(crate) fn saw(&mut self, frame: &[u8]) -> bool {
        std::iter::from_fn(|| self.next()).any(|seen| seen == frame)
    }
}
