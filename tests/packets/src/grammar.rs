//! Packets that a sender could have made, of every kind that a parser knows.
//!
//! Most are as they should be, because a parser that refuses the first header never looks at the
//! second; each part is sometimes at its bound or one step beyond.

mod address;
mod chain;
mod payload;

use crate::builder::{Fragment, Packet, arp, ethernet};
use crate::dice::Dice;

/// A frame.
pub fn valid(dice: &mut Dice) -> Vec<u8> {
    match dice.below(40) {
        0 => arp_packet(dice),
        1 => tagged(dice),
        2 => other_frame(dice),
        _ => packet(dice).build(),
    }
}

/// An IPv4 or IPv6 packet.
fn packet(dice: &mut Dice) -> Packet {
    let is_ipv6 = dice.one_in(2);
    let (source, destination) = address::pair(dice, is_ipv6);
    let payload = payload::payload(dice, is_ipv6, true);
    let mut packet = Packet::new([2, 0, 0, 0, 0, dice.octet()], source, destination, payload);
    packet.hop_limit = dice.pick(&[1, 64, 64, 255, 255]);
    if is_ipv6 {
        packet.extensions = chain::chain(dice);
    } else if dice.one_in(4) {
        packet.options = chain::options(dice);
    }
    if dice.one_in(5) {
        packet.fragment = Some(fragment(dice));
        packet.payload = payload::cut(dice, is_ipv6, packet.payload);
    }
    packet
}

fn fragment(dice: &mut Dice) -> Fragment {
    let offset = match dice.below(3) {
        0 => 0,
        1 => dice.pick(&[8, 16, 24, 32, 1_480, 65_504, 65_528]),
        _ => dice.word() & 0xfff8,
    };
    Fragment { id: dice.word().into(), offset, more: dice.one_in(2) }
}

fn arp_packet(dice: &mut Dice) -> Vec<u8> {
    let mac = [2, 0, 0, 0, 0, 1];
    let operation = dice.pick(&[1, 2]);
    arp(mac, operation, (mac, [10, 0, 0, 1].into()), [10, 0, 0, dice.octet()].into())
}

/// A packet behind one or two VLAN tags in the frame itself.
fn tagged(dice: &mut Dice) -> Vec<u8> {
    let mut frame = packet(dice).build();
    for _ in 0..=dice.below(2) {
        let [high, low] = dice.word().to_be_bytes();
        let kind: [u8; 2] = dice.pick(&[[0x81, 0x00], [0x88, 0xa8], [0x91, 0x00]]);
        frame.splice(12..12, [kind[0], kind[1], high, low]);
    }
    frame
}

/// Something that is no packet: LLDP, MPLS, PPPoE, RARP, or a length instead of an ethertype.
fn other_frame(dice: &mut Dice) -> Vec<u8> {
    let ethertype = dice.pick(&[0x88cc, 0x8847, 0x8864, 0x8035, 0x0042, 0x0000, 0xffff, 0x0801]);
    let count = 46 + dice.below(60);
    let payload = dice.octets(count);
    ethernet([0xff; 6], [2, 0, 0, 0, 0, 1], ethertype, &payload)
}
