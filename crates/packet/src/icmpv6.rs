//! ICMPv6 (RFC 4443), which carries neighbour discovery (RFC 4861) and multicast listener discovery
//! (RFC 2710, RFC 3810) as well.
//!
//! Without these two no IPv6 address works, so they are told apart from all other messages; and
//! what counts as neighbour discovery must have come from this link.

use crate::{
    Refusal, Role,
    icmp::Message,
    transport::{Place, Transport},
};

/// What a router would have made less (RFC 4861 sections 6.1 and 7.1).
const NEVER_FORWARDED: u8 = 255;

pub(crate) fn read(place: &Place<'_>) -> Result<Transport, Refusal> {
    let message = Message::read(place.octets, place.at)?;
    let role = role(&message, place.hop_limit);
    // RFC 6980: its options could be hidden in a part that nobody looks at.
    if role == Role::Neighbour && place.is_cut {
        return Err(Refusal::Neighbour);
    }
    Ok(message.transport(role))
}

pub(crate) fn role(message: &Message, hop_limit: u8) -> Role {
    match message.r#type {
        128 => Role::Open,
        129 => Role::Answer,
        2 => Role::PathMtu,
        1 | 3 | 4 => Role::Error,
        130..=132 | 143 => Role::Membership,
        133..=137 if hop_limit == NEVER_FORWARDED => Role::Neighbour,
        _ => Role::Any,
    }
}
