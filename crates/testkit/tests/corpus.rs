//! The corpus holds together, and the oracle agrees with every line of it.
#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use ringfence_testkit::corpus::{Case, expected, load_all, reason};
use ringfence_testkit::rulings;

fn corpus() -> &'static [Case] {
    static CORPUS: LazyLock<Vec<Case>> =
        LazyLock::new(|| load_all().unwrap_or_else(|error| panic!("{error}")));
    &CORPUS
}

#[test]
fn the_oracle_gives_every_expected_decision() {
    let cases = corpus();
    let mut flows = 0;
    let mut differences = Vec::new();
    for case in cases {
        for step in &case.steps {
            flows += step.flows.len();
            let as_staged = step.rules.with_staged_enforced();
            differences.extend(step.flows.iter().flat_map(|flow| {
                let [decision, staged] = [&step.rules, &as_staged]
                    .map(|rules| policy::decide(&step.world, rules, &flow.flow));
                let found = expected::differences(flow, &decision, &staged).into_iter();
                found.map(|difference| format!("{}: {difference}", case.name))
            }));
        }
    }
    println!("T0: {} cases, {flows} flows, {} differences", cases.len(), differences.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_ruling_has_a_case_and_a_twin() {
    let gaps: Vec<String> = rulings::gaps(corpus()).iter().map(ToString::to_string).collect();
    assert!(gaps.is_empty(), "{}", gaps.join("\n"));
}

#[test]
fn no_two_cases_have_equal_worlds() {
    assert_eq!(rulings::equal_worlds(corpus()), []);
}

#[test]
fn no_case_asks_the_same_flow_twice() {
    for case in corpus() {
        for step in &case.steps {
            let mut asked = BTreeSet::new();
            for expected in &step.flows {
                assert!(asked.insert(&expected.flow), "{}: {}", case.name, expected.text);
            }
        }
    }
}

#[test]
fn reasons_read_back_from_what_they_show() {
    for case in corpus() {
        for expected in case.steps.iter().flat_map(|step| &step.flows) {
            for judgement in [&expected.decision.egress, &expected.decision.ingress] {
                let shown = judgement.reason.to_string();
                assert_eq!(reason(&shown).as_ref(), Some(&judgement.reason));
            }
        }
    }
}

#[test]
fn a_case_runs_somewhere_and_says_why_not_everywhere() {
    for case in corpus() {
        if let Some(only) = &case.only {
            assert!(!only.tiers.is_empty() && !only.because.is_empty(), "{}", case.name);
        }
    }
}

#[test]
fn the_page_on_semantics_holds_every_ruling() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/semantics.md");
    let page = std::fs::read_to_string(page).unwrap_or_else(|error| panic!("{error}"));
    for (id, _, _) in rulings::RULINGS {
        assert_eq!(page.matches(&format!("\n| {id} |")).count(), 1, "{id}");
    }
}
