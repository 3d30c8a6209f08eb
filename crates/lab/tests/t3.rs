//! T3: every flow of the corpus that a packet can be, as a real packet between real namespaces.
//!
//! A probe counts only with its control run, its outcome and the kernel's own event at every end
//! that has a policy.

#![allow(clippy::panic, reason = "a failing case panics with its name")]

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use lab::progress::Quiet;
use lab::{
    Counts, HelperProgram, HostSettings, Lab, LabError, LabName, Outcome, Probe, ProbeResult,
    Settings,
};
use model::{Decision, Flow};
use testkit::corpus::{Case, Expected, TierName, load_all};

/// Labs at once: they wait more than they work.
const LABS: usize = 3;

#[derive(Default)]
struct Total {
    cases: usize,
    probes: usize,
    allowed: usize,
    left_out: usize,
    rulings: BTreeSet<String>,
    failures: Vec<String>,
}

impl Total {
    fn add(&mut self, counts: Counts, left_out: usize) {
        self.probes += counts.probes;
        self.allowed += counts.allowed;
        self.left_out += left_out;
    }
}

fn settings(thread: usize) -> Settings {
    let name = LabName::new(&format!("t3-{thread}")).unwrap_or_else(|error| panic!("{error}"));
    let helper = HelperProgram { path: env!("CARGO_BIN_EXE_lab-helper").into(), arguments: vec![] };
    Settings { name, helper, outside: Vec::new(), host: HostSettings::default() }
}

fn decided(flows: &[Expected]) -> Vec<(Flow, Decision)> {
    flows.iter().map(|expected| (expected.flow.clone(), expected.decision.clone())).collect()
}

/// Makes a case real and goes through its steps.
fn probe(case: &Case, thread: usize, total: &Mutex<Total>) -> Result<(), LabError> {
    let (first, rest) = case.steps.split_first().unwrap_or_else(|| panic!("{}", case.name));
    let only = |flows: &[Expected]| flows.iter().map(|e| e.flow.clone()).collect::<Vec<_>>();
    let mut lab =
        Lab::up(settings(thread), first.world.clone(), first.rules.clone(), &only(&first.flows))?;
    let (probes, _) = lab.probes_of(&decided(&first.flows));
    let unreached = lab.control(&probes, &mut Quiet)?;
    fail_control(case, &unreached, total);
    lab.enforce()?;
    check(&mut lab, case, &first.flows, total)?;
    for step in rest {
        lab.apply(step.world.clone(), step.rules.clone(), &only(&step.flows))?;
        let unreached = lab.control_new(&mut Quiet)?;
        fail_control(case, &unreached, total);
        check(&mut lab, case, &step.flows, total)?;
    }
    lab.down()
}

fn fail_control(case: &Case, unreached: &[(Probe, Outcome)], total: &Mutex<Total>) {
    for (probe, outcome) in unreached {
        let Probe { from, to, .. } = probe;
        fail(total, format!("{}: control of {from} -> {to}: {outcome:?}", case.name));
    }
}

fn check(
    lab: &mut Lab,
    case: &Case,
    flows: &[Expected],
    total: &Mutex<Total>,
) -> Result<(), LabError> {
    let (probes, left_out) = lab.probes_of(&decided(flows));
    let results = lab.probe(&probes, &mut Quiet)?;
    for result in results.iter().filter(|result| !result.differences.is_empty()) {
        fail(total, format!("{}: {}", case.name, words(result)));
    }
    let report = lab::RunReport { lab: String::new(), results, control_failed: vec![], left_out };
    let mut total = total.lock().unwrap_or_else(|error| panic!("{error}"));
    total.add(report.counts(), left_out);
    total.rulings.extend(flows.iter().flat_map(|expected| expected.rulings.clone()));
    Ok(())
}

fn words(result: &ProbeResult) -> String {
    let ProbeResult { probe, outcome, differences } = result;
    format!("{} -> {} {:?}: {outcome:?}, {differences:?}", probe.from, probe.to, probe.decision)
}

fn fail(total: &Mutex<Total>, failure: String) {
    total.lock().unwrap_or_else(|error| panic!("{error}")).failures.push(failure);
}

/// Takes cases until there are none left.
fn work(thread: usize, cases: &[&Case], next: &AtomicUsize, total: &Mutex<Total>) {
    while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
        if let Err(error) = probe(case, thread, total) {
            fail(total, format!("{}: {}", case.name, lab::chain(&error)));
        }
        total.lock().unwrap_or_else(|error| panic!("{error}")).cases += 1;
    }
}

#[test]
fn real_packets_do_what_the_corpus_expects() {
    if let Err(error) = lab::preflight() {
        let required = std::env::var("RINGFENCE_REQUIRE_KERNEL").is_ok_and(|value| value == "1");
        assert!(!required, "the kernel is required: {error}");
        eprintln!("SKIPPED: {error}");
        return;
    }
    let cases = load_all().unwrap_or_else(|error| panic!("{error}"));
    let only = std::env::var("RINGFENCE_CASE").unwrap_or_default();
    let cases: Vec<&Case> = cases
        .iter()
        .filter(|case| case.runs_in(TierName::T3) && case.name.contains(&only))
        .collect();
    let (next, total) = (AtomicUsize::new(0), Mutex::new(Total::default()));
    thread::scope(|scope| {
        for number in 0..LABS {
            let (cases, next, total) = (&cases, &next, &total);
            scope.spawn(move || work(number, cases, next, total));
        }
    });
    let total = total.into_inner().unwrap_or_else(|error| panic!("{error}"));
    println!(
        "T3 corpus: {} cases, {} probes, {} allowed, {} rulings; {} flows left to other tiers",
        total.cases,
        total.probes,
        total.allowed,
        total.rulings.len(),
        total.left_out
    );
    assert!(total.failures.is_empty(), "{}", total.failures.join("\n"));
    assert!(total.probes >= 1_000 || !only.is_empty(), "only {} probes", total.probes);
}
