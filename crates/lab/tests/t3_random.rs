//! T3 on random worlds: the oracle's answers and real packets, where nobody chose the case.
//!
//! The worlds are those that the other tiers draw; what no packet can be is left to them.

#![allow(clippy::panic, reason = "a failing world panics with its seed")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use lab::progress::Quiet;
use lab::{HelperProgram, HostSettings, LabError, LabName, RunReport, Settings};
use model::{Decision, Flow};
use testkit::generate::Generated;

/// Labs at once: they wait more than they work.
const LABS: usize = 3;
const WORLDS: u64 = 40;
const FLOWS_MAX: usize = 160;

#[derive(Default)]
struct Total {
    probes: usize,
    allowed: usize,
    left_out: usize,
    failures: Vec<String>,
}

impl Total {
    fn add(&mut self, seed: u64, report: &RunReport) {
        let counts = report.counts();
        self.probes += counts.probes;
        self.allowed += counts.allowed;
        self.left_out += report.left_out;
        for (probe, outcome) in &report.control_failed {
            self.fail(seed, &format!("control of {} -> {}: {outcome}", probe.from, probe.to));
        }
        for result in &report.results {
            let (probe, outcome) = (&result.probe, &result.outcome);
            let what = format!("{} -> {} {:?}", probe.from, probe.to, probe.flow);
            for difference in &result.differences {
                self.fail(seed, &format!("{what}: {difference}; {outcome}"));
            }
        }
    }

    fn fail(&mut self, seed: u64, what: &str) {
        self.failures.push(format!(
            "RINGFENCE_SEED={seed} cargo test -p ringfence-lab --test t3_random: {what}"
        ));
    }
}

/// Makes the world of `seed` real and sends flows at its edges. A lab's own processes send, and what is
/// said of a node has to get past its guards, so these are in `process.rs` and `host.rs`.
fn run(seed: u64, thread: usize) -> Result<RunReport, LabError> {
    let generated = Generated::of_pods(seed);
    let decided = |flow: &&Flow| -> (Flow, Decision) {
        ((*flow).clone(), policy::decide(&generated.world, &generated.rules, flow))
    };
    let flows: Vec<_> = generated.sample(FLOWS_MAX).iter().map(decided).collect();
    let name = LabName::new(&format!("t3r-{thread}"))?;
    let helper = HelperProgram { path: env!("CARGO_BIN_EXE_lab-helper").into(), arguments: vec![] };
    let settings = Settings { name, helper, outside: Vec::new(), host: HostSettings::default() };
    lab::verify(settings, generated.world.clone(), generated.rules.clone(), &flows, &mut Quiet)
}

fn work(thread: usize, seeds: std::ops::Range<u64>, next: &AtomicU64, total: &Mutex<Total>) {
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if !seeds.contains(&seed) {
            return;
        }
        let report = run(seed, thread);
        let mut total = total.lock().unwrap_or_else(|error| panic!("{error}"));
        match report {
            Ok(report) => total.add(seed, &report),
            Err(error) => total.fail(seed, &lab::chain(&error)),
        }
    }
}

#[test]
fn real_packets_do_what_the_oracle_says_of_random_worlds() {
    if let Err(error) = lab::preflight() {
        let required = std::env::var("RINGFENCE_REQUIRE_KERNEL").is_ok_and(|value| value == "1");
        assert!(!required, "the kernel is required: {error}");
        eprintln!("SKIPPED: {error}");
        return;
    }
    let seeds = match std::env::var("RINGFENCE_SEED").map(|seed| seed.parse()) {
        Ok(Ok(seed)) => seed..seed + 1,
        Ok(Err(error)) => panic!("RINGFENCE_SEED: {error}"),
        Err(_) => 0..WORLDS,
    };
    let (next, total) = (AtomicU64::new(seeds.start), Mutex::new(Total::default()));
    thread::scope(|scope| {
        for number in 0..LABS {
            let (seeds, next, total) = (seeds.clone(), &next, &total);
            scope.spawn(move || work(number, seeds, next, total));
        }
    });
    let total = total.into_inner().unwrap_or_else(|error| panic!("{error}"));
    println!(
        "T3 random: {} worlds, {} probes, {} allowed; {} flows left to other tiers",
        seeds.end - seeds.start,
        total.probes,
        total.allowed,
        total.left_out
    );
    assert!(total.failures.is_empty(), "{}", total.failures.join("\n"));
    let denied = total.probes - total.allowed;
    let is_whole = seeds.end == WORLDS;
    assert!(!is_whole || total.probes >= 2_000, "only {} probes", total.probes);
    assert!(!is_whole || total.allowed.min(denied) * 10 > total.probes, "one-sided");
}
