//! UDP (RFC 768).
//!
//! Every datagram may open a connection, so only its ports and its length are of interest.

use crate::{
    Refusal,
    network::LENGTH_MAX,
    transport::{Place, Transport},
};

const SIZE: usize = 8;

pub(crate) fn read(place: &Place<'_>) -> Result<Transport, Refusal> {
    let _: [u8; SIZE] = place.octets.array(place.at)?;
    let length = usize::from(place.octets.u16(place.at + 4)?);
    if !is_true(length, place) {
        return Err(Refusal::UdpLength);
    }
    Ok(Transport {
        source_port: place.octets.u16(place.at)?,
        destination_port: place.octets.u16(place.at + 2)?,
        ..Transport::default()
    })
}

/// Whether there can be `length` octets of header and payload. A first fragment's payload goes on
/// elsewhere. RFC 2675 section 4: what is too long for the field says 0.
fn is_true(length: usize, place: &Place<'_>) -> bool {
    if length == 0 {
        return place.room() > LENGTH_MAX;
    }
    length >= SIZE && (place.is_cut || length <= place.room())
}
