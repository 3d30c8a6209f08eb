//! No octets make the parser's twin panic, and what it says of a packet lies inside of it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use packet::{Frame, OPTIONS_FROM_POD_MAX, Packet, Refusal};

fuzz_target!(|octets: &[u8]| {
    let read = packet::read(&Frame::new(octets, false));
    let from_pod = packet::read(&Frame::new(octets, true));
    if let Ok(packet) = read {
        look(octets, &packet);
        if let Ok(quoted) = packet::quoted(octets, &packet) {
            assert!(quoted.end as usize <= octets.len());
        }
    }
    // Pods may send less, and what they may send means the same.
    if from_pod != read {
        assert_eq!(from_pod, Err(Refusal::Options));
        assert!(octets.len() > OPTIONS_FROM_POD_MAX);
    }
    let tagged = Frame { octets, is_tagged: true, is_from_pod: false };
    assert_eq!(packet::read(&tagged), Err(Refusal::Tagged));
});

fn look(octets: &[u8], packet: &Packet) {
    assert!(packet.offset <= packet.end && packet.end as usize <= octets.len());
    let flags = packet.flags;
    assert!(!(flags.first_fragment && flags.later_fragment));
    assert!(!flags.later_fragment || packet.source_port == 0 && packet.destination_port == 0);
    assert_eq!(flags.arp, packet.family == 0);
    // What follows the packet is no part of it.
    let end = if flags.arp { 42 } else { packet.end as usize };
    let alone = octets.get(..end).map(|alone| packet::read(&Frame::new(alone, false)));
    // What is too long for its length field says no length.
    assert!(alone == Some(Ok(*packet)));
}
