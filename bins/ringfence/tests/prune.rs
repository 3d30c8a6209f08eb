//! `ringfence prune` and `ringfence compare` on files: what is removed, and that it changed nothing.

#![allow(clippy::unwrap_used, reason = "a test may crash")]

mod support;

use std::fs;
use std::path::Path;

use support::ringfence;
use tempfile::TempDir;

const WORLD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: []}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: []}
";

const POLICIES: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: a, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  # the shop
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 5432}]
  - from: [{podSelector: {matchLabels: {app: web, tier: front}}}]
    ports:
    - port: 5432
  # the rest
  - from: [{podSelector: {matchLabels: {app: batch}}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: again, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 5432}]
";

const LEFT: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: a, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  # the shop
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 5432}]
  # the rest
  - from: [{podSelector: {matchLabels: {app: batch}}}]
";

fn folder(policies: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("world.yaml"), WORLD).unwrap();
    fs::write(folder.path().join("old.yaml"), policies).unwrap();
    fs::write(folder.path().join("new.yaml"), policies).unwrap();
    folder
}

fn run(folder: &Path, words: &[&str]) -> (i32, String) {
    let (code, said, _) = ringfence(folder, words);
    (code, said)
}

#[test]
fn what_is_written_is_what_is_left_and_the_rest_of_the_file_is_as_it_was() {
    let folder = folder(POLICIES);
    let (code, said) = run(folder.path(), &["prune", "new.yaml", "world.yaml", "--write"]);
    assert_eq!(code, 0);
    assert!(said.contains("-metadata: {name: again, namespace: shop}"), "{said}");
    assert_eq!(fs::read_to_string(folder.path().join("new.yaml")).unwrap(), LEFT);
    let both = ["compare", "old.yaml", "new.yaml", "-f", "world.yaml"];
    let (code, said) = run(folder.path(), &both);
    assert_eq!(code, 0);
    let last = "equivalent, a-within-b, b-within-a, not-interfering";
    assert_eq!(said.lines().last(), Some(last), "{said}");
}

#[test]
fn without_write_nothing_is_written_and_a_rule_for_pods_to_come_is_kept() {
    let folder = folder(POLICIES);
    let (code, said) = run(folder.path(), &["prune", "new.yaml", "world.yaml"]);
    assert_eq!(code, 0);
    assert!(
        said.contains("2 removable, 1 change nothing today, 0 policies select nothing"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(folder.path().join("new.yaml")).unwrap(), POLICIES);
}

#[test]
fn the_last_egress_rule_leaves_a_policy_that_still_isolates() {
    let twice = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: one, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  egress:
  - to: [{podSelector: {matchLabels: {app: db}}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: two, namespace: shop}
spec:
  podSelector: {matchExpressions: [{key: app, operator: In, values: [web, api]}]}
  egress:
  - to: [{podSelector: {matchLabels: {app: db}}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: three, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Egress]
  egress:
  - to: [{podSelector: {matchLabels: {app: db}}}]
";
    let folder = folder(twice);
    let (code, _) = run(folder.path(), &["prune", "new.yaml", "world.yaml", "--write"]);
    assert_eq!(code, 0);
    let both = ["compare", "old.yaml", "new.yaml", "-f", "world.yaml"];
    let (_, said) = run(folder.path(), &both);
    assert!(said.lines().last().unwrap().starts_with("equivalent, a-within-b"), "{said}");
    assert_ne!(fs::read_to_string(folder.path().join("new.yaml")).unwrap(), twice);
}

#[test]
fn a_moved_port_is_a_witness_for_both_directions() {
    let folder = folder(POLICIES);
    let moved = POLICIES.replace("5432", "5433");
    fs::write(folder.path().join("new.yaml"), moved).unwrap();
    let both = ["compare", "old.yaml", "new.yaml", "-f", "world.yaml", "-o", "csv"];
    let (code, said) = run(folder.path(), &both);
    assert_eq!(code, 0);
    assert!(said.contains("a-within-b,no,shop/web,shop/db,5432/tcp"), "{said}");
    assert!(said.contains("b-within-a,no,shop/web,shop/db,5433/tcp"), "{said}");
}

#[test]
fn two_policies_of_one_tree_are_compared_alone() {
    let folder = folder(POLICIES);
    let words =
        ["compare", "-f", "world.yaml", "-f", "old.yaml", "--policies", "shop/again", "shop/a"];
    let (code, said) = run(folder.path(), &[&words[..], &["-o", "csv"]].concat());
    assert_eq!(code, 0);
    assert!(said.contains("a-within-b,yes"), "{said}");
    assert!(said.contains("b-within-a,\"today, not for pods to come\""), "{said}");
}
