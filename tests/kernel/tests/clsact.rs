//! Hooks of kernels without tcx: filters of the qdisc clsact, which nobody holds and anybody may take
//! away.
//!
//! They are tried on every kernel, because clsact is there on all of them. Others attach theirs by
//! `tc`, as an administrator would.

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

use std::{collections::BTreeSet, time::Duration};

use abi::Sets;
use datapath::{AttachError, Direction, Drift, FilterError, Hooks, Instance, OpenError, Repair};
use foreign::{Foreign, Manner};
use model::Builtin;
use net::SERVER_DEVICE;
use ringfence_kernel::available;
use watched::{ALLOWED, DENIED, Flood, Watched, ask_and_hear, watched};
use world::{SERVER, SET};

/// Where our filter stands on the server's ingress hook, in the words of `tc`.
const OURS: &str = "dev server egress protocol all prio 1 handle 0x52460001 bpf";
const INGRESS: &str = "dev server egress";
const OURS_BY_NAME: &str = "ringfence_ingress";

/// A foreign program as a filter where the server receives.
struct Filter {
    program: Foreign,
    pin: String,
}

impl Drop for Filter {
    fn drop(&mut self) {
        std::fs::remove_file(&self.pin).unwrap();
    }
}

impl Filter {
    fn pinned(watched: &Watched, manner: Manner) -> Self {
        let mut program = Foreign::load(manner);
        let pin = format!("{}-foreign", watched.net.instance.config().pin_dir.display());
        program.pin(&pin);
        Self { program, pin }
    }

    /// Newer filters of a priority run before older ones.
    fn add(watched: &Watched, manner: Manner, priority: u16) -> Self {
        let filter = Self::pinned(watched, manner);
        filter.tc(watched, &format!("filter add {INGRESS} protocol all prio {priority} bpf"));
        filter
    }

    fn tc(&self, watched: &Watched, words: &str) {
        watched.net.node.tc(&format!("{words} direct-action object-pinned {}", self.pin)).unwrap();
    }
}

fn listed(watched: &Watched) -> String {
    watched.net.node.tc(&format!("filter show {INGRESS}")).unwrap()
}

fn clsact(name: &str) -> Watched {
    watched(name, Hooks::Clsact)
}

#[test]
fn filters_enforce_and_who_comes_after_ours_still_runs() {
    if !available() {
        return;
    }
    let mut watched = clsact("clsact-after");
    assert!(watched.enforces());
    assert_eq!(watched.put_right(), []);
    let filter = Filter::add(&watched, Manner::Watches, 2);
    assert_eq!(watched.put_right(), []);
    assert!(watched.is_first());
    assert_eq!(watched.names().first().unwrap(), OURS_BY_NAME);
    assert_eq!(watched.names().len(), 2);
    let before = filter.program.seen();
    assert!(watched.arrives(ALLOWED));
    let after = filter.program.seen();
    assert!(after > before, "what is allowed goes to the next filter");
    assert!(!watched.arrives(DENIED));
    assert_eq!(filter.program.seen(), after, "what is denied goes nowhere");
    // Nobody has to be there for it to hold.
    drop(watched.instance.take());
    assert!(watched.enforces());
}

#[test]
fn a_pod_in_quarantine_receives_nothing_and_says_why() {
    if !available() {
        return;
    }
    let mut watched = clsact("clsact-quarantine");
    assert!(watched.arrives(ALLOWED));
    watched.net.flip(SERVER.endpoint, Sets::QUARANTINE, 2);
    watched.net.told();
    assert!(!watched.arrives(ALLOWED));
    let reason = Builtin::Quarantine.code();
    watched.net.await_told(|event| event.reason == reason && event.endpoint == SERVER.endpoint);
    watched.net.flip(SERVER.endpoint, Sets::live(SET, 0).unwrap(), 3);
    assert!(watched.arrives(ALLOWED));
}

