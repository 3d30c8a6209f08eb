//! Questions on which tools differ, and policies that wait: what each option changes.

#![allow(clippy::unwrap_used, reason = "a test may crash")]

mod support;

use std::fs;

use support::ringfence;

const WORLD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: []}
---
apiVersion: v1
kind: Pod
metadata: {name: probe, namespace: shop, labels: {app: probe}}
spec: {hostNetwork: true, containers: []}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: []}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop, annotations: {ringfence.io/mode: MODE}}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from:
PEER
";

fn verdict(mode: &str, peer: &str, from: &str, more: &[&str]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let text = WORLD.replace("MODE", mode).replace("PEER", peer);
    fs::write(folder.path().join("world.yaml"), text).unwrap();
    let fixed =
        ["explain", "world.yaml", "-n", "shop", "--from", from, "--to", "db", "--port", "5432"];
    let (code, said, error) = ringfence(folder.path(), &[&fixed, more].concat());
    assert_eq!(code, 0, "{error}");
    (said, error)
}

#[track_caller]
fn says(said: &(String, String), verdict: &str) {
    let first = said.0.lines().find(|line| line.contains("5432")).unwrap();
    assert!(first.contains(verdict), "{}", said.0);
}

#[test]
fn a_block_matches_pods_unless_only_external_addresses_are_meant() {
    let everybody = "    - ipBlock: {cidr: 0.0.0.0/0}\n    - ipBlock: {cidr: '::/0'}";
    says(&verdict("enforce", everybody, "web", &[]), "allow");
    says(&verdict("enforce", everybody, "web", &["--ipblocks", "external"]), "deny");
    says(&verdict("enforce", everybody, "internet", &["--ipblocks", "external"]), "allow");
    says(&verdict("enforce", everybody, "web", &["--ipblocks", "pods"]), "allow");
}

#[test]
fn a_pod_on_its_nodes_network_is_no_pod_unless_it_is_asked_for() {
    let probe = "    - podSelector: {matchLabels: {app: probe}}";
    says(&verdict("enforce", probe, "probe", &[]), "deny");
    says(&verdict("enforce", probe, "probe", &["--host-network", "pod"]), "allow");
    says(&verdict("enforce", probe, "web", &["--host-network", "pod"]), "deny");
}

#[test]
fn a_staged_policy_decides_nothing_unless_it_is_asked_for() {
    let nobody = "    - podSelector: {matchLabels: {app: nobody}}";
    let said = verdict("audit", nobody, "web", &[]);
    says(&said, "allow");
    assert!(said.1.contains("staged, so they decide nothing: NetworkPolicy shop/db"), "{}", said.1);
    says(&verdict("audit", nobody, "web", &["--staged"]), "deny");
    says(&verdict("enforce", nobody, "web", &[]), "deny");
}
