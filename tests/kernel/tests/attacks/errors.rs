//! ICMP errors about connections: genuine ones pass, whoever is on the way; forged ones end nobody's.

use abi::EventKind;
use ringfence_kernel::{
    available,
    packet::{ETHERNET_SIZE, Payload, protocol},
};

use crate::{
    scene::{
        ATTACKER, By, Fate, SPOOFED, STRANGER, Scene, VICTIM, addresses, frame, from_victim, tcp,
        to_victim, udp,
    },
    world::{CLIENT, DEFAULT_DENY},
};

/// Type and code of each error, and whether it is about the path's packet size.
const ERRORS: [[(u8, u8, bool); 4]; 2] = [
    [(3, 3, false), (3, 4, true), (11, 0, false), (12, 0, false)],
    [(1, 4, false), (2, 0, true), (3, 0, false), (4, 1, false)],
];

/// An error from one pod to the victim about the packet in `quoted`, a whole frame.
fn error(by: By, family: usize, (kind, code, _): (u8, u8, bool), quoted: &[u8]) -> Vec<u8> {
    let data = quoted[ETHERNET_SIZE..].to_vec();
    let payload = Payload::Icmp { kind, code, word: [0, 0, 5, 0xdc], data };
    to_victim(by, family, payload)
}

/// Until the hook of this endpoint knows a connection of TCP or UDP.
fn await_opened(scene: &mut Scene, endpoint: u32) {
    scene.net.await_told(|event| {
        event.endpoint == endpoint
            && event.kind == EventKind::Opened as u8
            && [protocol::TCP, protocol::UDP].contains(&event.protocol)
    });
}

#[test]
fn a_pod_tells_of_no_packet_that_was_not_sent_to_it() {
    if !available() {
        return;
    }
    let mut scene = Scene::new("errors-pod");
    for (family, errors) in ERRORS.into_iter().enumerate() {
        // The victim has a connection with the client and one with the attacker.
        for payload in [udp(5000, 53), tcp(5001, 80, 2)] {
            let quoted = from_victim(&CLIENT, family, payload.clone());
            scene.send(By::Victim, &quoted);
            await_opened(&mut scene, VICTIM.endpoint);
            let own = from_victim(&ATTACKER, family, payload);
            scene.send(By::Victim, &own);
            await_opened(&mut scene, ATTACKER.endpoint);
            for kind in errors {
                let forged = error(By::Attacker, family, kind, &quoted);
                assert_eq!(scene.fate(By::Attacker, &forged), SPOOFED, "{kind:?}");
                let genuine = error(By::Client, family, kind, &quoted);
                assert_eq!(scene.fate(By::Client, &genuine), Fate::Arrived, "{kind:?}");
                let genuine = error(By::Attacker, family, kind, &own);
                assert_eq!(scene.fate(By::Attacker, &genuine), Fate::Arrived, "{kind:?}");
            }
        }
    }
}

#[test]
fn an_error_from_elsewhere_needs_a_connection_of_the_victim() {
    if !available() {
        return;
    }
    let mut scene = Scene::new("errors-router");
    let denied = Fate::Denied(VICTIM.endpoint, DEFAULT_DENY);
    for (family, errors) in ERRORS.into_iter().enumerate() {
        let (client, victim) = (addresses(&CLIENT)[family], addresses(&VICTIM)[family]);
        let quoted = from_victim(&CLIENT, family, udp(5000, 53));
        scene.send(By::Victim, &quoted);
        await_opened(&mut scene, VICTIM.endpoint);
        let another_port = from_victim(&CLIENT, family, udp(5001, 53));
        let another_end = from_victim(&STRANGER, family, udp(5000, 53));
        let another_protocol = from_victim(&CLIENT, family, tcp(5000, 53, 16));
        // In the victim's own words but for whose they are.
        let not_sent_by_it =
            frame(ATTACKER.mac, addresses(&ATTACKER)[family], client, udp(5000, 53));
        let sent_to_it = frame(CLIENT.mac, client, victim, udp(53, 5000));
        for kind in errors {
            // A router is anybody.
            let fate = scene.fate(By::Stranger, &error(By::Stranger, family, kind, &quoted));
            assert_eq!(fate, Fate::Arrived, "{kind:?} of a router");
            if kind.2 {
                continue;
            }
            for (what, quoted) in [
                ("another port", &another_port),
                ("another end", &another_end),
                ("another protocol", &another_protocol),
                ("another pod's", &not_sent_by_it),
                ("the other direction", &sent_to_it),
            ] {
                let fate = scene.fate(By::Stranger, &error(By::Stranger, family, kind, quoted));
                assert_eq!(fate, denied, "{kind:?}: {what}");
            }
        }
    }
}
