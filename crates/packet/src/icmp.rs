//! ICMP (RFC 792), and what both families' messages have in common.
//!
//! An echo is a connection named by its identifier. An error belongs to the connection that it
//! quotes, and the one that says how large a packet may be always gets through (RFC 1191).

use crate::{
    Refusal, Role,
    octets::Octets,
    transport::{Place, Transport},
};

/// Type, code, checksum and a word that depends on the type.
pub(crate) const SIZE: usize = 8;

/// The fields of a message, wherever it stands.
pub(crate) struct Message {
    pub(crate) r#type: u8,
    pub(crate) code: u8,
    identifier: u16,
}

impl Message {
    /// The message at `at`.
    pub(crate) fn read(octets: Octets<'_>, at: usize) -> Result<Self, Refusal> {
        let _: [u8; SIZE] = octets.array(at)?;
        let [r#type, code] = octets.array(at)?;
        Ok(Self { r#type, code, identifier: octets.u16(at + 4)? })
    }

    /// The message as what it means; only echoes have an identifier.
    pub(crate) fn transport(&self, role: Role) -> Transport {
        let is_echo = role == Role::Open || role == Role::Answer;
        Transport {
            source_port: if is_echo { self.identifier } else { 0 },
            role,
            r#type: self.r#type,
            ..Transport::default()
        }
    }
}

pub(crate) fn read(place: &Place<'_>) -> Result<Transport, Refusal> {
    let message = Message::read(place.octets, place.at)?;
    Ok(message.transport(role(&message)))
}

/// What a message means. RFC 792: 0 and 8 are echoes; 3, 11 and 12 report that a packet did not
/// arrive, and code 4 of 3 why not: it was too large.
pub(crate) fn role(message: &Message) -> Role {
    match (message.r#type, message.code) {
        (8, _) => Role::Open,
        (0, _) => Role::Answer,
        (3, 4) => Role::PathMtu,
        (3 | 11 | 12, _) => Role::Error,
        _ => Role::Any,
    }
}
