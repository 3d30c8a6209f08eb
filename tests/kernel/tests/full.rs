//! A full table, and the loop of a node over the real kernel: what the simulation's fake relies on.
//!
//! A table that is full refuses what is new and takes what it knows; whoever counts first never hears
//! of it, keeps what was good, and says what is left out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test may say so in any way")]

use abi::{Address, RowKey, RowValue};
use compile::{Capacities, Scope, Slots};
use datapath::{Instance, PerformError, ReadError};
use node::{Held, Node};
use plan::{Kernel, Op};
use ringfence_kernel::{Bench, available};
use testkit::generate::Generated;

const PEERS: u32 = 4;
const ROWS: u32 = 8;

fn peer(last: u8, class: u32) -> Op {
    Op::Peer { address: Address::from(std::net::IpAddr::from([10, 0, 0, last])), class }
}

fn row(set: u32, base: u32) -> Op {
    Op::Row { key: RowKey { set, class: 1 }, value: RowValue { base, width: 1 } }
}

#[test]
fn a_full_table_refuses_a_new_key_and_takes_a_known_one() {
    if !available() {
        return;
    }
    let bench = Bench::with(|config| {
        config.capacities.peers = PEERS;
        config.capacities.rows = ROWS;
    })
    .unwrap();
    let instance = bench.instance();
    for (fills, known, new) in [
        ((1..=4).map(|last| peer(last, 1)).collect::<Vec<_>>(), peer(2, 7), peer(5, 1)),
        ((1..=8).map(|set| row(set, 1)).collect(), row(3, 7), row(9, 1)),
    ] {
        instance.perform(&fills).unwrap();
        instance.perform(std::slice::from_ref(&known)).unwrap();
        let full = instance.observe().unwrap();
        let refused = instance.perform(&[known, new]).unwrap_err();
        assert_eq!(refused.index, 1, "{refused}");
        assert_eq!(instance.observe().unwrap(), full);
    }
}

#[test]
fn the_kernel_says_how_much_room_there_is() {
    if !available() {
        return;
    }
    let usual = Bench::new().unwrap();
    let room = Kernel::capacities(usual.instance()).unwrap();
    let datapath::Capacities { peers, prefixes, rows, cells, services, backends, .. } =
        datapath::Capacities::default();
    let endpoints = abi::capacity::ENDPOINTS;
    let expected = Capacities { peers, prefixes, rows, cells, endpoints, services, backends };
    assert_eq!(room, expected);
    let small = Bench::with(|config| config.capacities.rows = ROWS).unwrap();
    assert_eq!(Kernel::capacities(small.instance()).unwrap(), Capacities { rows: ROWS, ..room });
}

/// The datapath, which counts.
#[derive(Debug)]
struct Counted<'a> {
    instance: &'a Instance,
    writes: usize,
}

impl Kernel for Counted<'_> {
    type ObserveError = ReadError;
    type PerformError = PerformError;

    fn capacities(&self) -> Result<Capacities, ReadError> {
        self.instance.capacities()
    }

    fn observe(&self) -> Result<compile::Image, ReadError> {
        self.instance.observe()
    }

    fn reset_rule_counts(&mut self, numbers: &[u16]) -> Result<(), ReadError> {
        self.instance.reset_rule_counts(numbers)
    }

    fn open_host(&mut self, endpoint: u32) -> Result<(), ReadError> {
        Ok(self.instance.open_host(endpoint)?)
    }

    fn perform(&mut self, ops: &[Op]) -> Result<(), PerformError> {
        self.writes += ops.len();
        self.instance.perform(ops)
    }
}

