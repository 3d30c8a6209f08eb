//! Staged policies (ruling N37): whatever is staged, nothing that is enforced changes; and what the
//! table says of staged policies is what the oracle says once they are enforced.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a failing case panics with its name")]

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use compile::{CompileError, Compiled, Scope, Slots, Untranslated, compile};
use model::{
    Action, Block, Decision, Direction, End, Flow, Peer, Peers, PolicyKind, PolicyRef, PortMatch,
    PortRange, Ports, Protocol, Rule, RuleRef, Rules, Selector, Subject, Tier, World,
};
use proptest::prelude::*;
use testkit::corpus::{TierName, load_all};
use testkit::generate::{Generated, Random, generated, policies, staged};
use testkit::small_world;

fn table(world: &World, rules: &Rules) -> Compiled {
    compile(world, rules, &Slots::of(world, Scope::Everywhere))
        .unwrap_or_else(|error| panic!("{error}"))
}

#[derive(Default)]
struct Count {
    /// Ends of which the table says something staged.
    told: u32,
    /// Of these, ends at which it is something else than what is enforced.
    differ: u32,
    /// Pods that reach themselves through a Service, and nodes: nothing is staged for that.
    itself: u32,
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { told, differ, itself } = self;
        write!(f, "{told} staged answers, {differ} differ from the enforced one, {itself} untold")
    }
}

/// A pod's way to itself through a Service, and a node's.
fn is_untold(flow: &Flow) -> bool {
    let nodes = [flow.source(), flow.destination()].map(|end| match end {
        End::Host { node, .. } => *node,
        End::Pod { .. } | End::UnknownPod { .. } | End::External { .. } | End::Domain { .. } => {
            None
        }
    });
    let is_itself = flow.source() == flow.destination();
    is_itself && flow.is_translated() || nodes[0].is_some() && nodes[0] == nodes[1]
}

impl Count {
    /// Holds what the table says is staged against what the oracle decides.
    fn compare(&mut self, table: &Compiled, flow: &Flow, oracle: [&Decision; 2], context: &str) {
        let [enforced, wanted] = oracle.map(|it| [&it.egress, &it.ingress]);
        for (at, direction) in Direction::ALL.into_iter().enumerate() {
            let (enforced, wanted) = (enforced.get(at).unwrap(), wanted.get(at).unwrap());
            let context = || format!("{context}: {direction} of {flow:?}");
            match table.staged(flow, direction) {
                Ok(Some(said)) => {
                    assert_eq!(&said, *wanted, "{}", context());
                    self.told += 1;
                    self.differ += u32::from(wanted != enforced);
                }
                Ok(None) if is_untold(flow) => self.itself += 1,
                Ok(None) => assert_eq!(enforced, wanted, "{}", context()),
                Err(Untranslated::NoAddress) => {}
                Err(error) => panic!("{}: {error}", context()),
            }
        }
    }

    fn compare_all(&mut self, world: &World, rules: &Rules, flows: &[Flow], context: &str) {
        let (table, as_staged) = (table(world, rules), rules.with_staged_enforced());
        for flow in flows {
            let oracle = [rules, &as_staged].map(|rules| policy::decide(world, rules, flow));
            self.compare(&table, flow, [&oracle[0], &oracle[1]], context);
        }
    }
}

/// Staged or not there: verdict, rule, and what becomes of connections are the same, for both.
fn changes_nothing(world: &World, rules: &Rules, flows: &[Flow], context: &str) -> u32 {
    let alone = rules.without_staged();
    let (with, without) = (table(world, rules), table(world, &alone));
    let mut compared = 0;
    for flow in flows {
        let decision = policy::decide(world, &alone, flow);
        assert_eq!(policy::decide(world, rules, flow), decision, "{context}: oracle of {flow:?}");
        assert_eq!(with.decide(flow), without.decide(flow), "{context}: table of {flow:?}");
        for direction in Direction::ALL {
            let keeps = |table: &Compiled| table.keeps_existing(flow, direction);
            assert_eq!(keeps(&with), keeps(&without), "{context}: {flow:?}");
        }
        compared += 1;
    }
    compared
}

/// The case with half of its policies staged, and staged policies that somebody else wrote.
fn crowded(seed: u64) -> Generated {
    let mut case = Generated::seeded(seed);
    let renamed = |mut rule: Rule| {
        rule.origin.policy.name = format!("other-{}", rule.origin.policy.name);
        rule
    };
    let others = Generated::seeded(seed + 10_000).rules.with_staged_enforced();
    let others = Rules::new(others.iter().cloned().map(renamed).collect());
    let own = case.rules.with_staged_enforced();
    let staged = policies(&own).into_iter().step_by(2).chain(policies(&others));
    case.rules = Rules::new(own.iter().chain(others.iter()).cloned().collect()).with_staged(staged);
    case
}

