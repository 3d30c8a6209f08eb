//! `ringfence exposure` as somebody meets it who asks which label opens the door.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may crash")]

mod support;

use std::fs;

use serde_json::Value;
use support::{Said, ringfence};

const INPUT: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: []}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: []}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {tier: front}}}]
    ports: [{port: 5432}]
";

fn exposure(input: &str, more: &[&str]) -> Said {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("all.yaml"), input).unwrap();
    ringfence(folder.path(), &[&["exposure", "all.yaml"], more].concat())
}

#[test]
fn the_label_that_nobody_has_yet_is_named_and_nobody_else_is() {
    let (code, said, error) = exposure(INPUT, &["--of", "shop/db", "-o", "json"]);
    assert_eq!(code, 0, "{error}");
    let said: Value = serde_json::from_str(&said).unwrap();
    let exposed = said["exposed"].as_array().unwrap();
    let ingress = exposed.iter().find(|it| it["direction"] == "ingress").unwrap();
    assert_eq!(ingress["pods"].as_array().unwrap().len(), 1);
    assert_eq!(ingress["pods"][0]["all_of"][0]["pod"], "tier=front");
    assert_eq!(ingress["pods"][0]["ports"][0], "5432/tcp");
    assert!(ingress["cluster"].as_array().unwrap().is_empty());
    assert!(ingress["internet"].as_array().unwrap().is_empty());
    let egress = exposed.iter().find(|it| it["direction"] == "egress").unwrap();
    assert_eq!(egress["unprotected"], true);
}

#[test]
fn text_says_who_and_counts_what_is_open() {
    let (code, said, error) = exposure(INPUT, &[]);
    assert_eq!(code, 0, "{error}");
    assert!(said.contains("tier=front in shop"), "{said}");
    let last =
        "2 workloads: 1 without a policy for ingress, 1 open to any pod, 1 open to the internet";
    assert_eq!(said.lines().last(), Some(last));
}

#[test]
fn a_peer_that_is_nobody_and_a_policy_that_cannot_be_read_end_with_2() {
    let (code, _, error) = exposure(INPUT, &["--of", "shop/nobody"]);
    assert_eq!(code, 2);
    assert!(error.contains("nobody in the input is shop/nobody"), "{error}");
    let broken =
        INPUT.replace("podSelector: {matchLabels: {tier", "podSelektor: {matchLabels: {tier");
    let (code, said, _) = exposure(&broken, &[]);
    assert_eq!(code, 2);
    assert!(said.starts_with("INCOMPLETE"), "{said}");
}