#[test]
fn a_filter_before_ours_that_lets_everything_pass_loses_its_place_and_stays() {
    if !available() {
        return;
    }
    let mut watched = clsact("clsact-before");
    let filter = Filter::add(&watched, Manner::Passes, 1);
    assert!(watched.arrives(DENIED), "it ends the chain");
    let moved = (Direction::Ingress, Drift::Preceded, Repair::MovedToHead);
    assert_eq!(watched.put_right(), [moved]);
    assert_eq!(watched.names().first().unwrap(), OURS_BY_NAME);
    assert_eq!(watched.names().len(), 2);
    assert!(watched.enforces());
    assert_eq!(watched.put_right(), []);
    // The other way round again: from the second place to the first.
    filter.tc(&watched, &format!("filter add {INGRESS} protocol all prio 1 bpf"));
    assert!(watched.arrives(DENIED));
    assert_eq!(watched.put_right(), [moved]);
    assert_eq!(watched.names().len(), 3);
    assert!(watched.enforces());
}

#[test]
fn a_filter_that_was_removed_or_led_elsewhere_comes_back() {
    if !available() {
        return;
    }
    let mut watched = clsact("clsact-removed");
    watched.net.node.tc(&format!("filter del {OURS}")).unwrap();
    assert!(watched.arrives(DENIED), "nobody stands on the hook");
    let attached = (Direction::Ingress, Drift::Detached, Repair::Attached);
    assert_eq!(watched.put_right(), [attached]);
    assert!(watched.enforces());

    let filter = Filter::pinned(&watched, Manner::Passes);
    filter.tc(&watched, &format!("filter replace {OURS}"));
    assert!(watched.arrives(DENIED), "the place is another's");
    let restored = (Direction::Ingress, Drift::ProgramChanged, Repair::Restored);
    assert_eq!(watched.put_right(), [restored]);
    assert!(watched.enforces());

    // Our own program whose verdict is not taken as one.
    let pin = watched.pin("ingress-filter");
    watched.net.node.tc(&format!("filter replace {OURS} object-pinned {pin}")).unwrap();
    assert!(watched.arrives(DENIED), "it decides nothing");
    assert_eq!(watched.put_right(), [restored]);
    assert!(watched.enforces());

    watched.net.node.tc("qdisc del dev server clsact").unwrap();
    assert!(watched.arrives(DENIED), "nobody stands on any hook");
    let both = [(Direction::Egress, Drift::Detached, Repair::Attached), attached];
    assert_eq!(watched.put_right(), both);
    assert!(watched.enforces());
    assert_eq!(watched.put_right(), []);
}

#[test]
fn a_pin_that_was_removed_or_changed_is_made_again_and_the_hook_stayed_closed() {
    if !available() {
        return;
    }
    let mut watched = clsact("clsact-pin");
    let pin = watched.pin("ingress-filter");
    std::fs::remove_file(&pin).unwrap();
    assert!(watched.enforces());
    let removed = (Direction::Ingress, Drift::PinRemoved, Repair::Pinned);
    assert_eq!(watched.put_right(), [removed]);
    std::fs::remove_file(&pin).unwrap();
    Foreign::load(Manner::Passes).pin(&pin);
    let changed = (Direction::Ingress, Drift::PinChanged, Repair::Pinned);
    assert_eq!(watched.put_right(), [changed]);
    assert_eq!(watched.put_right(), []);
    assert!(watched.enforces());
}

#[test]
fn other_programs_take_our_place_and_no_packet_finds_it_open_or_closed() {
    if !available() {
        return;
    }
    const UPGRADES: usize = 8;
    let mut watched = clsact("clsact-flood");
    // Another lifetime makes another program; the maps stay.
    let mut config = watched.net.instance.config().clone();
    config.lifetimes.report_interval += Duration::from_secs(1);
    let mut other = Some(Instance::open(&config).unwrap());
    let flood = Flood::start(&watched.net.client, &watched.net.server);
    let mut listings = BTreeSet::new();
    for _ in 0..UPGRADES {
        std::mem::swap(&mut watched.instance, &mut other);
        let instance = watched.instance.take().unwrap();
        std::thread::scope(|scope| {
            let net = &watched.net;
            let talk = scope.spawn(|| ask_and_hear(net, 50));
            let upgraded = net.node.run(move || {
                let mut instance = instance;
                instance.attach(SERVER_DEVICE, SERVER.interface()).unwrap();
                instance
            });
            watched.instance = Some(upgraded.unwrap());
            talk.join().unwrap();
        });
        assert_eq!(watched.put_right(), []);
        assert_eq!(watched.names(), [OURS_BY_NAME], "in place, not beside");
        listings.insert(listed(&watched));
    }
    assert_eq!(listings.len(), 2, "two programs by turns: {listings:?}");
    let _filter = Filter::add(&watched, Manner::Watches, 1);
    assert_eq!(watched.put_right().len(), 1, "it moves to the head, too");
    assert_eq!(flood.arrived(), 0);
}

