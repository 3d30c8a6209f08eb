//! As much of SCTP as a probe needs: INIT, INIT ACK and ABORT, with their checksum.
//!
//! The kernel may lack SCTP, but policies name it, so its packets are made by hand on raw sockets.
//! Format: RFC 9260, sections 3.1, 3.3.2, 3.3.3 and 3.3.7.

/// One SCTP packet with a single chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) source_port: u16,
    pub(crate) destination_port: u16,
    /// The verification tag: 0 for INIT, else the tag that the receiver chose.
    pub(crate) tag: u32,
    pub(crate) chunk: Chunk,
}

/// The chunks that a probe meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chunk {
    /// Opens an association; the sender's tag.
    Init { tag: u32 },
    /// Answers; the sender's tag and a state cookie, here the name of who answers.
    InitAck { tag: u32, cookie: Vec<u8> },
    /// Ends it.
    Abort,
}

/// Why bytes are not a packet that a probe understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PacketError {
    /// Shorter than what it announces.
    Short,
    /// The checksum is not that of the content.
    Checksum,
    /// A chunk that no probe sends.
    Chunk(u8),
}

const INIT: u8 = 1;
const INIT_ACK: u8 = 2;
const ABORT: u8 = 6;
/// Receive window, outbound and inbound streams, initial sequence number of an INIT.
const WINDOW: u32 = 65_536;
const STREAMS: u16 = 1;
const STATE_COOKIE: u16 = 7;
const CHECKSUM: std::ops::Range<usize> = 8..12;

impl Packet {
    /// The bytes, checksum included.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64);
        bytes.extend(self.source_port.to_be_bytes());
        bytes.extend(self.destination_port.to_be_bytes());
        bytes.extend(self.tag.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend(self.chunk.encode());
        let sum = crc32c::crc32c(&bytes).to_le_bytes();
        if let Some(field) = bytes.get_mut(CHECKSUM) {
            field.copy_from_slice(&sum);
        }
        bytes
    }

    /// Reads a packet.
    ///
    /// # Errors
    /// Where it is cut short, its checksum is wrong, or its first chunk is none of a probe's.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, PacketError> {
        let sum = bytes.get(CHECKSUM).ok_or(PacketError::Short)?;
        let mut cleared = bytes.to_vec();
        if let Some(field) = cleared.get_mut(CHECKSUM) {
            field.fill(0);
        }
        if crc32c::crc32c(&cleared).to_le_bytes() != sum {
            return Err(PacketError::Checksum);
        }
        Ok(Self {
            source_port: u16_at(bytes, 0)?,
            destination_port: u16_at(bytes, 2)?,
            tag: u32_at(bytes, 4)?,
            chunk: Chunk::decode(bytes.get(12..).ok_or(PacketError::Short)?)?,
        })
    }
}

impl Chunk {
    fn encode(&self) -> Vec<u8> {
        let (kind, body) = match self {
            Self::Init { tag } => (INIT, initiation(*tag)),
            Self::InitAck { tag, cookie } => {
                let mut body = initiation(*tag);
                body.extend(STATE_COOKIE.to_be_bytes());
                body.extend(length(4 + cookie.len()));
                body.extend(cookie);
                (INIT_ACK, body)
            }
            Self::Abort => (ABORT, Vec::new()),
        };
        let mut bytes = vec![kind, 0];
        bytes.extend(length(4 + body.len()));
        bytes.extend(body);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Self, PacketError> {
        match *bytes.first().ok_or(PacketError::Short)? {
            INIT => Ok(Self::Init { tag: u32_at(bytes, 4)? }),
            INIT_ACK => Ok(Self::InitAck { tag: u32_at(bytes, 4)?, cookie: cookie(bytes)? }),
            ABORT => Ok(Self::Abort),
            other => Err(PacketError::Chunk(other)),
        }
    }
}

fn initiation(tag: u32) -> Vec<u8> {
    let mut body = tag.to_be_bytes().to_vec();
    body.extend(WINDOW.to_be_bytes());
    body.extend(STREAMS.to_be_bytes());
    body.extend(STREAMS.to_be_bytes());
    body.extend(tag.to_be_bytes());
    body
}

/// The state cookie, if it is the first parameter after the 20 bytes of an INIT ACK.
fn cookie(chunk: &[u8]) -> Result<Vec<u8>, PacketError> {
    let length = usize::from(u16_at(chunk, 22)?);
    Ok(chunk.get(24..20 + length).ok_or(PacketError::Short)?.to_vec())
}

fn length(bytes: usize) -> [u8; 2] {
    u16::try_from(bytes).unwrap_or(u16::MAX).to_be_bytes()
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, PacketError> {
    let field = bytes.get(at..at + 2).and_then(|field| field.try_into().ok());
    field.map(u16::from_be_bytes).ok_or(PacketError::Short)
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, PacketError> {
    let field = bytes.get(at..at + 4).and_then(|field| field.try_into().ok());
    field.map(u32::from_be_bytes).ok_or(PacketError::Short)
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a failing test may crash")]
mod tests {
    use super::*;

    fn packet(chunk: Chunk) -> Packet {
        Packet { source_port: 40_000, destination_port: 3868, tag: 0, chunk }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let chunks = [
            Chunk::Init { tag: 0x0102_0304 },
            Chunk::InitAck { tag: 5, cookie: b"shop/api-0".to_vec() },
            Chunk::InitAck { tag: 6, cookie: b"a/b".to_vec() },
            Chunk::Abort,
        ];
        for chunk in chunks {
            let packet = packet(chunk);
            assert_eq!(Packet::decode(&packet.encode()), Ok(packet.clone()));
            assert_eq!(packet.encode().len() % 4, 0);
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let bytes = packet(Chunk::Init { tag: 9 }).encode();
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 1;
            assert_eq!(Packet::decode(&broken), Err(PacketError::Checksum), "byte {at}");
        }
    }

    #[test]
    fn what_is_cut_short_is_refused() {
        let bytes = packet(Chunk::InitAck { tag: 9, cookie: b"name".to_vec() }).encode();
        for end in 0..bytes.len() {
            assert!(Packet::decode(&bytes[..end]).is_err(), "{end} bytes");
        }
    }
}
