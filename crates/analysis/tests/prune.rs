//! What prune calls unneeded is removed, and the oracle says of every flow what it said before: with
//! the pods that are there, and with pods that come later.

#![expect(clippy::expect_used, reason = "a failing seed panics with what replays it")]

mod support;

use std::collections::BTreeSet;

use model::{End, Family, Flow, Peers, PodId, PolicyRef, Ports, Rule, Rules, Traffic, World};
use ringfence_analysis::prune;
use ringfence_analysis::prune::{Prune, Removed, Unneeded};
use support::stranger::strangers;
use support::{Case, FAMILIES, case};

/// The rules of a case, and every second policy once more under another name.
fn doubled(rules: &Rules) -> (Rules, Vec<PolicyRef>) {
    let policies: BTreeSet<&PolicyRef> = rules.iter().map(|rule| &rule.origin.policy).collect();
    let twice: Vec<&PolicyRef> = policies.into_iter().step_by(2).collect();
    let copies = rules.iter().filter(|rule| twice.contains(&&rule.origin.policy)).map(|rule| {
        let mut copy = rule.clone();
        copy.origin.policy.name.push_str("-copy");
        copy
    });
    let all = rules.iter().cloned().chain(copies).collect();
    (Rules::new(all), twice.into_iter().cloned().collect())
}

fn without(rules: &Rules, gone: &[Unneeded]) -> Rules {
    let gone: BTreeSet<&Removed> = gone.iter().map(|it| &it.what).collect();
    let kept = rules.iter().filter(|it| !gone.contains(&Removed::Policy(it.origin.policy.clone())));
    let rule = |rule: &Rule| match gone.contains(&Removed::Rule(rule.origin.clone())) {
        // Its policy still isolates.
        true => {
            let (peers, ports) = (Peers::OneOf(Vec::new()), Ports::OneOf(Vec::new()));
            Rule { peers, ports, ..rule.clone() }
        }
        false => rule.clone(),
    };
    Rules::new(kept.map(rule).collect())
}

/// Flows between pods and everybody; where `only` is given, those that it takes part in.
fn flows(case: &Case, only: Option<PodId>) -> Vec<Flow> {
    let mut flows = Vec::new();
    for family in FAMILIES {
        let pods = case
            .world
            .pods()
            .filter(|(_, pod)| pod.addresses.is_empty() || pod.address(family).is_some());
        let mut ends: Vec<End> = pods.map(|(id, _)| case.world.pod_end(id, family)).collect();
        let outside = case.outside.iter().filter(|it| it.address().map(Family::of) == Some(family));
        ends.extend(outside.cloned());
        for from in &ends {
            for to in ends.iter().filter(|to| from.pod().or(to.pod()).is_some()) {
                if only.is_some() && ![from.pod(), to.pod()].contains(&only) {
                    continue;
                }
                let traffic = case.traffic.iter().filter(|it| !case.is_translated(to, **it));
                let flow = |it: &Traffic| Flow::new(from.clone(), to.clone(), *it, family).ok();
                let all: Vec<Flow> = traffic.filter_map(flow).collect();
                if from == to {
                    flows.extend(all.iter().cloned().map(Flow::through_service));
                }
                flows.extend(all);
            }
        }
    }
    flows
}

fn same(name: &str, world: &World, flows: &[Flow], before: &Rules, after: &Rules, said: &Prune) {
    for flow in flows {
        let [was, is] = [before, after].map(|rules| policy::decide(world, rules, flow).verdict());
        assert_eq!(was, is, "{name}: {flow:?}\n{said:#?}\n{before:#?}");
    }
}

/// How much was removed for everybody, and today.
fn check(seed: u64) -> [usize; 3] {
    let mut case = case(seed);
    let (rules, twice) = doubled(&case.rules);
    case.rules = rules;
    let said = prune(&case.world, &case.rules);
    let left = without(&case.rules, &said.removable);
    let given = flows(&case, None);
    same(&case.name, &case.world, &given, &case.rules, &left, &said);
    let today = [said.removable.as_slice(), &said.today].concat();
    let least = without(&case.rules, &today);
    same(&case.name, &case.world, &given, &case.rules, &least, &said);
    let new = PodId(u32::try_from(case.world.pods().count()).expect("few"));
    let some = strangers(&case.world).into_iter();
    for stranger in some.skip(usize::try_from(seed % 2).expect("small")).step_by(2) {
        let then = stranger.arrives(&case);
        let name = format!("{} {:?} {:?}", case.name, stranger.namespace_labels, stranger.labels);
        same(&name, &then.world, &flows(&then, Some(new)), &case.rules, &left, &said);
    }
    [said.removable.len(), said.today.len(), found(&case, &twice, &said)]
}

/// Of two equal policies one goes: all of it, or each of its rules.
fn found(case: &Case, twice: &[PolicyRef], said: &Prune) -> usize {
    if !said.complete_future {
        return 0;
    }
    let gone = |policy: &PolicyRef| {
        let rules = case.rules.iter().filter(|rule| rule.origin.policy == *policy);
        let is_gone = |what| said.removable.iter().any(|it| it.what == what);
        is_gone(Removed::Policy(policy.clone()))
            || rules.map(|rule| Removed::Rule(rule.origin.clone())).all(is_gone)
    };
    let has_domains = |policy: &PolicyRef| {
        let mut rules = case.rules.iter().filter(|rule| rule.origin.policy == *policy);
        rules.any(|rule| match &rule.peers {
            Peers::Any => false,
            Peers::OneOf(peers) => peers.iter().any(|it| matches!(it, model::Peer::Domain(_))),
        })
    };
    let twice = twice.iter().filter(|policy| !has_domains(policy));
    for policy in twice.clone() {
        let name = format!("{}-copy", policy.name);
        let copy = PolicyRef { name, ..policy.clone() };
        assert!(gone(policy) || gone(&copy), "{}: {policy}\n{said:#?}", case.name);
    }
    twice.count()
}

#[test]
fn what_is_removed_changes_nothing_for_anybody() {
    let mut all = [0; 3];
    for seed in 0..24 {
        let counts = check(seed);
        all.iter_mut().zip(counts).for_each(|(all, one)| *all += one);
    }
    println!("prune: {all:?} removed for everybody, today, policies that were there twice");
    assert!(all.iter().all(|count| *count > 10), "{all:?}");
}