#[test]
fn the_table_stages_what_the_corpus_expects() {
    let mut count = Count::default();
    let cases = load_all().unwrap_or_else(|error| panic!("{error}"));
    for case in cases.iter().filter(|case| case.runs_in(TierName::T1)) {
        for step in &case.steps {
            let table = table(&step.world, &step.rules);
            for line in &step.flows {
                let context = format!("{} line {}", case.name, line.line);
                count.compare(&table, &line.flow, [&line.decision, &line.staged], &context);
            }
        }
    }
    println!("T1 corpus: {count}");
    assert!(count.differ > 5, "{count}");
}

#[test]
fn the_table_stages_what_the_oracle_decides_in_random_worlds() {
    let mut count = Count::default();
    for seed in 0..30 {
        let Generated { world, rules, flows } = crowded(seed);
        count.compare_all(&world, &rules, &flows, &format!("seed {seed}"));
    }
    println!("T1 random: {count}");
    assert!(count.told > 20_000 && count.differ > 5_000 && count.itself > 0, "{count}");
}

#[test]
fn staging_changes_nothing_that_is_enforced() {
    let changes = |seed| {
        let Generated { world, rules, flows } = crowded(seed);
        changes_nothing(&world, &rules, &flows, &format!("seed {seed}"))
    };
    let compared: u32 = (0..30).map(changes).sum();
    println!("T1 random: {compared} flows decided beside staged policies as without them");
    assert!(compared > 30_000, "{compared}");
}

/// One case in fourteen of those with two rules, the second of them staged.
#[test]
fn nor_does_it_in_the_small_world() {
    let (mut cases, mut count) = (0, Count::default());
    for case in small_world().filter(|case| policies(&case.rules).len() == 2).step_by(14) {
        let second = policies(&case.rules).pop_last();
        let rules = case.rules.clone().with_staged(second);
        let context = format!("{:#?}", case.rules);
        changes_nothing(&case.world, &rules, &case.flows, &context);
        count.compare_all(&case.world, &rules, &case.flows, &context);
        cases += 1;
    }
    println!("small world: {cases} cases, {count}");
    assert!(cases > 1_000 && count.differ > 10_000, "{cases} cases, {count}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn both_hold_of_shrunken_worlds_too(case in generated(), seed: u64) {
        let own = case.rules.with_staged_enforced();
        let staged = staged(&mut Random::new(seed), &own);
        let rules = own.with_staged(staged);
        changes_nothing(&case.world, &rules, &case.flows, "drawn");
        Count::default().compare_all(&case.world, &rules, &case.flows, "drawn");
    }
}

/// A policy for everybody in which every peer has a port of its own, so that no rows are shared and
/// there is not room enough for their cells.
fn too_much() -> Rules {
    const PEERS: u16 = 520;
    assert!(u32::from(PEERS).pow(2) > abi::capacity::CELLS);
    let policy = PolicyRef {
        name: "too-much".to_owned(),
        namespace: None,
        kind: PolicyKind::ClusterNetworkPolicy,
    };
    let rule = |number: u16| {
        let address = Ipv4Addr::from(u32::from(Ipv4Addr::new(172, 16, 0, 0)) + u32::from(number));
        let range = PortRange::single(number + 1);
        Rule {
            tier: Tier::Admin,
            group: 1,
            origin: RuleRef {
                policy: policy.clone(),
                direction: Direction::Ingress,
                index: number.into(),
            },
            subject: Subject::new(Selector::everything(), Selector::everything()),
            peers: Peers::OneOf(vec![Peer::Block(Block::whole(IpAddr::V4(address).into()))]),
            ports: Ports::OneOf(vec![PortMatch::Numbers { protocol: Protocol::Tcp, range }]),
            action: Action::Deny,
        }
    };
    Rules::new((0..PEERS).map(rule).collect())
}

#[test]
fn what_is_staged_and_has_no_room_keeps_nothing_from_being_enforced() {
    let Generated { world, rules, .. } = Generated::seeded(3);
    let (rules, more) = (rules.with_staged_enforced(), too_much());
    let both = Rules::new(rules.iter().chain(more.iter()).cloned().collect());
    let staged = both.clone().with_staged(policies(&more));
    let (alone, with) = (table(&world, &rules), table(&world, &staged));
    assert_eq!(with.image, alone.image);
    assert!(
        matches!(with.unstaged, Some(CompileError::Capacity(shortage)) if shortage.table == "cells")
    );
    assert_eq!(alone.unstaged, None);
    let slots = Slots::of(&world, Scope::Everywhere);
    assert!(compile(&world, &both, &slots).is_err(), "enforced, it is an error as ever");
}
