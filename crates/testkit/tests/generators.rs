//! What the generators draw is varied enough to find something, and replays.

use std::collections::BTreeSet;

use model::{ENFORCEMENT_LABEL, End, Labels, Origin, Verdict};
use proptest::prelude::*;
use ringfence_testkit::generate::{Generated, generated};

#[test]
fn a_seed_replays() {
    let (one, same) = (Generated::seeded(42), Generated::seeded(42));
    assert_eq!(one.flows, same.flows);
    assert_eq!(one.rules, same.rules);
}

#[test]
fn seeds_reach_every_kind_of_end_both_verdicts_and_many_reasons() {
    let mut ends = BTreeSet::new();
    let mut reasons = BTreeSet::new();
    let mut verdicts = BTreeSet::new();
    let (mut staged, mut switched) = (0, 0);
    for seed in 0..60 {
        let Generated { world, rules, flows } = Generated::seeded(seed);
        staged += u32::from(rules.staged().len() > 0);
        let says = |(_, labels): (&str, &Labels)| labels.get(ENFORCEMENT_LABEL).is_some();
        switched += u32::from(world.namespaces().any(says));
        for flow in flows.iter().step_by(7) {
            let decision = policy::decide(&world, &rules, flow);
            verdicts.insert(decision.verdict());
            reasons.insert(decision.deciding().reason.to_string());
            ends.insert((kind(flow.source()), kind(flow.destination())));
            if flow.origin() == Origin::Host {
                ends.insert(("the host itself", kind(flow.destination())));
            }
        }
    }
    assert_eq!(verdicts, BTreeSet::from([Verdict::Deny, Verdict::Allow]));
    assert_eq!(ends.len(), 13, "{ends:?}");
    assert!(reasons.len() > 60, "{}", reasons.len());
    assert!((15..45).contains(&staged), "{staged} of 60 worlds have staged policies");
    assert!((5..30).contains(&switched), "{switched} of 60 worlds have namespaces with a word");
}

fn kind(end: &End) -> &'static str {
    match end {
        End::Pod { .. } => "pod",
        End::Host { .. } => "node",
        End::UnknownPod { .. } => "unknown pod",
        End::External { .. } => "external",
        End::Domain { .. } => "name",
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_flow_has_an_end_that_rules_can_speak_for(case in generated()) {
        let rules = case.rules.with_staged_enforced();
        let is_subject = |end: &End| match end {
            End::Pod { .. } => true,
            End::Host { node: Some(node), .. } => {
                let labels = &case.world.node(*node).labels;
                rules.iter().any(|rule| rule.subject.selects_node(labels))
            }
            End::Host { node: None, .. }
            | End::UnknownPod { .. }
            | End::External { .. }
            | End::Domain { .. } => false,
        };
        for flow in &case.flows {
            prop_assert!(is_subject(flow.source()) || is_subject(flow.destination()));
        }
        prop_assert!(case.sample(10).len() <= 10);
    }
}

#[test]
fn no_flow_comes_twice() {
    for seed in 0..10 {
        let flows = Generated::seeded(seed).flows;
        assert_eq!(flows.iter().collect::<BTreeSet<_>>().len(), flows.len());
    }
}
