//! Packets and what was read of them, as text: octets in hexadecimal, fields by name.
//!
//! The corpus is written in it and a disagreement is told in it, so that one can become the other.

use std::{fmt::Write as _, net::IpAddr};

use packet::{Packet, Refusal, Role};

/// What a parser says of a packet: every field that is not zero, or what is wrong.
#[must_use]
pub fn result(read: Result<Packet, Refusal>) -> String {
    match read {
        Ok(packet) => fields(&packet),
        Err(refusal) => format!("refused: {refusal}"),
    }
}

fn fields(packet: &Packet) -> String {
    let mut words = Vec::new();
    if packet.family != 0 {
        words.push(format!("source={}", IpAddr::from(packet.source)));
        words.push(format!("destination={}", IpAddr::from(packet.destination)));
    }
    let numbers: [(&str, u32); 9] = [
        ("protocol", packet.protocol.into()),
        ("source_port", packet.source_port.into()),
        ("destination_port", packet.destination_port.into()),
        ("type", packet.r#type.into()),
        ("fragment_id", packet.fragment_id),
        ("fragment_offset", packet.fragment_offset.into()),
        ("fragment_end", packet.fragment_end.into()),
        ("offset", packet.offset),
        ("end", packet.end),
    ];
    let present = numbers.iter().filter(|(_, number)| *number != 0);
    words.extend(present.map(|(name, number)| format!("{name}={number}")));
    words.extend(role(packet.role).map(str::to_owned));
    let flags = [
        ("arp", packet.flags.arp),
        ("first", packet.flags.first_fragment),
        ("later", packet.flags.later_fragment),
        ("closes", packet.flags.closes),
    ];
    words.extend(flags.iter().filter(|(_, set)| *set).map(|(name, _)| (*name).to_owned()));
    words.join(" ")
}

fn role(role: Role) -> Option<&'static str> {
    match role {
        Role::Any => None,
        Role::Open => Some("open"),
        Role::Answer => Some("answer"),
        Role::Middle => Some("middle"),
        Role::Reset => Some("reset"),
        Role::Error => Some("error"),
        Role::PathMtu => Some("path-mtu"),
        Role::Neighbour => Some("neighbour"),
        Role::Membership => Some("membership"),
    }
}

/// Octets as hexadecimal digits.
#[must_use]
pub fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// The octets of hexadecimal digits with any white space between; nothing where it is not that.
#[must_use]
pub fn octets(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hex
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits?;
    let (pairs, rest) = digits.as_chunks::<2>();
    let octet = |[high, low]: &[u8; 2]| high << 4 | low;
    rest.is_empty().then(|| pairs.iter().map(octet).collect())
}

#[cfg(test)]
mod tests {
    use super::{hex, octets};

    #[test]
    fn digits_are_octets_and_back() {
        assert_eq!(octets("00 ff\n1A"), Some(vec![0, 255, 26]));
        assert_eq!(octets("0"), None);
        assert_eq!(octets("0g"), None);
        assert_eq!(hex(&[0, 255, 26]), "00ff1a");
    }
}
