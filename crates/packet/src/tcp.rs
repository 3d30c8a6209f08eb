//! TCP (RFC 9293 section 3.1).
//!
//! Flags say what a segment wants. Those that no TCP sends together were made to be read in one way
//! here and in another at the receiver.

use crate::{
    Refusal, Role,
    transport::{Place, Transport},
};

/// Octets of the header without options.
pub(crate) const SIZE: usize = 20;
const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;

pub(crate) fn read(place: &Place<'_>) -> Result<Transport, Refusal> {
    let _: [u8; SIZE] = place.octets.array(place.at)?;
    let [words, flags] = place.octets.array(place.at + 12)?;
    let size = usize::from(words >> 4) * 4;
    if size < SIZE || size > place.room() {
        return Err(Refusal::TcpLength);
    }
    Ok(Transport {
        source_port: place.octets.u16(place.at)?,
        destination_port: place.octets.u16(place.at + 2)?,
        role: role(flags)?,
        closes: flags & (FIN | RST) != 0,
        r#type: 0,
    })
}

/// Section 3.10.7: a segment is a reset, opens with SYN, answers with SYN and ACK, or acknowledges;
/// nothing else is ever sent.
fn role(flags: u8) -> Result<Role, Refusal> {
    let has = |flag| flags & flag != 0;
    match (has(SYN), has(RST), has(ACK)) {
        (true, true, _) => Err(Refusal::TcpFlags),
        (true, false, _) if has(FIN) => Err(Refusal::TcpFlags),
        (true, false, false) => Ok(Role::Open),
        (true, false, true) => Ok(Role::Answer),
        (false, true, _) => Ok(Role::Reset),
        (false, false, true) => Ok(Role::Middle),
        (false, false, false) => Err(Refusal::TcpFlags),
    }
}
