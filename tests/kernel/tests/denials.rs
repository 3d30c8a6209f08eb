//! Many different denials at once: all are counted, and those that could not be told are counted as
//! lost. Who keeps up is told of all; how many that are on a busy machine is printed, not judged.

#![allow(clippy::unwrap_used, reason = "a failed test may say so in any way")]

mod world;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use abi::EventKind;
use datapath::{Direction::Ingress, Events, TestPacket};
use ringfence_kernel::{
    Bench, available,
    packet::{Packet, Payload, tcp},
};
use world::{CLIENT, DEFAULT_DENY, SERVER, ops, rule};

/// Distinct flows: more than the ring and the memory of denials hold.
const FLOWS: u32 = 50_000;
/// As many as the ring holds for sure.
const AT_ONCE: u32 = 4_096;
const PORT: u16 = 8080;

fn bench() -> Bench {
    let bench = Bench::new().unwrap();
    bench.add(&SERVER).unwrap();
    bench.perform(&ops(&[(PORT, rule(7, true))], rule(DEFAULT_DENY, false))).unwrap();
    bench
}

/// The source of the flow with this number, and its first packet.
fn packet(number: u32) -> (IpAddr, Vec<u8>) {
    let source: IpAddr = Ipv4Addr::from(0xc612_0000 + number).into();
    let payload = Payload::Tcp { source: 40_000, destination: PORT, flags: tcp::SYN };
    (source, Packet::new(CLIENT.mac, source, SERVER.ipv4.unwrap().into(), payload).build())
}

fn deny(bench: &Bench, data: &[u8]) {
    let report = bench.instance().test_run(&TestPacket {
        data,
        direction: Ingress,
        interface: SERVER.endpoint,
        incoming: u32::MAX,
        local_socket: false,
        container: 0,
        repeat: 1,
    });
    assert_ne!(report.unwrap().verdict, -1, "only the client is allowed");
}

/// The sources of all denials that were told until `ended`.
fn listen(mut events: Events, ended: &AtomicBool) -> BTreeSet<IpAddr> {
    let mut told = BTreeSet::new();
    loop {
        // Read before draining: what was said before the end is drained after it.
        let last = ended.load(Ordering::Acquire);
        let drained = events.drain(|event| {
            assert_eq!((event.kind, event.denied), (EventKind::Denied as u8, 1));
            assert!(told.insert(event.source.into()), "each flow is told once");
        });
        match drained.unwrap() {
            0 if last => return told,
            0 => thread::yield_now(),
            _ => {}
        }
    }
}

#[test]
fn every_denied_flow_is_counted_and_what_is_not_told_is_counted_as_lost() {
    if !available() {
        return;
    }
    let bench = bench();
    let packets: Vec<(IpAddr, Vec<u8>)> = (0..FLOWS).map(packet).collect();
    let events = bench.instance().events().unwrap();
    let ended = AtomicBool::new(false);
    let (told, took) = thread::scope(|scope| {
        let listener = scope.spawn(|| listen(events, &ended));
        let started = Instant::now();
        packets.iter().for_each(|(_, data)| deny(&bench, data));
        let took = started.elapsed();
        ended.store(true, Ordering::Release);
        (listener.join().unwrap(), took)
    });
    let counters = bench.instance().counters().unwrap();
    assert_eq!(counters.denied.iter().sum::<u64>(), u64::from(FLOWS), "each is counted");
    assert_eq!(told.len() as u64 + counters.events_lost, u64::from(FLOWS), "told or lost");
    let known: BTreeSet<IpAddr> = packets.iter().map(|(source, _)| *source).collect();
    assert!(told.is_subset(&known));
    println!(
        "denials: {FLOWS} flows in {} ms, told {}, lost {}",
        took.as_millis(),
        told.len(),
        counters.events_lost
    );
}

#[test]
fn who_keeps_up_is_told_of_every_denied_flow() {
    if !available() {
        return;
    }
    let bench = bench();
    let mut events = bench.instance().events().unwrap();
    let mut told = BTreeSet::new();
    for first in (0..FLOWS).step_by(AT_ONCE as usize) {
        (first..FLOWS.min(first + AT_ONCE)).for_each(|number| deny(&bench, &packet(number).1));
        events.drain(|event| told.extend([IpAddr::from(event.source)])).unwrap();
    }
    assert_eq!(told, (0..FLOWS).map(|number| packet(number).0).collect());
    assert_eq!(bench.instance().counters().unwrap().events_lost, 0);
}