#[test]
fn attaching_again_writes_nothing_and_detaching_removes_ours_and_nothing_else() {
    if !available() {
        return;
    }
    let mut watched = clsact("clsact-detach");
    let _filter = Filter::add(&watched, Manner::Watches, 7);
    let before = listed(&watched);
    watched.with(|instance| instance.attach(SERVER_DEVICE, SERVER.interface()).unwrap());
    assert_eq!(listed(&watched), before);
    watched.with(|instance| instance.detach(SERVER_DEVICE, 0).unwrap());
    assert!(watched.arrives(DENIED));
    let after = listed(&watched);
    assert!(after.contains("foreign_watches"), "{after}");
    assert!(!after.contains("ringfence_ingress"), "{after}");
    let qdiscs = watched.net.node.tc("qdisc show dev server").unwrap();
    assert!(qdiscs.contains("clsact"), "{qdiscs}");
    // What was detached is not put right.
    assert_eq!(watched.put_right(), []);
    // Whoever removes all pins takes the filters of the other interface along.
    let directory = watched.net.instance.config().pin_dir.clone();
    drop(watched.instance.take());
    let others = watched.net.node.tc("filter show dev client ingress").unwrap();
    assert!(others.contains("ringfence_egress"), "{others}");
    watched.net.node.run(move || datapath::remove_pins(&directory).unwrap()).unwrap();
    let others = watched.net.node.tc("filter show dev client ingress").unwrap();
    assert!(!others.contains("ringfence_egress"), "{others}");
}

#[test]
fn an_interface_that_is_gone_is_named_and_one_that_is_there_is_not() {
    if !available() {
        return;
    }
    let mut watched = clsact("clsact-gone");
    let stale = |instance: &mut Instance| instance.stale_interfaces().unwrap();
    assert_eq!(watched.with(stale), []);
    watched.net.node.ip("link del server").unwrap();
    assert_eq!(watched.with(stale), [SERVER_DEVICE]);
    watched.with(|instance| instance.detach(SERVER_DEVICE, 0).unwrap());
    assert_eq!(watched.with(stale), []);
}

#[test]
fn another_qdisc_in_the_place_of_clsact_is_refused_by_name() {
    if !available() {
        return;
    }
    let mut watched = clsact("clsact-ingress");
    watched.net.node.tc("qdisc del dev server clsact").unwrap();
    watched.net.node.tc("qdisc add dev server ingress").unwrap();
    let refused = watched.with(|instance| instance.put_right(SERVER_DEVICE).unwrap_err());
    assert!(
        matches!(
            &refused,
            AttachError::Filter { source: FilterError::Qdisc { kind }, .. } if kind == "ingress"
        ),
        "{refused:?}"
    );
    watched.net.node.tc("qdisc del dev server ingress").unwrap();
    watched.net.node.tc("qdisc add dev server clsact").unwrap();
    assert_eq!(watched.put_right().len(), 2);
    assert!(watched.enforces());
}

#[test]
fn an_instance_that_is_attached_by_one_means_is_not_opened_with_the_other() {
    if !available() {
        return;
    }
    let watched = clsact("clsact-mixed");
    let mut config = watched.net.instance.config().clone();
    assert!(Instance::open(&config).is_ok());
    config.hooks = Hooks::Tcx;
    let refused = Instance::open(&config).unwrap_err();
    let wanted = OpenError::Hooks { found: "clsact", wanted: "tcx" };
    assert_eq!(refused.to_string(), wanted.to_string());
}
