//! SCTP (RFC 9260 section 3): the common header and the first chunk.
//!
//! The first chunk says what the packet wants, since INIT and INIT ACK are never bundled behind
//! another (section 6.10).

use crate::{
    Refusal, Role,
    transport::{Place, Transport},
};

const COMMON: usize = 12;
const CHUNK: usize = 4;
/// Octets of both headers.
pub(crate) const SIZE: usize = COMMON + CHUNK;
const INIT: u8 = 1;
const INIT_ACK: u8 = 2;
const ABORT: u8 = 6;
const SHUTDOWN_COMPLETE: u8 = 14;

pub(crate) fn read(place: &Place<'_>) -> Result<Transport, Refusal> {
    let _: [u8; SIZE] = place.octets.array(place.at)?;
    let kind = place.octets.u8(place.at + COMMON)?;
    let length = usize::from(place.octets.u16(place.at + COMMON + 2)?);
    // Section 3.2: a chunk counts its own header.
    if length < CHUNK || !place.is_cut && COMMON + length > place.room() {
        return Err(Refusal::ChunkLength);
    }
    Ok(Transport {
        source_port: place.octets.u16(place.at)?,
        destination_port: place.octets.u16(place.at + 2)?,
        role: match kind {
            INIT => Role::Open,
            INIT_ACK => Role::Answer,
            _ => Role::Any,
        },
        closes: kind == ABORT || kind == SHUTDOWN_COMPLETE,
        r#type: 0,
    })
}
