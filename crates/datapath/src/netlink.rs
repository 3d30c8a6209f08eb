//! A conversation with the kernel in the calling thread's network namespace.
//!
//! One question at a time: what is heard until the kernel has said everything is its answer.

use std::io;

use netlink_packet_core::{
    NLM_F_REQUEST, NetlinkDeserializable, NetlinkHeader, NetlinkMessage, NetlinkPayload,
    NetlinkSerializable,
};
use netlink_sys::{Socket, SocketAddr};

/// A socket and what was heard on it but not read yet.
pub(crate) struct Conversation {
    socket: Socket,
    heard: Vec<u8>,
}

impl Conversation {
    pub(crate) fn open(protocol: isize) -> io::Result<Self> {
        let socket = Socket::new(protocol)?;
        socket.connect(&SocketAddr::new(0, 0))?;
        Ok(Self { socket, heard: Vec::new() })
    }

    /// Asks. A `kind` is given where the library would give the message another.
    pub(crate) fn say<M: NetlinkSerializable>(
        &mut self,
        flags: u16,
        body: impl Into<NetlinkPayload<M>>,
        kind: Option<u16>,
    ) -> io::Result<()> {
        let mut message = NetlinkMessage::new(NetlinkHeader::default(), body.into());
        message.header.flags = NLM_F_REQUEST | flags;
        message.finalize();
        message.header.message_type = kind.unwrap_or(message.header.message_type);
        let mut octets = vec![0; message.buffer_len()];
        message.serialize(&mut octets);
        self.heard.clear();
        self.socket.send(&octets, 0).map(drop)
    }

    /// The next thing that the kernel says, until it has said everything. A message may be about
    /// nothing that matters here.
    #[expect(clippy::wildcard_enum_match_arm, reason = "a foreign type that may grow")]
    pub(crate) fn next<M: NetlinkDeserializable>(&mut self) -> io::Result<Option<Option<M>>> {
        if self.heard.is_empty() {
            self.heard = self.socket.recv_from_full()?.0;
        }
        let message = NetlinkMessage::<M>::deserialize(&self.heard).map_err(io::Error::other)?;
        let length = (message.header.length as usize).max(1).next_multiple_of(4);
        self.heard.drain(..length.min(self.heard.len()));
        match message.payload {
            NetlinkPayload::InnerMessage(found) => Ok(Some(Some(found))),
            NetlinkPayload::Done(_) => Ok(None),
            NetlinkPayload::Error(error) => match error.code {
                None => Ok(None),
                Some(_) => Err(error.to_io()),
            },
            _ => Ok(Some(None)),
        }
    }
}
