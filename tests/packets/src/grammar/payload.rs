//! What packets carry: transport headers in every role, errors that quote a packet, and protocols
//! without ports.
//!
//! TCP is written out here, since the builder's is always the shortest.

use crate::builder::{ETHERNET_SIZE, Packet, Payload, protocol};
use crate::dice::Dice;

const PORTS: [u16; 6] = [0, 53, 67, 80, 8_080, 65_535];
/// Flags that some TCP sends, more often than those that none does.
const FLAGS: [u8; 16] =
    [2, 0x12, 0x10, 0x18, 0x11, 4, 0x14, 0x30, 0xc2, 0x52, 3, 6, 1, 0, 0x29, 0xff];
const ICMP: [u8; 14] = [0, 8, 3, 3, 4, 5, 9, 10, 11, 12, 13, 14, 17, 255];
const ICMPV6: [u8; 18] =
    [1, 2, 3, 4, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 143, 100, 255];
/// Without ports, or not known: IGMP, IPv6 in IPv4, GRE, ESP, AH, nothing, OSPF, mobility, UDP-Lite,
/// experiments, and the other family's ICMP.
const OTHER: [u8; 14] = [2, 41, 47, 50, 51, 59, 89, 135, 136, 139, 253, 0, 1, 58];

/// Something to carry. `may_quote`: an error may quote another packet.
pub(super) fn payload(dice: &mut Dice, is_ipv6: bool, may_quote: bool) -> Payload {
    let (source, destination) = (dice.pick(&PORTS), dice.pick(&PORTS));
    match dice.below(12) {
        0..=2 => Payload::Other { protocol: protocol::TCP, data: tcp(dice, source, destination) },
        3..=4 => Payload::Udp { source, destination, data: some(dice, 40) },
        5..=6 => {
            let chunk = dice.pick(&[0, 1, 1, 2, 3, 6, 7, 10, 14]);
            Payload::Sctp { source, destination, chunk }
        }
        7..=8 => message(dice, is_ipv6),
        9..=10 if may_quote => error(dice, is_ipv6),
        _ => Payload::Other { protocol: dice.pick(&OTHER), data: some(dice, 64) },
    }
}

fn some(dice: &mut Dice, most: usize) -> Vec<u8> {
    let count = dice.below(most);
    dice.octets(count)
}

/// A segment with options as it says, or nearly.
fn tcp(dice: &mut Dice, source: u16, destination: u16) -> Vec<u8> {
    let words = dice.pick(&[5, 5, 5, 6, 8, 10, 15]);
    let said = if dice.one_in(20) { dice.octet() & 15 } else { words };
    let flags = if dice.one_in(8) { dice.octet() } else { dice.pick(&FLAGS) };
    let mut octets = [source.to_be_bytes(), destination.to_be_bytes()].concat();
    octets.extend(dice.octets(8));
    octets.extend([said << 4, flags, 0xff, 0xff, 0, 0, 0, 0]);
    octets.extend(dice.octets(usize::from(words - 5) * 4));
    octets.extend(some(dice, 32));
    octets
}

fn message(dice: &mut Dice, is_ipv6: bool) -> Payload {
    let kind = if is_ipv6 { dice.pick(&ICMPV6) } else { dice.pick(&ICMP) };
    let word = dice.number().to_be_bytes();
    Payload::Icmp {
        kind,
        code: dice.pick(&[0, 0, 1, 4, 13]),
        word: [word[0], word[1], word[2], word[3]],
        data: some(dice, 48),
    }
}

/// An error that quotes a packet, all of it or as much as there was room for.
fn error(dice: &mut Dice, is_ipv6: bool) -> Payload {
    let kind = if is_ipv6 { dice.pick(&[1, 1, 2, 3, 4]) } else { dice.pick(&[3, 3, 11, 12]) };
    let quoted_is_ipv6 = if dice.one_in(30) { !is_ipv6 } else { is_ipv6 };
    let mut data = quoted(dice, quoted_is_ipv6).build().split_off(ETHERNET_SIZE);
    if dice.one_in(3) {
        data.truncate(dice.below(data.len() + 1));
    } else if !is_ipv6 && dice.one_in(2) {
        data.truncate(28);
    }
    Payload::Icmp { kind, code: dice.pick(&[0, 1, 3, 4]), word: [0; 4], data }
}

fn quoted(dice: &mut Dice, is_ipv6: bool) -> Packet {
    let (source, destination) = super::address::pair(dice, is_ipv6);
    let mut quoted = Packet::new([0; 6], source, destination, payload(dice, is_ipv6, false));
    if is_ipv6 {
        quoted.extensions = super::chain::chain(dice);
        quoted.extensions.truncate(9);
    } else if dice.one_in(4) {
        quoted.options = super::chain::options(dice);
    }
    if dice.one_in(6) {
        quoted.fragment = Some(super::fragment(dice));
    }
    quoted
}

/// The payload of a fragment: of a size that is a multiple of eight, mostly.
pub(super) fn cut(dice: &mut Dice, is_ipv6: bool, payload: Payload) -> Payload {
    if dice.one_in(6) {
        return payload;
    }
    let family: std::net::IpAddr = if is_ipv6 { [0_u16; 8].into() } else { [0_u8; 4].into() };
    let (protocol, mut data) = payload.build(family, family);
    let size = if dice.one_in(4) { dice.below(data.len() + 1) } else { data.len() };
    data.resize(size.next_multiple_of(8), 0);
    Payload::Other { protocol, data }
}
