//! Fragments: parts of a datagram go the way of its own first part, and of nobody else's.

use model::Builtin;
use ringfence_kernel::{
    available,
    packet::{ETHERNET_SIZE, Fragment, Payload, protocol},
};

use crate::{
    scene::{By, Fate, PORT, Scene, VICTIM, addresses, packet, udp},
    world::DEFAULT_DENY,
};

const DENIED: Fate = Fate::Denied(VICTIM.endpoint, DEFAULT_DENY);
const STRAY: Fate = Fate::Refused(VICTIM.endpoint, Builtin::Fragment);

/// A part of a datagram to the victim.
fn part(by: By, family: usize, (id, offset, more): (u32, u16, bool), octets: &[u8]) -> Vec<u8> {
    let pod = by.pod();
    let payload = Payload::Other { protocol: protocol::UDP, data: octets.to_vec() };
    let (from, to) = (addresses(&pod)[family], addresses(&VICTIM)[family]);
    let mut packet = packet(pod.mac, from, to, payload);
    packet.fragment = Some(Fragment { id, offset, more });
    packet.build()
}

/// The first 16 octets of a datagram to this port.
fn start(by: By, family: usize, port: u16) -> Vec<u8> {
    let pod = by.pod();
    let (from, to) = (addresses(&pod)[family], addresses(&VICTIM)[family]);
    let whole = packet(pod.mac, from, to, udp(4000, port)).build();
    let mut start = whole[ETHERNET_SIZE + if family == 0 { 20 } else { 40 }..].to_vec();
    // It says that it is longer: the rest is to follow.
    start[4..6].copy_from_slice(&32_u16.to_be_bytes());
    start
}

#[test]
fn a_later_fragment_needs_its_own_first_one() {
    if !available() {
        return;
    }
    let mut scene = Scene::new("fragments-own");
    for family in 0..2 {
        let first = |by, id, port| part(by, family, (id, 0, true), &start(by, family, port));
        let rest = |by, id| part(by, family, (id, 16, false), &[7; 16]);
        // Somebody without a hook of its own, so that only the victim's is asked.
        let before = rest(By::Stranger, 70);
        assert_eq!(scene.fate(By::Stranger, &before), STRAY, "nothing came first");
        assert_eq!(scene.fate(By::Stranger, &first(By::Stranger, 71, PORT)), DENIED);
        assert_eq!(
            scene.fate(By::Stranger, &rest(By::Stranger, 71)),
            STRAY,
            "its first was denied"
        );
        assert_eq!(scene.fate(By::Client, &first(By::Client, 72, PORT)), Fate::Arrived);
        let forged = rest(By::Stranger, 72);
        assert_eq!(scene.fate(By::Stranger, &forged), STRAY, "another's datagram");
        assert_eq!(scene.fate(By::Client, &rest(By::Client, 72)), Fate::Arrived);
        assert_eq!(scene.fate(By::Client, &first(By::Client, 73, PORT + 1)), DENIED);
        assert_eq!(scene.fate(By::Client, &rest(By::Client, 73)), STRAY, "its first was denied");
    }
}

#[test]
fn a_second_first_fragment_to_another_port_takes_the_datagram_down() {
    if !available() {
        return;
    }
    let mut scene = Scene::new("fragments-twice");
    for family in 0..2 {
        let first =
            |port| part(By::Client, family, (80, 0, true), &start(By::Client, family, port));
        assert_eq!(scene.fate(By::Client, &first(PORT)), Fate::Arrived);
        assert_eq!(scene.fate(By::Client, &first(PORT + 1)), DENIED);
        let rest = part(By::Client, family, (80, 16, false), &[7; 16]);
        assert_eq!(scene.fate(By::Client, &rest), STRAY);
        // What reaches into the first part could change its ports.
        assert_eq!(scene.fate(By::Client, &first(PORT)), Fate::Arrived);
        let over = part(By::Client, family, (80, 8, false), &[7; 16]);
        let fate = scene.fate(By::Client, &over);
        assert!(matches!(fate, Fate::Refused(_, Builtin::Fragment)), "{fate:?}");
    }
}
