//! What stands between a network header and its payload: IPv6 extension headers, IPv4 options.
//!
//! Both are lists of things with a length each, which is where parsers of packets go wrong.

use crate::builder::protocol;
use crate::dice::Dice;

/// An extension header: its kind, and its content after the first two octets.
type Extension = (u8, Vec<u8>);

/// Octets of all headers together, so that a packet stays short enough to be run.
const CHAIN_MAX: usize = 2_900;

/// A chain: often none, mostly short, sometimes up to and beyond the bound of eight.
pub(super) fn chain(dice: &mut Dice) -> Vec<Extension> {
    let count = match dice.below(10) {
        0..=4 => 0,
        5..=7 => 1 + dice.below(3),
        8 => 7 + dice.below(3),
        _ => 4 + dice.below(4),
    };
    let mut headers = Vec::new();
    let mut size = 0;
    for place in 0..count {
        let header = extension(dice, place);
        size += header.1.len() + 2;
        if size > CHAIN_MAX {
            break;
        }
        headers.push(header);
    }
    headers
}

fn extension(dice: &mut Dice, place: usize) -> Extension {
    // Hop-by-hop options stand first or nowhere, but for one in twenty.
    let kind = match dice.below(8) {
        0..=2 => protocol::DESTINATION_OPTIONS,
        3 => protocol::ROUTING,
        4 => protocol::AUTHENTICATION,
        5 if dice.one_in(4) => protocol::FRAGMENT,
        _ if place == 0 || dice.one_in(20) => protocol::HOP_BY_HOP,
        _ => protocol::DESTINATION_OPTIONS,
    };
    let units = units(dice);
    let mut content = dice.octets(size(units, kind) - 2);
    if kind == protocol::ROUTING && !dice.one_in(12) {
        put(&mut content, 1, 0);
    }
    if kind == protocol::FRAGMENT && !dice.one_in(3) {
        // An atomic fragment: all of the datagram in one.
        put(&mut content, 0, 0);
        put(&mut content, 1, 0);
    }
    (kind, content)
}

/// In units of eight octets.
fn units(dice: &mut Dice) -> usize {
    match dice.below(12) {
        0 => 1 + dice.below(9),
        1 => 250 + dice.below(6),
        _ => 1,
    }
}

fn size(units: usize, kind: u8) -> usize {
    match kind {
        protocol::FRAGMENT => 8,
        // In words of four octets, of which one octet can count so many.
        protocol::AUTHENTICATION => (units * 8 + 8).min(1_016),
        _ => units * 8,
    }
}

/// IPv4 options, filled up to whole words.
pub(super) fn options(dice: &mut Dice) -> Vec<u8> {
    let mut options = Vec::new();
    for _ in 0..=dice.below(3) {
        options.extend(option(dice));
    }
    options.truncate(40);
    // What is left of the last word is the end of the options, or nothing at all.
    let filler = dice.pick(&[0, 1]);
    options.resize(options.len().next_multiple_of(4), filler);
    options
}

fn option(dice: &mut Dice) -> Vec<u8> {
    match dice.below(8) {
        0 => vec![1],
        1 => vec![0],
        // Router alert, record route, time stamp.
        2 => vec![148, 4, 0, 0],
        3 => [vec![7, 11, 4], vec![0; 8]].concat(),
        4 => [vec![68, 12, 5, 0], vec![0; 8]].concat(),
        5 => route(dice),
        // Of any kind, with a length that is true or not.
        6 => vec![dice.octet(), dice.octet() % 12, dice.octet(), dice.octet()],
        _ => vec![1; 4],
    }
}

/// A source route of two hops, used up or not.
fn route(dice: &mut Dice) -> Vec<u8> {
    let kind = dice.pick(&[131, 137]);
    let pointer = dice.pick(&[4, 8, 11, 12, 12, 12]);
    vec![kind, 11, pointer, 10, 0, 0, 3, 10, 0, 0, 4]
}

fn put(octets: &mut [u8], at: usize, octet: u8) {
    if let Some(place) = octets.get_mut(at) {
        *place = octet;
    }
}
