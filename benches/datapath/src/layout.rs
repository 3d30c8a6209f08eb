//! The layouts that others use, as small programs of our own: filled with the same peers.
//!
//! They copy how the maps are laid out, not the products around them: each finds the one answer that
//! it must find and nothing else.

use std::net::Ipv4Addr;

use aya::maps::lpm_trie::{Key, LpmTrie};
use aya::maps::{Array, HashMap, Map, MapError};

use crate::peers::{Random, mask, sequence, sequence_entries};
use crate::racer::{Racer, RacerError};

macro_rules! object {
    ($name:literal) => {
        aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/", $name, ".bpf.o"))
    };
}
pub(crate) use object;

/// Peers that nobody's rules tell apart share a class or identity: at most so many of those.
pub(crate) const CLASSES_MAX: u32 = 1_000;
/// The maps that are as large as there are peers.
const SIZED: [&str; 4] = ["exact", "longest", "identities", "peers"];
const COLUMNS: u32 = 8;
const SLOTS: u32 = 24;
const SLOT_SIZE: usize = 12;
const MEMBERS: usize = 100;
const TCP: u8 = 6;
const PORT: u16 = 8_000;

type Peers<'a> = &'a [Ipv4Addr];

fn race(layout: &'static str, object: &[u8], peers: Peers<'_>) -> Result<Racer, RacerError> {
    let (count, mask) = (peers.len() as u32, mask(peers.len()));
    Racer::load(layout, object, "race", |loader| {
        for map in SIZED {
            loader.map_max_entries(map, count);
        }
        loader.map_max_entries("sequence", sequence_entries(peers.len()));
        loader.override_global("sequence_mask", &mask, true);
    })?
    .with_sequence(sequence(peers))
}

/// Every peer with its number.
fn numbered(peers: Peers<'_>) -> impl Iterator<Item = (u32, [u8; 4])> {
    (0..).zip(peers.iter().map(Ipv4Addr::octets))
}

fn class(number: u32, peers: Peers<'_>) -> u32 {
    number % CLASSES_MAX.min(peers.len() as u32)
}

pub(crate) fn empty(peers: Peers<'_>) -> Result<Racer, RacerError> {
    race("the empty program", object!("empty"), peers)
}

/// One exact lookup of four octets.
pub(crate) fn hash(peers: Peers<'_>) -> Result<Racer, RacerError> {
    let mut racer = race("the bare hash", object!("hash"), peers)?;
    racer.fill("exact", |map| exact(map, peers))?;
    Ok(racer)
}

/// The programs have addresses as numbers in their own byte order.
fn exact(map: &mut Map, peers: Peers<'_>) -> Result<(), MapError> {
    let mut map: HashMap<_, u32, u32> = map.try_into()?;
    numbered(peers).try_for_each(|(number, octets)| {
        map.insert(&u32::from_be_bytes(octets), &class(number, peers), 0)
    })
}

/// One exact lookup of sixteen octets.
pub(crate) fn address(peers: Peers<'_>) -> Result<Racer, RacerError> {
    let mut racer = race("the hash of addresses", object!("address"), peers)?;
    racer.fill("exact", |map| {
        let mut map: HashMap<_, [u8; 16], u32> = map.try_into()?;
        (0..).zip(peers).try_for_each(|(number, peer)| {
            map.insert(&peer.to_ipv6_mapped().octets(), &class(number, peers), 0)
        })
    })?;
    Ok(racer)
}

/// One longest-prefix lookup.
pub(crate) fn prefix(peers: Peers<'_>) -> Result<Racer, RacerError> {
    let mut racer = race("the bare LPM", object!("prefix"), peers)?;
    racer.fill("longest", |map| longest(map, peers))?;
    Ok(racer)
}

fn longest(map: &mut Map, peers: Peers<'_>) -> Result<(), MapError> {
    let mut map: LpmTrie<_, [u8; 4], u32> = map.try_into()?;
    numbered(peers).try_for_each(|(number, octets)| {
        map.insert(&Key::new(32, octets), &class(number, peers), 0)
    })
}

/// An exact lookup and a row of an array.
pub(crate) fn dense(peers: Peers<'_>) -> Result<Racer, RacerError> {
    let mut racer = race("the dense row", object!("dense"), peers)?;
    racer.fill("exact", |map| exact(map, peers))?;
    racer.fill("dense", |map| {
        let mut map: Array<_, [u32; 2]> = map.try_into()?;
        (0..CLASSES_MAX * COLUMNS).try_for_each(|index| map.set(index, &[index + 1, 1], 0))
    })?;
    Ok(racer)
}

