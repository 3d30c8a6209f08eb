//! T0 = T1 on what becomes of a connection that exists when a denial begins (ruling N25): the oracle
//! and the table agree whether it lives on.

#![expect(clippy::panic, reason = "a failing case panics with its name")]

use compile::{Scope, Slots, compile};
use model::{
    Builtin, Decision, Direction, Flow, Judgement, PolicyKind, PolicyRef, Reason, Rules, Verdict,
    World,
};
use testkit::{
    corpus::{TierName, load_all},
    generate::Generated,
};

#[derive(Default)]
struct Count {
    kept: u32,
    ended: u32,
}

/// Compares both ends of every flow that has addresses.
fn compare(world: &World, rules: &Rules, flows: &[(&Flow, Decision)], count: &mut Count) {
    let table = compile(world, rules, &Slots::of(world, Scope::Everywhere))
        .unwrap_or_else(|error| panic!("{error}"));
    for (flow, decision) in flows {
        for (direction, judgement) in
            [(Direction::Egress, &decision.egress), (Direction::Ingress, &decision.ingress)]
        {
            let Ok(kept) = table.keeps_existing(flow, direction) else { continue };
            let wanted = policy::keeps_existing(rules, judgement);
            assert_eq!(kept, wanted, "{direction} of {flow:?}: {judgement:?} under {rules:#?}");
            match (kept, judgement.verdict) {
                (true, _) => count.kept += 1,
                (false, Verdict::Deny) => count.ended += 1,
                (false, Verdict::Allow) => {}
            }
        }
    }
}

/// Every other policy keeps what exists.
fn half_keeping(rules: &Rules) -> Rules {
    let mut policies: Vec<PolicyRef> =
        rules.iter().map(|rule| rule.origin.policy.clone()).collect();
    policies.dedup();
    policies.into_iter().step_by(2).fold(rules.clone(), Rules::with_keeping)
}

#[test]
fn the_table_keeps_what_the_oracle_keeps_on_the_corpus() {
    let mut count = Count::default();
    let cases = load_all().unwrap_or_else(|error| panic!("{error}"));
    for case in cases.iter().filter(|case| case.runs_in(TierName::T1)) {
        for step in &case.steps {
            let flows: Vec<_> =
                step.flows.iter().map(|line| (&line.flow, line.decision.clone())).collect();
            compare(&step.world, &step.rules, &flows, &mut count);
        }
    }
    println!("T1 corpus: {} denials keep what exists, {} end it", count.kept, count.ended);
    assert!(count.kept > 0 && count.ended > 500);
}

#[test]
fn the_table_keeps_what_the_oracle_keeps_in_random_worlds() {
    let mut count = Count::default();
    for seed in 0..20 {
        let case = Generated::seeded(seed);
        let rules = half_keeping(&case.rules);
        let decided = |flow| (flow, policy::decide(&case.world, &rules, flow));
        let flows: Vec<_> = case.flows.iter().map(decided).collect();
        compare(&case.world, &rules, &flows, &mut count);
    }
    println!("T1 random: {} denials keep what exists, {} end it", count.kept, count.ended);
    assert!(count.kept > 1000 && count.ended > 1000);
}

#[test]
fn one_policy_that_does_not_keep_is_enough_to_end_a_connection() {
    let policy = |name: &str| PolicyRef {
        name: name.to_owned(),
        namespace: Some("x".to_owned()),
        kind: PolicyKind::NetworkPolicy,
    };
    let rules = Rules::default().with_keeping(policy("a")).with_keeping(policy("b"));
    let denied = |policies| Judgement::new(Verdict::Deny, Reason::DefaultDeny(policies));
    let keeps = |judgement| policy::keeps_existing(&rules, &judgement);
    assert!(keeps(denied(vec![policy("a")])));
    assert!(keeps(denied(vec![policy("a"), policy("b")])));
    assert!(!keeps(denied(vec![policy("a"), policy("c")])));
    assert!(!keeps(Builtin::NotProgrammed.into()), "a fault keeps nothing");
}
