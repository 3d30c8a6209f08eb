//! T0 = T1 on random worlds: the oracle and the table agree on verdict and reason everywhere.

#![expect(clippy::panic, reason = "a failing seed panics with what replays it")]

use compile::{Compiled, Scope, Slots, Untranslated, compile};
use model::{Rules, World};
use proptest::prelude::*;
use testkit::generate::{Generated, generated};

fn table(world: &World, rules: &Rules) -> Compiled {
    compile(world, rules, &Slots::of(world, Scope::Everywhere))
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Compares every flow; the number of those that have addresses.
fn compare(case: &Generated, context: &str) -> u32 {
    let table = table(&case.world, &case.rules);
    let mut compared = 0;
    for flow in &case.flows {
        match table.decide(flow) {
            Ok(decision) => {
                let oracle = policy::decide(&case.world, &case.rules, flow);
                assert_eq!(decision, oracle, "{context}: {flow:?} under {:#?}", case.rules);
                compared += 1;
            }
            Err(Untranslated::NoAddress) => {}
            Err(error) => panic!("{context}: {flow:?}: {error}"),
        }
    }
    compared
}

#[test]
fn the_table_says_what_the_oracle_says() {
    let compared: u32 =
        (0..60).map(|seed| compare(&Generated::seeded(seed), &format!("seed {seed}"))).sum();
    println!("T1 random: {compared} decisions of 60 worlds");
    assert!(compared > 60_000, "{compared}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_table_says_so_of_shrunken_worlds_too(case in generated()) {
        compare(&case, "drawn");
    }
}
