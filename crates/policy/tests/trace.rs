//! A trace says what the decision rests on, stage by stage, in random worlds.

#![allow(clippy::unwrap_used, reason = "a test may crash")]

use std::collections::BTreeSet;

use model::{Action, Builtin, Direction, End, Flow, PodId, Reason, Rule, Tier};
use ringfence_policy::{EndTrace, Outcome, decide, item, speaks_for, trace};
use testkit::generate::Generated;

fn each(mut check: impl FnMut(&Generated, &Flow, Direction, &EndTrace)) {
    for seed in 0..150 {
        let generated = Generated::seeded(seed);
        for flow in generated.sample(400) {
            let traced = trace(&generated.world, &generated.rules, flow);
            check(&generated, flow, Direction::Egress, &traced.egress);
            check(&generated, flow, Direction::Ingress, &traced.ingress);
            let decided = decide(&generated.world, &generated.rules, flow);
            assert_eq!(traced.into_decision(), decided);
        }
    }
}

fn pod(flow: &Flow, direction: Direction) -> Option<PodId> {
    match direction {
        Direction::Egress => flow.source().pod(),
        Direction::Ingress => flow.destination().pod(),
    }
}

#[test]
fn stages_come_in_order_and_only_the_last_decides() {
    let mut kinds = BTreeSet::new();
    each(|_, _, _, end| {
        let tiers: Vec<Tier> = end.stages.iter().map(|stage| stage.tier).collect();
        assert!(tiers.is_empty() || Tier::ALL.starts_with(&tiers), "{tiers:?}");
        let decided = end.stages.iter().position(|stage| stage.outcome == Outcome::Decided);
        assert!(decided.is_none_or(|at| at + 1 == end.stages.len()));
        let tier = decided.map(|_| *tiers.last().unwrap());
        let by = match (&end.judgement.reason, tier) {
            (Reason::Rule(_), Some(tier)) => format!("a rule of {tier}"),
            (Reason::DefaultDeny(_), Some(tier)) => {
                assert_eq!(tier, Tier::NetworkPolicy);
                "isolation".to_owned()
            }
            (Reason::Builtin(Builtin::Itself), Some(tier)) => {
                assert_eq!(tier, Tier::NetworkPolicy);
                "the pod itself".to_owned()
            }
            (Reason::Builtin(builtin), None) => builtin.to_string(),
            (reason, tier) => unreachable!("{reason} by {tier:?}"),
        };
        kinds.insert(by);
    });
    assert!(kinds.len() >= 8, "{kinds:?}");
}

#[test]
fn a_stage_is_not_selected_where_none_of_its_rules_speaks_for_the_end() {
    each(|generated, flow, direction, end| {
        let is_selected_by = |rule: &Rule| match (direction, flow.source(), flow.destination()) {
            (Direction::Egress, end, _) | (Direction::Ingress, _, end) => match end {
                End::Pod { pod, .. } => speaks_for(&generated.world, rule, *pod),
                End::Host { node: Some(node), .. } => {
                    rule.subject.selects_node(&generated.world.node(*node).labels)
                }
                End::Host { node: None, .. }
                | End::UnknownPod { .. }
                | End::External { .. }
                | End::Domain { .. } => false,
            },
        };
        let is_to_itself = flow.source().pod() == flow.destination().pod();
        let is_about_sender = |rule: &Rule| {
            let processes = &rule.subject.processes;
            let sender = flow.process().filter(|_| !is_to_itself);
            processes.is_everybody() || sender.is_some_and(|process| processes.matches(process))
        };
        let is_spoken_for = generated.rules.iter().any(is_selected_by);
        assert!(is_spoken_for || pod(flow, direction).is_some() || end.stages.is_empty());
        for stage in &end.stages {
            let is_own = |rule: &&Rule| {
                rule.tier == stage.tier
                    && rule.direction() == direction
                    && is_selected_by(rule)
                    && is_about_sender(rule)
            };
            let is_selected = generated.rules.iter().any(|rule| is_own(&rule));
            assert_eq!(stage.outcome == Outcome::NotSelected, !is_selected, "{stage:?}");
        }
    });
}

#[test]
fn a_rule_that_counts_has_items_that_match() {
    let mut seen = BTreeSet::new();
    each(|generated, flow, _, end| {
        let passed = end.stages.iter().filter_map(|stage| match &stage.outcome {
            Outcome::Passed(rule) => Some((rule, Action::Pass)),
            Outcome::NotSelected | Outcome::NoMatch | Outcome::Decided => None,
        });
        let decided = match (&end.judgement.reason, &end.backend) {
            (Reason::Rule(rule), None) if !end.judgement.undetermined => Some(rule),
            (_, _) => None,
        };
        for (origin, action) in passed.chain(decided.map(|rule| (rule, Action::Allow))) {
            let rule = generated.rules.iter().find(|rule| rule.origin == *origin).unwrap();
            assert_eq!(action == Action::Pass, rule.action == Action::Pass);
            let matching = item(&generated.world, rule, flow);
            let lists = [
                matches!(rule.peers, model::Peers::OneOf(_)),
                matches!(rule.ports, model::Ports::OneOf(_)),
            ];
            // Pods of random worlds have addresses, so no union of blocks is needed.
            assert_eq!([matching.peer.is_some(), matching.port.is_some()], lists, "{rule:?}");
            seen.insert((action, lists));
        }
    });
    assert!(seen.len() >= 6, "{seen:?}");
}
