//! What hostile or broken senders make of a packet: shorter, with lengths that lie, with bits
//! turned over, with headers in another's place.
//!
//! Places and values are drawn from those that mean something more often than from all.

use crate::dice::Dice;

/// Places of fields in plain IPv4 and IPv6 packets, ethertype, versions, lengths, fragments,
/// protocols, and the first octets of what follows.
const PLACES: [usize; 30] = [
    12, 13, 14, 16, 17, 18, 19, 20, 21, 22, 23, 26, 34, 35, 36, 38, 39, 46, 47, 48, 53, 54, 55, 56,
    57, 58, 59, 66, 67, 68,
];
const VALUES: [u8; 20] =
    [0, 1, 2, 4, 5, 6, 8, 17, 40, 43, 44, 51, 58, 60, 0x40, 0x4f, 0x60, 0x80, 132, 0xff];
/// The least that a device hands on.
const LEAST: usize = 14;

/// Changes `octets` in one way.
pub(crate) fn mutate(dice: &mut Dice, octets: &mut Vec<u8>) {
    match dice.below(8) {
        0 => octets.truncate(LEAST + dice.below(octets.len().saturating_sub(LEAST) + 1)),
        1 => {
            let count = 1 + dice.below(64);
            let more = dice.octets(count);
            octets.extend(more);
        }
        2 => flip(dice, octets),
        3 => swap(dice, octets),
        4 => lie(dice, octets),
        _ => set(dice, octets),
    }
}

fn flip(dice: &mut Dice, octets: &mut [u8]) {
    let at = dice.below(octets.len());
    if let Some(octet) = octets.get_mut(at) {
        *octet ^= 1 << dice.below(8);
    }
}

fn set(dice: &mut Dice, octets: &mut [u8]) {
    let at = if dice.one_in(3) { dice.below(octets.len()) } else { dice.pick(&PLACES) };
    let value = if dice.one_in(3) { dice.octet() } else { dice.pick(&VALUES) };
    if let Some(octet) = octets.get_mut(at) {
        *octet = value;
    }
}

/// Two blocks of eight octets change places, as headers would.
fn swap(dice: &mut Dice, octets: &mut [u8]) {
    let blocks = octets.len().saturating_sub(LEAST) / 8;
    let (one, other) = (LEAST + dice.below(blocks) * 8, LEAST + dice.below(blocks) * 8);
    if blocks > 0 {
        for place in 0..8 {
            octets.swap(one + place, other + place);
        }
    }
}

/// One of the length fields says a little more or less.
fn lie(dice: &mut Dice, octets: &mut [u8]) {
    let at = dice.pick(&[16, 18, 38, 58]);
    if let Some(field) = octets.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<2>()) {
        let step = dice.pick(&[1, 2, 4, 8, 0xffff, 0xfffe, 0xfff8]);
        *field = u16::from_be_bytes(*field).wrapping_add(step).to_be_bytes();
    }
}
