//! What applying documents to what there is would make of it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test panics")]

use manifest::{Document, Options, ReadAs, Reading, read};
use ringfence_manifest as manifest;

const WEB: &str = "
apiVersion: v1
kind: Pod
metadata:
  name: web-5d8f-x
  namespace: shop
  labels: {app: web, pod-template-hash: 5d8f}
  ownerReferences: [{kind: ReplicaSet, name: web-5d8f, controller: true, apiVersion: apps/v1, uid: u}]
spec: {containers: [{name: c, image: i, ports: [{containerPort: 80}]}]}
status: {phase: Running, podIP: 10.0.0.1}
";

fn policy(name: &str, app: &str) -> String {
    format!(
        "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, \
           metadata: {{name: {name}, namespace: shop}}, \
           spec: {{podSelector: {{matchLabels: {{app: {app}}}}}}}}}"
    )
}

fn deployment(app: &str, port: u16) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web, namespace: shop}}, \
           spec: {{selector: {{matchLabels: {{app: {app}}}}}, \
             template: {{metadata: {{labels: {{app: {app}}}}}, \
               spec: {{containers: [{{name: c, image: i, ports: [{{containerPort: {port}}}]}}]}}}}}}}}"
    )
}

fn applied(base: &[&str], over: &[&str]) -> Reading {
    let documents = base.iter().chain(over).enumerate();
    let documents =
        documents.map(|(at, text)| Document { name: format!("{at}").into(), text: (*text).into() });
    let options = Options { base: base.len(), read_as: ReadAs::Cluster, ..Options::default() };
    read(&documents.collect::<Vec<_>>(), &options)
}

/// The labels of the pods that the policies of a reading select, by policy.
fn selected(reading: &Reading) -> Vec<(String, bool)> {
    let pods = &reading.parts.pods;
    let rules = reading.rules.iter();
    let mut all: Vec<(String, bool)> = rules
        .map(|rule| {
            let selects = pods.iter().any(|pod| rule.subject.pods.matches(&pod.labels));
            (rule.origin.policy.name.clone(), selects)
        })
        .collect();
    all.dedup();
    all
}

#[test]
fn an_object_replaces_the_same_one_and_leaves_the_others() {
    let (old, other, new) = (policy("a", "web"), policy("b", "web"), policy("a", "none"));
    let reading = applied(&[WEB, &old, &other], &[&new]);
    assert!(reading.is_complete(), "{:?}", reading.problems);
    assert_eq!(selected(&reading), [("a".to_owned(), false), ("b".to_owned(), true)]);
    assert_eq!(reading.written.len(), 3, "what is replaced is nowhere to be found");
    assert!(reading.written.iter().any(|written| &*written.file == "3"));
}

#[test]
fn two_of_the_same_on_one_side_are_still_a_contradiction() {
    let (one, two) = (policy("a", "web"), policy("a", "none"));
    assert!(!applied(&[], &[&one, &two]).is_complete());
    assert!(!applied(&[&one, &two], &[]).is_complete());
}

#[test]
fn a_pod_is_of_the_deployment_that_made_its_replica_set() {
    let owner = |text: &str| applied(&[text], &[]).parts.pods[0].owner.clone().unwrap();
    assert_eq!((owner(WEB).kind.as_str(), owner(WEB).name.as_str()), ("Deployment", "web"));
    let own = WEB.replace("pod-template-hash: 5d8f", "pod-template-hash: other");
    assert_eq!((owner(&own).kind.as_str(), owner(&own).name.as_str()), ("ReplicaSet", "web-5d8f"));
}

#[test]
fn a_workload_that_stays_the_same_keeps_its_pods_and_their_addresses() {
    let same = deployment("web", 80);
    let pods = applied(&[WEB], &[&same]).parts.pods;
    assert_eq!(pods.len(), 1);
    assert_eq!(pods[0].addresses.len(), 1);
}

#[test]
fn a_workload_with_another_template_makes_other_pods() {
    for other in [deployment("shop", 80), deployment("web", 81)] {
        let pods = applied(&[WEB], &[&other]).parts.pods;
        assert_eq!(pods.len(), 1);
        assert_eq!(pods[0].name, "web-0");
    }
}