#[test]
fn a_process_that_begins_anew_with_nothing_changed_writes_nothing() {
    if !available() {
        return;
    }
    for seed in 7300..7303 {
        let bench = Bench::new().unwrap();
        let mut kernel = Counted { instance: bench.instance(), writes: 0 };
        let case = Generated::seeded(seed);
        let mut node = Node::default();
        node.follow(&case.world, Scope::Everywhere);
        node.program(&mut kernel, &case.world, &case.rules, &mut |_, _| Ok(())).unwrap();
        assert!(std::mem::take(&mut kernel.writes) > 0);
        let dump = bench.instance().observe().unwrap();

        let pods = case.world.pods().filter_map(|(_, pod)| {
            Some(((pod.namespace.clone(), pod.name.clone()), node.slots().get(pod)?))
        });
        let of_node = |name: &str| Some((name.to_owned(), node.slots().of_node(name)?));
        let mut nodes = case.world.nodes().filter_map(|(_, node)| of_node(&node.name));
        let host = nodes.find(|(_, slot)| dump.endpoints.contains_key(slot));
        let mut again = Node::restarted(Slots::held(pods, host));
        again.follow(&case.world, Scope::Everywhere);
        again.program(&mut kernel, &case.world, &case.rules, &mut |_, _| Ok(())).unwrap();
        assert_eq!(kernel.writes, 0, "seed {seed}");
        assert_eq!(bench.instance().observe().unwrap(), dump, "seed {seed}");
    }
}

#[test]
fn what_does_not_fit_is_left_out_and_named_and_the_kernel_hears_of_none_of_it() {
    if !available() {
        return;
    }
    let mut left_out = 0;
    for seed in 7400..7406 {
        let bench = Bench::with(|config| config.capacities.rows = ROWS).unwrap();
        let mut kernel = Counted { instance: bench.instance(), writes: 0 };
        let case = Generated::seeded(seed);
        let mut node = Node::default();
        node.follow(&case.world, Scope::Everywhere);
        node.program(&mut kernel, &case.world, &case.rules, &mut |_, _| Ok(())).unwrap();
        let image = bench.instance().observe().unwrap();
        assert!(image.rows.len() <= ROWS as usize);
        for held in &node.not_programmed().endpoints {
            assert_eq!(held.held, Held::Quarantine, "it never had policies that were good");
            assert_eq!(held.shortage.table, "rows");
            assert!(!image.endpoints.get(&held.slot).is_some_and(|record| record.sets.is_live()));
            left_out += 1;
        }
    }
    assert!(left_out > 0);
}

#[test]
fn what_was_left_out_has_room_after_the_tables_grew() {
    if !available() {
        return;
    }
    let mut grown = 0;
    for seed in 7400..7406 {
        let mut bench = Bench::with(|config| config.capacities.rows = ROWS).unwrap();
        let case = Generated::seeded(seed);
        let mut node = Node::default();
        node.follow(&case.world, Scope::Everywhere);
        let program = |node: &mut Node, bench: &Bench| {
            let mut kernel = Counted { instance: bench.instance(), writes: 0 };
            node.program(&mut kernel, &case.world, &case.rules, &mut |_, _| Ok(())).unwrap();
        };
        program(&mut node, &bench);
        let shortages = node.not_programmed().shortages.clone();
        let wanted = bench.instance().config().capacities.with_room(&shortages);
        assert_eq!(bench.grow(&wanted).unwrap(), !shortages.is_empty(), "seed {seed}");
        program(&mut node, &bench);
        assert_eq!(*node.not_programmed(), node::NotProgrammed::default(), "seed {seed}");
        grown += usize::from(!shortages.is_empty());
    }
    assert!(grown > 0, "no table was ever too small");
}

#[test]
fn an_interface_whose_endpoint_is_beyond_the_table_goes_like_any_other() {
    if !available() {
        return;
    }
    const INTERFACE: u32 = 77;
    let bench = Bench::new().unwrap();
    let beyond = bench.instance().capacities().unwrap().endpoints;
    let record = abi::Interface { endpoint: beyond, ..abi::Interface::default() };
    bench.instance().set_interface(INTERFACE, record).unwrap();
    bench.instance().detach(INTERFACE, 0).unwrap();
    assert!(bench.instance().vacate(INTERFACE, 0).unwrap().is_empty(), "its record is gone");
}
