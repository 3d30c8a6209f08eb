//! Company on the hooks: other programs beside ours, and what others do to our links and pins.
//!
//! Each is found, put right and named, and while it is put right no packet finds the hook open.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod foreign;
mod net;
mod watched;
mod world;

use std::{thread, time::Instant};

use aya::programs::{LinkOrder, TcAttachType};
use datapath::{Direction, Drift, Hooks, Instance, Repair};
use foreign::{Foreign, Manner};
use net::SERVER_DEVICE;
use ringfence_kernel::available;
use watched::{ALLOWED, DENIED, Flood, Watched, ask_and_hear, watched};
use world::SERVER;

/// A foreign program where the server receives.
fn foreign(watched: &Watched, manner: Manner, order: fn() -> LinkOrder) -> Foreign {
    let attach = move || {
        let mut foreign = Foreign::load(manner);
        foreign.attach(SERVER_DEVICE, TcAttachType::Egress, order());
        foreign
    };
    watched.net.node.run(attach).unwrap()
}

const INGRESS_MOVED: (Direction, Drift, Repair) =
    (Direction::Ingress, Drift::Preceded, Repair::MovedToHead);

#[test]
fn nothing_drifts_where_nobody_meddles_and_who_comes_after_ours_still_runs() {
    if !available() {
        return;
    }
    let mut watched = watched("company-after", Hooks::Tcx);
    assert_eq!(watched.put_right(), []);
    let foreign = foreign(&watched, Manner::Watches, LinkOrder::last);
    assert_eq!(watched.put_right(), []);
    assert_eq!(watched.names(), ["ringfence_ingre", "foreign_watches"]);
    assert!(watched.is_first());
    let before = foreign.seen();
    assert!(watched.arrives(ALLOWED));
    let after = foreign.seen();
    assert!(after > before, "what is allowed goes to the next program");
    assert!(!watched.arrives(DENIED));
    let denied = foreign.seen() - after;
    assert_eq!(denied, 0, "what is denied goes nowhere");
}

#[test]
fn a_program_before_ours_that_lets_everything_pass_loses_its_place() {
    if !available() {
        return;
    }
    let mut watched = watched("company-before", Hooks::Tcx);
    assert!(watched.enforces());
    let foreign = foreign(&watched, Manner::Passes, LinkOrder::first);
    assert!(watched.arrives(DENIED), "it ends the chain");
    assert_eq!(watched.put_right(), [INGRESS_MOVED]);
    assert_eq!(watched.names(), ["ringfence_ingre", "foreign_passes"]);
    assert!(watched.enforces());
    assert!(foreign.seen() > 0);
    assert_eq!(watched.put_right(), []);
    // A restart finds what it wants.
    let config = watched.net.instance.config().clone();
    let again = move || {
        let mut instance = Instance::open(&config).unwrap();
        instance.attach(SERVER_DEVICE, SERVER.interface()).unwrap();
    };
    watched.net.node.run(again).unwrap();
    assert_eq!(watched.put_right(), []);
}

#[test]
fn a_link_that_was_detached_or_led_elsewhere_comes_back() {
    if !available() {
        return;
    }
    let mut watched = watched("company-link", Hooks::Tcx);
    datapath::detach_pinned(watched.pin("ingress").as_ref()).unwrap();
    assert!(watched.arrives(DENIED), "nobody stands on the hook");
    let attached = (Direction::Ingress, Drift::Detached, Repair::Attached);
    assert_eq!(watched.put_right(), [attached]);
    assert!(watched.enforces());

    let mut foreign = Foreign::load(Manner::Passes);
    foreign.usurp(&watched.pin("ingress"));
    assert!(watched.arrives(DENIED), "the link is another's");
    let restored = (Direction::Ingress, Drift::ProgramChanged, Repair::Restored);
    assert_eq!(watched.put_right(), [restored]);
    assert!(watched.enforces());
    assert_eq!(watched.put_right(), []);
}

#[test]
fn a_pin_that_was_removed_or_changed_is_made_again_and_the_hook_stayed_closed() {
    if !available() {
        return;
    }
    let mut watched = watched("company-pin", Hooks::Tcx);
    let pin = watched.pin("ingress");
    std::fs::remove_file(&pin).unwrap();
    assert!(watched.enforces(), "the agent holds the link");
    let removed = (Direction::Ingress, Drift::PinRemoved, Repair::Pinned);
    assert_eq!(watched.put_right(), [removed]);
    std::fs::remove_file(&pin).unwrap();
    Foreign::load(Manner::Passes).pin(&pin);
    let changed = (Direction::Ingress, Drift::PinChanged, Repair::Pinned);
    assert_eq!(watched.put_right(), [changed]);
    assert_eq!(watched.put_right(), []);
    // The pin alone keeps the link.
    drop(watched.instance.take());
    assert!(watched.enforces());
}

#[test]
fn several_things_at_once_are_all_put_right() {
    if !available() {
        return;
    }
    let mut watched = watched("company-both", Hooks::Tcx);
    std::fs::remove_file(watched.pin("ingress")).unwrap();
    let _foreign = foreign(&watched, Manner::Passes, LinkOrder::first);
    datapath::detach_pinned(watched.pin("egress").as_ref()).unwrap();
    let found = watched.put_right();
    let egress = (Direction::Egress, Drift::Detached, Repair::Attached);
    let pin = (Direction::Ingress, Drift::PinRemoved, Repair::Pinned);
    assert_eq!(found, [egress, pin, INGRESS_MOVED]);
    assert!(watched.enforces());
    assert_eq!(watched.put_right(), []);
}

#[test]
fn while_our_link_moves_to_the_head_no_packet_finds_the_hook_open_or_closed() {
    if !available() {
        return;
    }
    const MOVES: u32 = 8;
    let mut watched = watched("company-flood", Hooks::Tcx);
    let flood = Flood::start(&watched.net.client, &watched.net.server);
    let begun = Instant::now();
    for _ in 0..MOVES {
        let foreign = foreign(&watched, Manner::Watches, LinkOrder::first);
        thread::scope(|scope| {
            let net = &watched.net;
            let talk = scope.spawn(|| ask_and_hear(net, 50));
            let instance = watched.instance.take().unwrap();
            let moved = net.node.run(move || {
                let mut instance = instance;
                let repaired = instance.put_right(SERVER_DEVICE).unwrap();
                (instance, repaired.len())
            });
            let (instance, repaired) = moved.unwrap();
            watched.instance = Some(instance);
            assert_eq!(repaired, 1);
            talk.join().unwrap();
        });
        drop(foreign);
    }
    eprintln!("{MOVES} moves in {:?}", begun.elapsed());
    assert_eq!(flood.arrived(), 0);
}
