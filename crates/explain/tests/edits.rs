//! Patches look like what they are added to, and leave everything else as it was written.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may crash")]

mod support;

use model::{Family, Flow, Protocol, Traffic};
use ringfence_explain::{Patch, Question, Remedy, explain};
use support::{Cluster, document};

const PODS: &str = "apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: main, image: web}]}
---
apiVersion: v1
kind: Pod
metadata: {name: cache, namespace: shop, labels: {app: cache}}
spec: {containers: [{name: main, image: cache}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: main, image: db}]}
";

/// What would let the web server talk to the database at `port`.
fn patch_of(files: &[(&str, String)], port: u16) -> Patch {
    let mut documents = vec![document("pods.yaml", PODS.to_owned())];
    documents.extend(files.iter().map(|(name, text)| document(name, text.clone())));
    let cluster = Cluster::read(documents);
    assert!(cluster.reading.is_complete(), "{:?}", cluster.reading.problems);
    let end = |name: &str| {
        cluster.world.pod_end(cluster.world.find_pod("shop", name).unwrap(), Family::V4)
    };
    let traffic = Traffic::Port(Protocol::Tcp, port);
    let flow = Flow::new(end("web"), end("db"), traffic, Family::V4).unwrap();
    let word = |text: &str| text.to_owned();
    let question = Question {
        from: word("shop/web"),
        to: word("shop/db"),
        port: port.to_string(),
        service: None,
        is_example: false,
        flows: vec![flow],
    };
    match explain(&cluster.input(), &question).remedy {
        Some(Remedy::Patch(patch)) => patch,
        other => panic!("{other:?}"),
    }
}

fn policy(ingress: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: db, namespace: \
         shop}}\nspec:\n  podSelector: {{matchLabels: {{app: db}}}}\n  policyTypes: [Ingress]\n{ingress}"
    )
}

/// The lines that a patch adds and takes away.
fn changed(text: &str) -> Vec<&str> {
    let lines = text.lines().filter(|line| !line.starts_with("---") && !line.starts_with("+++"));
    lines.filter(|line| line.starts_with(['+', '-'])).collect()
}

#[test]
fn a_rule_with_this_peer_gets_a_port_in_its_own_style() {
    let block = policy(
        "  ingress:\n    - from:\n        - podSelector:\n            matchLabels:\n              app: web\n      \
         ports:\n        - port: 80 # http\n        # the last word\n",
    );
    let patch = patch_of(&[("db.yaml", block)], 443);
    assert_eq!(changed(&patch.text), ["+        - protocol: TCP", "+          port: 443"]);
    let items = policy(
        "  ingress:\n  - from: [{podSelector: {matchLabels: {app: web}}}]\n    ports:\n    - {port: 80}\n",
    );
    let patch = patch_of(&[("db.yaml", items)], 443);
    assert_eq!(changed(&patch.text), ["+    - {protocol: TCP, port: 443}"]);
}

#[test]
fn a_rule_on_this_port_gets_a_peer() {
    let one_line = policy(
        "  ingress: [{from: [{podSelector: {matchLabels: {app: cache}}}], ports: [{port: 443}]}]\n",
    );
    let patch = patch_of(&[("db.yaml", one_line)], 443);
    let expected = "+  ingress: [{from: [{podSelector: {matchLabels: {app: cache}}}, {podSelector: \
                    {matchLabels: {app: web}}}], ports: [{port: 443}]}]";
    assert_eq!(changed(&patch.text).last(), Some(&expected));
    assert_eq!(patch.changes, ["adds a peer to NetworkPolicy shop/db ingress[0] (db.yaml)"]);
}

#[test]
fn a_policy_that_only_isolates_stays_and_gets_a_neighbour() {
    let patch = patch_of(&[("db.yaml", policy(""))], 443);
    assert_eq!(patch.changes, ["adds NetworkPolicy shop/db-from-web-443-tcp (db.yaml)"]);
    assert!(changed(&patch.text).iter().all(|line| line.starts_with('+')), "{}", patch.text);
    assert!(patch.text.contains("+---\n+apiVersion: networking.k8s.io/v1\n"), "{}", patch.text);
}

#[test]
fn a_policy_for_a_whole_namespace_is_never_opened() {
    let whole = policy("  ingress: [{from: [{podSelector: {}}], ports: [{port: 443}]}]\n")
        .replace("{matchLabels: {app: db}}", "{}");
    let patch = patch_of(&[("db.yaml", whole)], 80);
    assert_eq!(patch.changes, ["adds NetworkPolicy shop/db-from-web-80-tcp (db.yaml)"]);
}

#[test]
fn line_ends_and_a_missing_last_one_are_kept() {
    let text = policy("  ingress:\n  - from: [{podSelector: {matchLabels: {app: cache}}}]\n");
    let windows = patch_of(&[("db.yaml", text.replace('\n', "\r\n"))], 443);
    let after = &windows.documents.first().unwrap().after;
    assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
    let cut = patch_of(&[("db.yaml", text.trim_end().to_owned())], 443);
    assert!(cut.text.contains("\\ No newline at end of file"), "{}", cut.text);
    assert!(cut.documents.first().unwrap().after.starts_with(text.as_str()));
}

#[test]
fn beside_json_stands_a_file_of_its_own() {
    let json = r#"{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": "db", "namespace": "shop"},
        "spec": {"podSelector": {"matchLabels": {"app": "db"}}}}"#;
    let patch = patch_of(&[("net/db.json", json.to_owned())], 443);
    let head = "--- /dev/null\n+++ b/net/db-from-web-443-tcp.yaml\n@@ -0,0 +1,";
    assert!(patch.text.starts_with(head), "{}", patch.text);
    assert!(patch.documents.first().unwrap().before.is_none());
}

#[test]
fn a_policy_that_is_there_twice_is_left_alone() {
    let text = policy("  ingress:\n  - from: [{podSelector: {matchLabels: {app: cache}}}]\n");
    let patch = patch_of(&[("a.yaml", text.clone()), ("b.yaml", text)], 443);
    assert_eq!(patch.changes, ["adds NetworkPolicy shop/db-from-web-443-tcp (a.yaml)"]);
}

#[test]
fn a_name_that_is_taken_is_numbered() {
    let other = policy("").replace("name: db,", "name: db-from-web-443-tcp,");
    let patch = patch_of(&[("db.yaml", policy("")), ("other.yaml", other)], 443);
    assert!(patch.changes.concat().contains("shop/db-from-web-443-tcp-2 "), "{:?}", patch.changes);
}
