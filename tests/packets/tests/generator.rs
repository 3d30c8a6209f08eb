//! The generator: the same seed gives the same packets, of every kind; and the twin takes any.

#![allow(clippy::unwrap_used, reason = "a failed test may say so in any way")]

use std::collections::BTreeMap;

use packet::{Frame, Refusal, Role};
use packets::{SIZE_MAX, corpus, generate, text};
use ringfence_packets as packets;

const SEEDS: std::ops::Range<u64> = 0..100_000;

const SUM: u64 = 0x6039e4f5684287;

/// FNV-1a over all octets of all packets.
fn sum() -> u64 {
    SEEDS.flat_map(generate).fold(0xcbf2_9ce4_8422_2325, |sum, octet| {
        (sum ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn the_generator_is_stable_to_the_octet() {
    assert_eq!(sum(), SUM, "another generator finds other packets: say so where figures are kept");
}

#[test]
fn every_role_and_every_refusal_comes_up() {
    let mut said: BTreeMap<String, usize> = BTreeMap::new();
    for seed in SEEDS {
        let octets = generate(seed);
        assert!(octets.len() <= SIZE_MAX);
        for is_from_pod in [false, true] {
            let read = packet::read(&Frame::new(&octets, is_from_pod));
            let quoted = corpus::quoted(&octets, read);
            for one in [Some(read), quoted].into_iter().flatten() {
                let word = one.map_or_else(|refusal| refusal.to_string(), |read| role(read.role));
                *said.entry(word).or_default() += 1;
            }
        }
    }
    println!("{said:?}");
    for refusal in Refusal::ALL {
        assert!(said.contains_key(refusal.word()), "{refusal} never comes up");
    }
    for role in ROLES {
        assert!(said.contains_key(&self::role(role)), "{role:?} never comes up");
    }
}

const ROLES: [Role; 9] = [
    Role::Any,
    Role::Open,
    Role::Answer,
    Role::Middle,
    Role::Reset,
    Role::Error,
    Role::PathMtu,
    Role::Neighbour,
    Role::Membership,
];

fn role(role: Role) -> String {
    format!("{role:?}")
}

#[test]
fn every_truncation_of_a_packet_is_refused_or_lacks_only_padding() {
    for seed in 0..400 {
        let octets = packets::valid(&mut packets::Dice::new(seed));
        let Ok(whole) = packet::read(&Frame::new(&octets, false)) else { continue };
        let least = if whole.flags.arp { 42 } else { whole.end as usize };
        for length in 0..octets.len() {
            let shorter = octets.get(..length).unwrap();
            let read = packet::read(&Frame::new(shorter, false));
            assert_eq!(read.is_ok(), length >= least, "{length} of {}", text::hex(&octets));
        }
    }
}
