//! Questions on which tools differ, and policies that wait: what each option changes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may crash")]

mod support;

use std::fs;

use serde_json::{Value, json};
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

const NOBODY: &str = "    - podSelector: {matchLabels: {app: nobody}}";

/// A folder with the world, its policy of this mode.
fn folder(mode: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = WORLD.replace("MODE", mode).replace("PEER", NOBODY);
    fs::write(folder.path().join("world.yaml"), text).unwrap();
    folder
}

#[test]
fn explain_says_what_a_staged_policy_would_say_and_nothing_where_that_is_the_same() {
    let said = verdict("audit", NOBODY, "web", &[]).0;
    assert!(said.contains("if staged policies were enforced: deny\n"), "{said}");
    assert!(said.contains("NetworkPolicy shop/db isolates shop/db"), "{said}");
    let line = verdict("audit", NOBODY, "web", &["-o", "jsonl"]).0;
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&line["verdict"], &line["staged"]["verdict"]), (&json!("allow"), &json!("deny")));
    assert_eq!(line["staged"]["ingress"]["rule"], "NetworkPolicy shop/db");
    for (mode, more) in [("enforce", None), ("audit", Some("--staged"))] {
        let more: Vec<&str> = more.into_iter().collect();
        assert!(!verdict(mode, NOBODY, "web", &more).0.contains("staged policies"), "{mode}");
    }
    let allowed = "    - podSelector: {matchLabels: {app: web}}";
    let same = verdict("audit", allowed, "web", &[]).0;
    assert!(same.contains("if staged policies were enforced: allow\n"), "another rule: {same}");
}

#[test]
fn the_header_counts_what_is_staged() {
    for (mode, more, staged) in [
        ("audit", &[][..], json!(1)),
        ("audit", &["--staged"][..], json!(1)),
        ("enforce", &[][..], Value::Null),
    ] {
        let (folder, fixed) = (folder(mode), ["reach", "world.yaml", "-o"]);
        let (_, said, _) = ringfence(folder.path(), &[&fixed[..], &["json"], more].concat());
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(said["header"]["staged"], staged, "{mode} {more:?}");
        let (_, wide, _) = ringfence(folder.path(), &[&fixed[..], &["wide"], more].concat());
        let head = wide.lines().next().unwrap();
        assert_eq!(head.ends_with(", 1 staged"), staged == json!(1), "{head}");
    }
}

#[test]
fn diff_of_one_path_says_what_staged_policies_would_change() {
    let change = |mode: &str, more: &[&str]| {
        let fixed = ["diff", "world.yaml", "--staged", "-o", "json"];
        let (code, said, error) = ringfence(folder(mode).path(), &[&fixed, more].concat());
        let said: Value = serde_json::from_str(&said).unwrap_or_default();
        let count = |what: &str| said[what].as_array().map(Vec::len);
        (code, count("opened"), count("closed"), error)
    };
    let (code, opened, closed, _) = change("audit", &["--fail-on", "closed"]);
    assert_eq!((code, opened), (1, Some(0)));
    assert!(closed > Some(0), "{closed:?}");
    let (code, opened, closed, _) = change("enforce", &["--fail-on", "any"]);
    assert_eq!((code, opened, closed), (0, Some(0), Some(0)));
    let (code, opened, closed, _) = change("audit", &["world.yaml", "--fail-on", "any"]);
    assert_eq!((code, opened, closed), (0, Some(0), Some(0)), "both as if they were enforced");
    let (code, _, error) = ringfence(folder("audit").path(), &["diff", "world.yaml"]);
    assert_eq!(code, 64, "one path alone needs --staged or --git: {error}");
}

#[test]
fn a_staged_policy_can_be_compared_with_another() {
    let words = ["compare", "-f", "world.yaml", "--policies", "shop/db", "shop/db", "-o", "json"];
    let (code, said, error) = ringfence(folder("audit").path(), &words);
    assert_eq!(code, 0, "{error}");
    assert!(said.contains("equivalent"), "{said}");
}
