//! Seeds of the simulation: some in every run, any number or one by itself on demand.

#![allow(clippy::panic, reason = "a failing seed panics")]

use ringfence_sim::{Tally, run};

/// Seeds of every run.
const SEEDS: u64 = 300;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

/// `RINGFENCE_SIM_SEED` runs one, `RINGFENCE_SIM_SEEDS` as many.
#[test]
fn a_node_is_safe_under_faults_and_arrives_when_they_stop() {
    let one = number("RINGFENCE_SIM_SEED");
    let seeds = match one {
        Some(seed) => seed..seed + 1,
        None => 0..number("RINGFENCE_SIM_SEEDS").unwrap_or(SEEDS),
    };
    let mut all = Tally::default();
    for seed in seeds {
        match run(seed) {
            Ok(tally) => all += tally,
            Err(violation) => panic!("{violation}"),
        }
    }
    println!("simulation: {all}");
    let happened = [all.writes, all.flows, all.cut, all.refused, all.deaths, all.held, all.staged];
    assert!(one.is_some() || happened.iter().all(|count| *count > 0), "too little: {all}");
}
