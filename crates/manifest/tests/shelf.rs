//! A shelf says what reading everything anew would say, whatever came, changed and went in between.

#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use proptest::prelude::*;
use ringfence_manifest::{Document, Options, Problem, ReadAs, Reading, Shelf, read};

/// What a document may say of a pod, some of it wrong.
const TEXTS: [&str; 9] = [
    "labels: {app: web}},spec: {nodeName: n1, containers: [{name: c}]},status: {podIP: 10.0.0.1}",
    "labels: {app: web}},spec: {nodeName: n1, containers: [{name: c}]},status: {podIP: 10.0.0.2}",
    "labels: {app: db}},spec: {containers: [{name: c, ports: [{containerPort: 80}]}]}",
    "labels: {app: db}},spec: {containers: [{name: c}]},status: {phase: Succeeded}",
    "labels: {app: db}},spec: {hostNetwork: true, nodeName: n1, containers: [{name: c}]}",
    "ownerReferences: [{kind: ReplicaSet, name: w-5, controller: true}]},spec: {containers: [{name: c}]}",
    "labels: {app: 7}},spec: {containers: [{name: c}]}",
    "labels: {app: web}},spec: {containers: {}}",
    "labels: {app: web}}",
];
const BESIDE: &str = "
---
{apiVersion: v1, kind: Pod, metadata: {name: beside, namespace: a}, spec: {containers: [{name: c}]}}";
const OTHERS: &str = "
{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {addresses: [{type: InternalIP, address: 192.0.2.1}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: s, namespace: a}, spec: {clusterIP: 10.96.0.1, selector: {app: web}, ports: [{port: 80}]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p, namespace: a}, spec: {podSelector: {}}}";

/// One document for each pod, by number: which text it has, and whether another pod is beside it.
fn documents(pods: &[Option<(usize, bool)>]) -> Vec<Document> {
    let pod = |(number, (text, beside)): (usize, (usize, bool))| Document {
        name: format!("pods/a/p{number}").into(),
        text: format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: p{number}, namespace: a,{}}}{}",
            TEXTS.get(text).unwrap(),
            if beside { BESIDE } else { "" }
        )
        .into(),
    };
    let pods = (0..).zip(pods).filter_map(|(number, text)| Some((number, (*text)?)));
    let others = Document { name: "others".into(), text: OTHERS.into() };
    let mut all: Vec<Document> = pods.map(pod).collect();
    all.insert(all.len() / 2, others);
    all
}

fn said(reading: &Reading) -> String {
    let messages = |problems: &[Problem]| -> Vec<String> {
        problems.iter().map(|one| format!("{} {}", one.file(), one.message())).collect()
    };
    let (problems, lints) = (messages(&reading.problems), messages(&reading.lints));
    format!("{:?} {:?} {problems:?} {lints:?}", reading.parts, reading.rules)
}

proptest! {
    #[test]
    fn a_shelf_says_what_reading_everything_says(
        states in prop::collection::vec(
            prop::collection::vec(prop::option::of((0..TEXTS.len(), prop::bool::weighted(0.1))), 5),
            1..6,
        ),
    ) {
        let options = Options { read_as: ReadAs::Cluster, ..Options::default() };
        let mut shelf = Shelf::new(options.clone());
        for pods in states {
            let documents = documents(&pods);
            let anew = said(&read(&documents, &options));
            prop_assert_eq!(said(&shelf.read(&documents)), anew.clone());
            prop_assert_eq!(said(&shelf.read(&documents)), anew);
        }
    }
}

#[test]
fn the_generator_has_both_kinds_of_pods() {
    let wrong = |text| {
        let documents = documents(&[Some((text, false))]);
        !read(&documents, &Options::default()).is_complete()
    };
    let wrong: Vec<bool> = (0..TEXTS.len()).map(wrong).collect();
    assert_eq!(wrong.iter().filter(|wrong| **wrong).count(), 3, "{wrong:?}");
}
