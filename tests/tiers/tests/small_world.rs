//! T0 = T1 on the whole small world: every rule pair, pod pair, port pair, direction and tier.

#![expect(clippy::panic, reason = "a failing case panics with its rules")]

use std::num::NonZero;
use std::thread;

use compile::{Scope, Slots, compile};
use testkit::small_world;

/// Compares part `part` of `parts` parts; how many decisions that were.
fn compare(part: usize, parts: usize) -> u64 {
    let mut decisions = 0;
    for case in small_world().skip(part).step_by(parts) {
        let slots = Slots::of(&case.world, Scope::Everywhere);
        let table =
            compile(&case.world, &case.rules, &slots).unwrap_or_else(|error| panic!("{error}"));
        for flow in case.flows.iter() {
            let oracle = policy::decide(&case.world, &case.rules, flow);
            let said = table.decide(flow).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(said, oracle, "{flow:?} under {:#?}", case.rules);
            decisions += 1;
        }
    }
    decisions
}

#[test]
fn the_table_says_what_the_oracle_says_everywhere() {
    let parts = thread::available_parallelism().map_or(1, NonZero::get);
    let decisions: u64 = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..parts).map(|part| scope.spawn(move || compare(part, parts))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| panic!("a part failed")))
            .sum()
    });
    println!("small world: {decisions} decisions, T0 = T1");
    assert!(decisions >= 1_000_000, "only {decisions}");
}