/// Address to identity, then identity and port to the verdict, all by longest prefix.
pub(crate) fn identity(peers: Peers<'_>) -> Result<Racer, RacerError> {
    let mut racer = race("identities", object!("identity"), peers)?;
    racer.fill("identities", |map| {
        let mut map: LpmTrie<_, [u8; 4], u32> = map.try_into()?;
        numbered(peers).try_for_each(|(number, octets)| {
            map.insert(&Key::new(32, octets), &(class(number, peers) + 1), 0)
        })
    })?;
    racer.fill("policy", |map| {
        let mut map: LpmTrie<_, [u8; 8], [u32; 2]> = map.try_into()?;
        let of = |identity| (0..COLUMNS).map(move |column| (identity, column));
        let all = (1..=CLASSES_MAX.min(peers.len() as u32)).flat_map(of);
        all.into_iter().try_for_each(|(identity, column)| {
            let [a, b, c, d] = identity.to_ne_bytes();
            let [high, low] = (PORT + column as u16).to_be_bytes();
            map.insert(&Key::new(64, [a, b, c, d, 0, TCP, high, low]), &[identity, 1], 0)
        })
    })?;
    Ok(racer)
}

/// Address to slots of ports; the slot that matches is anywhere among them.
pub(crate) fn slots(peers: Peers<'_>) -> Result<Racer, RacerError> {
    let mut racer = race("slots", object!("slots"), peers)?;
    let mut random = Random::new();
    racer.fill("peers", |map| {
        let mut map: LpmTrie<_, [u8; 4], [[u8; SLOT_SIZE]; SLOTS as usize]> = map.try_into()?;
        numbered(peers).try_for_each(|(_, octets)| {
            let matching = random.below(SLOTS);
            let mut slots = [[0; SLOT_SIZE]; SLOTS as usize];
            for (number, slot) in (0..).zip(&mut slots) {
                let port = if number == matching { PORT } else { PORT + 1 + number as u16 };
                *slot = slot_of(port);
            }
            map.insert(&Key::new(32, octets), &slots, 0)
        })
    })?;
    Ok(racer)
}

fn slot_of(port: u16) -> [u8; SLOT_SIZE] {
    let mut octets = [0; SLOT_SIZE];
    let words = [u32::from(TCP), port.into(), port.into()];
    for (place, octet) in octets.iter_mut().zip(words.into_iter().flat_map(u32::to_ne_bytes)) {
        *place = octet;
    }
    octets
}

/// Rules in their order, each with a set of its own; the rule that matches is anywhere among them.
pub(crate) fn ordered(rules: u32) -> Result<Racer, RacerError> {
    let peers = crate::peers::peers(rules * MEMBERS as u32);
    let (layout, mask) = ("ordered rules", mask(peers.len()));
    let mut racer = Racer::load(layout, object!("ordered"), "race", |loader| {
        loader.override_global("rules", &rules, true);
        loader.override_global("sequence_mask", &mask, true);
    })?
    .with_sequence(sequence(&peers))?;
    racer.lookups = 4;
    racer.repeat = (40_000 / rules).max(16);
    racer.fill("members", |map| {
        let mut map: LpmTrie<_, [u8; 8], u32> = map.try_into()?;
        let sets = (0..).zip(peers.chunks(MEMBERS));
        let members =
            sets.flat_map(|(set, peers): (u32, _)| peers.iter().map(move |one| (set, one)));
        members.into_iter().try_for_each(|(set, peer)| {
            let ([a, b, c, d], [e, f, g, h]) = (set.to_be_bytes(), peer.octets());
            map.insert(&Key::new(64, [a, b, c, d, e, f, g, h]), &1, 0)
        })
    })?;
    Ok(racer)
}

const KEY: usize = size_of::<abi::ConnectionKey>();
const VALUE: usize = size_of::<abi::Connection>();

/// One lookup of a connection in a table that forgets the oldest.
pub(crate) fn lru(peers: Peers<'_>) -> Result<Racer, RacerError> {
    let mut racer = race("the bare LRU", object!("lru"), peers)?;
    racer.fill("tracked", |map| {
        let mut map: HashMap<_, [u8; KEY], [u8; VALUE]> = map.try_into()?;
        peers.iter().try_for_each(|peer| map.insert(&connection_key(*peer), &[0; VALUE], 0))
    })?;
    Ok(racer)
}

/// As `struct connection_key` has it.
fn connection_key(peer: Ipv4Addr) -> [u8; KEY] {
    let mut key = [0; KEY];
    let (ports, [low, high]) = ([0; 4], 1_u16.to_ne_bytes());
    let parts = peer.to_ipv6_mapped().octets().into_iter().chain(ports).chain([low, high, TCP, 4]);
    for (place, octet) in key.iter_mut().zip(parts) {
        *place = octet;
    }
    key
}
