//! `ringfence diff` as a pull request meets it: what it says and how it ends.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may crash")]

mod support;

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use support::{Said, ringfence};

const WORLD: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: []}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: []}
";

fn policy(app: &str, port: u16) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: db, namespace: \
         shop}}\nspec:\n  podSelector: {{matchLabels: {{app: db}}}}\n  ingress:\n  - from: \
         [{{podSelector: {{matchLabels: {{app: {app}}}}}}}]\n    ports: [{{port: {port}}}]\n"
    )
}

/// A world that stays and a policy before and after.
fn change(old: &str, new: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("world.yaml"), WORLD).unwrap();
    fs::write(folder.path().join("old.yaml"), old).unwrap();
    fs::write(folder.path().join("new.yaml"), new).unwrap();
    folder
}

fn diff(folder: &Path, more: &[&str]) -> Said {
    let fixed = ["diff", "old.yaml", "new.yaml", "-f", "world.yaml"];
    ringfence(folder, &[&fixed, more].concat())
}

#[test]
fn a_moved_port_opens_one_and_closes_one_with_the_rules_that_did_it() {
    let folder = change(&policy("web", 5432), &policy("web", 5433));
    let (code, said, error) = diff(folder.path(), &["--explain", "-o", "json"]);
    assert_eq!(code, 0, "{error}");
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["opened"][0]["ports"][0], "5433/tcp");
    assert_eq!(said["closed"][0]["ports"][0], "5432/tcp");
    let allowed = &said["opened"][0]["allowed_by"]["ingress"][0];
    assert_eq!(allowed, "NetworkPolicy shop/db ingress[0]");
    let denied = &said["opened"][0]["denied_by"];
    assert_eq!(denied["ingress"][0], "default-deny by NetworkPolicy shop/db");
    assert_eq!(denied["egress"], Value::Array(Vec::new()), "egress did not deny");
}

#[test]
fn only_what_is_asked_for_fails() {
    let (narrow, wide) = (policy("web", 5432), policy("web", 5433));
    let moved = change(&narrow, &wide);
    let same = change(&narrow, &narrow);
    let opened =
        change(&narrow, &format!("{narrow}---\n{}", wide.replace("name: db", "name: more")));
    let closed = change("", &narrow);
    for (folder, what, code) in [
        (&moved, "opened", 1),
        (&moved, "closed", 1),
        (&same, "any", 0),
        (&opened, "opened", 1),
        (&opened, "closed", 0),
        (&opened, "any", 1),
        (&closed, "opened", 0),
        (&closed, "closed", 1),
    ] {
        let (ended, said, error) = diff(folder.path(), &["--fail-on", what]);
        assert_eq!(ended, code, "{what}: {said}{error}");
    }
}

#[test]
fn a_new_way_to_others_does_not_fail_the_protected() {
    let folder = change(&policy("web", 5432), &policy("web", 5433));
    assert_eq!(diff(folder.path(), &["--protect", "app=db"]).0, 1);
    assert_eq!(diff(folder.path(), &["--protect", "app in (web, cache)"]).0, 0);
    assert_eq!(diff(folder.path(), &["--protect", "app near db"]).0, 64);
}

#[test]
fn a_change_that_is_not_understood_has_no_answer() {
    let folder = change(&policy("web", 5432), &policy("web", 5432).replace("from:", "form:"));
    let (code, said, error) = diff(folder.path(), &["--fail-on", "any"]);
    assert_eq!(code, 2);
    assert!(error.contains("INCOMPLETE") && error.contains("new.yaml:7"), "{said}{error}");
}
