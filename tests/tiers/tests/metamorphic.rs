//! What must not matter does not, in the oracle: order, duplicates, halves of a network, policies
//! that select nobody, rules that nobody cites.

use std::collections::BTreeSet;

use model::{
    Action, Block, Flow, Peer, Peers, Reason, Requirement, Rule, RuleRef, Rules, Selector, Tier,
    Verdict, World,
};
use testkit::generate::Generated;

const SEEDS: std::ops::Range<u64> = 1000..1030;
const FLOWS: usize = 400;

/// Runs `check` on sampled flows of every seed, and demands that it was run at all.
fn on_samples(mut check: impl FnMut(&Generated, &Flow, u64)) {
    let mut checked = 0;
    for seed in SEEDS {
        let case = Generated::seeded(seed);
        for flow in case.sample(FLOWS) {
            check(&case, flow, seed);
            checked += 1;
        }
    }
    assert!(checked > 5_000, "only {checked} flows");
}

fn decide(world: &World, rules: &Rules, flow: &Flow) -> model::Decision {
    policy::decide(world, rules, flow)
}

#[test]
fn order_and_duplicates_never_matter() {
    on_samples(|case, flow, seed| {
        let mut twice: Vec<Rule> = case.rules.iter().rev().cloned().collect();
        twice.extend(case.rules.iter().cloned());
        let rules = Rules::new(twice);
        assert_eq!(
            decide(&case.world, &rules, flow),
            decide(&case.world, &case.rules, flow),
            "seed {seed}"
        );
    });
}

#[test]
fn a_network_and_its_two_halves_are_the_same() {
    let mut halved_some = false;
    on_samples(|case, flow, seed| {
        let rules = Rules::new(case.rules.iter().map(halved).collect());
        halved_some |= rules != case.rules;
        assert_eq!(
            decide(&case.world, &rules, flow),
            decide(&case.world, &case.rules, flow),
            "seed {seed}"
        );
    });
    assert!(halved_some, "no rule had a network to halve");
}

fn halved(rule: &Rule) -> Rule {
    let peers = match &rule.peers {
        Peers::Any => Peers::Any,
        Peers::OneOf(peers) => Peers::OneOf(peers.iter().flat_map(halves).collect()),
    };
    Rule { peers, ..rule.clone() }
}

fn halves(peer: &Peer) -> Vec<Peer> {
    let Peer::Block(block) = peer else { return vec![peer.clone()] };
    let Ok(parts) = block.cidr().subnets(block.cidr().prefix_len() + 1) else {
        return vec![peer.clone()];
    };
    let halves: Vec<Peer> = parts
        .filter_map(|half| {
            let inside = block.except().iter().filter(|except| half.contains(*except)).copied();
            Block::new(half, inside).ok().map(Peer::Block)
        })
        .collect();
    // An exception that is a whole half would leave that half out.
    let is_cut =
        block.except().iter().any(|except| except.prefix_len() <= block.cidr().prefix_len() + 1);
    if is_cut { vec![peer.clone()] } else { halves }
}

#[test]
fn a_rule_that_selects_nobody_changes_nothing() {
    on_samples(|case, flow, seed| {
        let nobody: Selector = [Requirement::equals("no", "body")].into_iter().collect();
        let useless = case.rules.iter().map(|rule| {
            let mut rule = rule.clone();
            rule.subject.pods = nobody.clone();
            rule.origin.policy.name.push_str("-nobody");
            rule
        });
        let rules = Rules::new(case.rules.iter().cloned().chain(useless).collect());
        assert_eq!(
            decide(&case.world, &rules, flow),
            decide(&case.world, &case.rules, flow),
            "seed {seed}"
        );
    });
}

#[test]
fn one_more_allow_never_closes_what_an_isolated_pod_had_open() {
    let mut opened = false;
    on_samples(|case, flow, seed| {
        let before = decide(&case.world, &case.rules, flow);
        let allow_all =
            case.rules.iter().filter(|rule| rule.tier == Tier::NetworkPolicy).map(|rule| {
                let mut rule = rule.clone();
                rule.origin.index += 1000;
                Rule { peers: Peers::Any, ports: model::Ports::Any, action: Action::Allow, ..rule }
            });
        let rules = Rules::new(case.rules.iter().cloned().chain(allow_all).collect());
        let after = decide(&case.world, &rules, flow);
        assert!(before.verdict() <= after.verdict(), "seed {seed}: {flow:?}");
        opened |= before.verdict() < after.verdict();
    });
    assert!(opened, "no flow was ever opened by an allow");
}

/// The rules that a decision cites; isolating policies stand for all their rules.
fn cited(decision: &model::Decision, rules: &Rules) -> BTreeSet<RuleRef> {
    [&decision.egress.reason, &decision.ingress.reason]
        .into_iter()
        .flat_map(|reason| match reason {
            Reason::Rule(rule) => vec![rule.clone()],
            Reason::DefaultDeny(policies) => rules
                .iter()
                .map(|rule| &rule.origin)
                .filter(|origin| policies.contains(&origin.policy))
                .cloned()
                .collect(),
            Reason::Builtin(_) => Vec::new(),
        })
        .collect()
}

#[test]
fn the_cited_rule_decides() {
    let mut removed = 0;
    on_samples(|case, flow, seed| {
        let decision = decide(&case.world, &case.rules, flow);
        for rule in cited(&decision, &case.rules) {
            let Reason::Rule(_) =
                decision.egress.reason.clone().min(decision.ingress.reason.clone())
            else {
                continue;
            };
            let rest = case.rules.iter().filter(|other| other.origin != rule).cloned().collect();
            let without = decide(&case.world, &Rules::new(rest), flow);
            let is_cited = |reason: &Reason| *reason == Reason::Rule(rule.clone());
            if is_cited(&decision.egress.reason) {
                assert_ne!(without.egress, decision.egress, "seed {seed}: {rule}");
                removed += 1;
            }
            if is_cited(&decision.ingress.reason) {
                assert_ne!(without.ingress, decision.ingress, "seed {seed}: {rule}");
                removed += 1;
            }
        }
    });
    assert!(removed > 500, "only {removed} cited rules were removed");
}

#[test]
fn every_verdict_occurs() {
    let mut verdicts = BTreeSet::new();
    on_samples(|case, flow, _| {
        verdicts.insert(decide(&case.world, &case.rules, flow).verdict());
    });
    assert_eq!(verdicts, BTreeSet::from([Verdict::Deny, Verdict::Allow]));
}
