//! A record holds when it is made, and fails exactly when a verdict has changed.

#![allow(clippy::panic, clippy::indexing_slicing, reason = "a test may crash")]

mod support;

use std::collections::BTreeSet;

use model::{Decision, End, Family, Flow, Rule, Rules, Traffic, Verdict, World};
use ringfence_intent::{Judge, record};
use support::{case, judged};
use testkit::generate::Generated;

/// Every question worth asking of a world, whichever rules it has.
struct Questions {
    traffic: Vec<Traffic>,
    outside: Vec<End>,
}

fn questions(seed: u64, world: &World) -> Questions {
    let drawn = Generated::of_pods(seed);
    let traffic: BTreeSet<Traffic> = drawn.flows.iter().map(Flow::traffic).collect();
    let ends = drawn.flows.iter().flat_map(|flow| [flow.source(), flow.destination()]);
    let addresses: BTreeSet<_> = ends.filter_map(End::address).collect();
    let outside = addresses.into_iter().map(|address| world.end_at(address));
    let outside =
        outside.filter(|end| matches!(end, End::External { .. } | End::UnknownPod { .. }));
    Questions { traffic: traffic.into_iter().collect(), outside: outside.collect() }
}

/// The verdict of every flow between members, and between pods and addresses.
fn verdicts(world: &World, rules: &Rules, questions: &Questions) -> Vec<Verdict> {
    let judge = Judge::new(world, rules);
    let roster = judge.roster();
    let mut all = Vec::new();
    for family in families(world) {
        let members: Vec<&End> =
            (0..roster.len()).filter_map(|it| roster.end(it, family)).collect();
        let outside: Vec<&End> = questions.outside.iter().collect();
        let pairs = members.iter().flat_map(|from| members.iter().map(move |to| (*from, *to)));
        let out = members.iter().flat_map(|from| outside.iter().map(move |to| (*from, *to)));
        let into = outside.iter().flat_map(|from| members.iter().map(move |to| (*from, *to)));
        for (from, to) in pairs.chain(out).chain(into) {
            for traffic in &questions.traffic {
                all.extend(
                    decision(world, rules, from, to, *traffic, family).map(|it| it.verdict()),
                );
            }
        }
    }
    all
}

fn families(world: &World) -> Vec<Family> {
    let pods = world.pods().flat_map(|(_, pod)| pod.addresses.iter().copied());
    let nodes = world.nodes().flat_map(|(_, node)| node.addresses.iter().copied());
    let networks = world.pod_networks().iter().map(ipnet::IpNet::addr);
    let known: BTreeSet<Family> = pods.chain(nodes).chain(networks).map(Family::of).collect();
    if known.is_empty() { vec![Family::V4] } else { known.into_iter().collect() }
}

fn decision(
    world: &World,
    rules: &Rules,
    from: &End,
    to: &End,
    traffic: Traffic,
    family: Family,
) -> Option<Decision> {
    let is_local = match (from, to.pod()) {
        (End::Host { node: Some(node), .. }, Some(pod)) => {
            world.pod(pod).node.as_deref() == Some(world.node(*node).name.as_str())
        }
        (_, _) => false,
    };
    let is_translated =
        to.address().is_some_and(|address| !world.backends_at(address, traffic).is_empty());
    let flow = Flow::new(from.clone(), to.clone(), traffic, family).ok()?;
    (!is_local && !is_translated).then(|| policy::decide(world, rules, &flow))
}

#[test]
fn a_record_holds_when_it_is_made() {
    let mut tests = 0;
    for seed in 0..60 {
        let case = case(seed);
        let text = record(&Judge::new(&case.world, &case.rules), "recorded", "today");
        let report = judged(&text, &case.world, &case.rules);
        let failed = report.tests.iter().find(|test| !test.holds());
        assert!(failed.is_none(), "{}: {failed:#?}\n{text}", case.name);
        tests += report.tests.len();
    }
    assert!(tests > 500, "{tests}");
}

#[test]
fn a_record_fails_exactly_when_a_verdict_has_changed() {
    let (mut changed, mut same) = (0, 0);
    for seed in 0..60 {
        let case = case(seed);
        let text = record(&Judge::new(&case.world, &case.rules), "recorded", "today");
        let questions = questions(seed, &case.world);
        let before = verdicts(&case.world, &case.rules, &questions);
        let rules: Vec<Rule> = case.rules.iter().cloned().collect();
        for gone in 0..rules.len().min(3) {
            let mut left = rules.clone();
            left.remove((gone * 7 + seed as usize) % rules.len());
            let left = Rules::new(left);
            let is_changed = verdicts(&case.world, &left, &questions) != before;
            let report = judged(&text, &case.world, &left);
            let again = record(&Judge::new(&case.world, &left), "recorded", "today");
            assert!(report.failed == 0 || again != text, "{}: nothing changed, {gone}", case.name);
            if is_changed {
                assert!(
                    report.failed > 0,
                    "{}: a verdict changed, without rule {gone}\n{text}",
                    case.name
                );
                changed += 1;
            } else {
                same += usize::from(report.failed == 0);
            }
        }
    }
    assert!(changed > 20 && same > 20, "{changed} changed, {same} did not");
}
