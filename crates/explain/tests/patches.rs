//! Every patch that is offered, applied and read again, changes exactly what was asked for.
//!
//! The judge is the oracle, asked for every pair of ends at every port that some rule tells apart.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may crash")]
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the tool that applies patches is a program, and wants files"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

use model::{End, Family, Flow, PodId, Protocol, Rules, Traffic, Verdict, World};
use proptest::prelude::*;
use ringfence_explain::{Patch, Question, Remedy};
use support::{Cluster, cluster};
use testkit::generate::{Choices, Random, edge_flows};

/// Asked for with every pair of ends.
const ASKED: [Traffic; 3] = [
    Traffic::Port(Protocol::Tcp, 80),
    Traffic::Port(Protocol::Tcp, 8079),
    Traffic::Port(Protocol::Udp, 53),
];
const OUTSIDE: [&str; 2] = ["203.0.113.9", "203.0.113.10"];

fn ends(world: &World) -> Vec<End> {
    let pods = world.pods().map(|(id, _)| world.pod_end(id, Family::V4));
    pods.chain(OUTSIDE.iter().map(|text| world.end_at(text.parse().unwrap()))).collect()
}

fn questions(world: &World) -> Vec<Question> {
    let ends = ends(world);
    let mut all = Vec::new();
    for from in &ends {
        for to in ends.iter().filter(|to| from.pod().or(to.pod()).is_some()) {
            for traffic in ASKED {
                let flow = Flow::new(from.clone(), to.clone(), traffic, Family::V4).unwrap();
                all.push(question(flow));
            }
        }
    }
    all
}

fn question(flow: Flow) -> Question {
    let word = |text: &str| text.to_owned();
    Question {
        from: word("a"),
        to: word("b"),
        port: flow.traffic().to_string(),
        service: None,
        is_example: false,
        flows: vec![flow],
    }
}

/// All pods of a pod's workload.
fn workload(world: &World, pod: PodId) -> BTreeSet<PodId> {
    let own = world.pod(pod);
    let same = |id: PodId| {
        let other = world.pod(id);
        id == pod
            || own.owner.is_some()
                && (&own.namespace, &own.owner) == (&other.namespace, &other.owner)
    };
    world.pods().map(|(id, _)| id).filter(|id| same(*id)).collect()
}

/// Whether `end` is the asked one or of the same workload.
fn is_like(world: &World, asked: &End, end: &End) -> bool {
    match (asked.pod(), end.pod()) {
        (Some(asked), Some(pod)) => workload(world, asked).contains(&pod),
        (_, _) => asked == end,
    }
}

fn holds(before: &Cluster, question: &Question, patch: &Patch) {
    let documents = patched(before, patch);
    let after = Cluster::read(documents);
    assert!(after.reading.is_complete(), "{}\n{:?}", patch.text, after.reading.problems);
    let asked = &question.flows[0];
    let mut opened = false;
    for flow in all_flows(before, &after) {
        let said = |cluster: &Cluster| {
            policy::decide(&cluster.world, &cluster.reading.rules, &flow).verdict()
        };
        let world = &before.world;
        let is_asked = flow.traffic() == asked.traffic()
            && is_like(world, asked.source(), flow.source())
            && is_like(world, asked.destination(), flow.destination());
        match (said(before), said(&after)) {
            (old, new) if old == new => {
                assert!(
                    new == Verdict::Allow || !is_asked,
                    "still denied: {flow:?}\n{}",
                    patch.text
                );
            }
            (Verdict::Deny, _) if is_hairpin(&flow) => {
                let is_said = patch.changes.iter().any(|change| change.contains("itself"));
                assert!(is_said, "opened: {flow:?}\n{}", patch.text);
            }
            (Verdict::Deny, _) => {
                assert!(is_asked, "opened: {flow:?}\nby {asked:?}\n{}", patch.text);
                opened = true;
            }
            (Verdict::Allow, _) => panic!("closed: {flow:?}\n{}", patch.text),
        }
    }
    assert!(opened, "{asked:?}\n{}", patch.text);
}

/// A pod that reaches itself through a Service, which a first NetworkPolicy allows (ruling N14).
fn is_hairpin(flow: &Flow) -> bool {
    flow.is_translated() && flow.source().pod() == flow.destination().pod()
}

/// Flows at the edges of both sets of rules, and those that are asked for.
fn all_flows(before: &Cluster, after: &Cluster) -> BTreeSet<Flow> {
    let edges = |rules: &Rules| edge_flows(&before.world, rules);
    let asked = questions(&before.world).into_iter().flat_map(|question| question.flows);
    edges(&before.reading.rules)
        .into_iter()
        .chain(edges(&after.reading.rules))
        .chain(asked)
        .collect()
}

fn patched(before: &Cluster, patch: &Patch) -> Vec<manifest::Document> {
    let mut documents = before.documents.clone();
    for one in &patch.documents {
        let document =
            manifest::Document { name: one.name.clone(), text: one.after.as_str().into() };
        match documents.iter_mut().find(|known| known.name == one.name) {
            Some(known) => *known = document,
            None => documents.push(document),
        }
    }
    documents
}

/// Patches of each text once, and how often each refusal was given.
fn remedies(cluster: &Cluster) -> (Vec<(Question, Patch)>, BTreeMap<&'static str, usize>) {
    let (mut patches, mut refused) = (BTreeMap::new(), BTreeMap::new());
    for question in questions(&cluster.world) {
        match ringfence_explain::explain(&cluster.input(), &question).remedy {
            Some(Remedy::Patch(patch)) => {
                patches.entry(patch.text.clone()).or_insert((question, patch));
            }
            Some(Remedy::None(refusal)) => *refused.entry(refusal.code()).or_default() += 1,
            None => {}
        }
    }
    (patches.into_values().collect(), refused)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_patch_opens_exactly_what_was_asked_for(choices in prop::collection::vec(any::<u16>(), 0..200)) {
        let cluster = Cluster::read(cluster(&mut Choices::new(choices)));
        prop_assert!(cluster.reading.is_complete(), "{:?}", cluster.reading.problems);
        let (patches, _) = remedies(&cluster);
        patches.iter().for_each(|(question, patch)| holds(&cluster, question, patch));
    }
}

#[test]
fn clusters_are_read_and_lead_to_patches_and_to_most_refusals() {
    let (mut offered, mut over_baseline, mut refused) = (0, 0, BTreeMap::new());
    for seed in 0..80 {
        let cluster = Cluster::read(cluster(&mut Random::new(seed)));
        assert!(cluster.reading.is_complete(), "{:?}", cluster.reading.problems);
        let (patches, codes) = remedies(&cluster);
        offered += patches.len();
        let says_itself = |change: &String| change.contains("itself");
        over_baseline +=
            patches.iter().filter(|(_, patch)| patch.changes.iter().any(says_itself)).count();
        codes.into_iter().for_each(|(code, count)| *refused.entry(code).or_insert(0) += count);
    }
    assert!(offered > 200 && over_baseline > 0, "{offered} {over_baseline}");
    assert!(!refused.contains_key("unmoved") && !refused.contains_key("text"), "{refused:?}");
    for code in ["admin-rule", "beyond", "inseparable", "no-labels"] {
        assert!(refused.contains_key(code), "{code}: {refused:?}");
    }
}

/// `patch` is what people type.
#[test]
fn a_patch_applies_with_the_tool_of_that_name() {
    let mut applied = 0;
    for seed in 0..12 {
        let cluster = Cluster::read(cluster(&mut Random::new(seed)));
        for (_, patch) in remedies(&cluster).0.iter().take(6) {
            let folder = tempfile::tempdir().unwrap();
            for document in &cluster.documents {
                let path = folder.path().join(&*document.name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, document.text.as_bytes()).unwrap();
            }
            std::fs::write(folder.path().join("change"), &patch.text).unwrap();
            let tool = Command::new("patch")
                .args(["-p1", "--fuzz=0", "-i", "change"])
                .current_dir(folder.path())
                .stdout(Stdio::null())
                .status();
            assert!(tool.unwrap().success(), "{}", patch.text);
            for document in patched(&cluster, patch) {
                let text = std::fs::read_to_string(folder.path().join(&*document.name)).unwrap();
                assert_eq!(text, *document.text);
            }
            applied += 1;
        }
    }
    assert!(applied > 20, "{applied}");
}
