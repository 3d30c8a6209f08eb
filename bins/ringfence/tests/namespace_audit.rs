//! A namespace in audit (ruling N41): what each command says of its pods, and of those of others.

#![allow(clippy::unwrap_used, reason = "a test may crash")]

mod support;

use std::fs;

use serde_json::Value;
use support::ringfence;
use tempfile::TempDir;

/// Two namespaces whose pods nobody may reach; WORD is what the first one says.
fn world(word: &str) -> TempDir {
    let mut text = format!(
        "{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, labels: {{ringfence.io/enforcement: {word}}}}}}}\n"
    );
    for namespace in ["shop", "bank"] {
        text.push_str(&format!(
            "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: db, namespace: {namespace}, labels: {{app: db}}}}, \
             spec: {{containers: []}}}}\n\
             ---\n{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, \
             metadata: {{name: nobody, namespace: {namespace}}}, spec: {{podSelector: {{}}}}}}\n"
        ));
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("world.yaml"), text).unwrap();
    folder
}

fn run(word: &str, words: &[&str]) -> (i32, String, String) {
    ringfence(world(word).path(), words)
}

const INTO_SHOP: [&str; 8] =
    ["explain", "world.yaml", "--from", "bank/db", "--to", "shop/db", "--port", "80"];

#[test]
fn explain_says_what_is_and_what_would_be_and_names_the_namespace() {
    let (_, said, error) = run("audit", &INTO_SHOP);
    assert!(said.contains("shop/db 80/tcp: allow"), "{said}");
    assert!(said.contains("if staged policies were enforced: deny"), "{said}");
    assert_eq!(error, "in audit, so policies decide nothing for pods of namespace: shop\n");
    for word in ["enforce", "Audit"] {
        let (_, said, error) = run(word, &INTO_SHOP);
        assert!(said.contains("shop/db 80/tcp: deny"), "{word}: {said}");
        assert_eq!(error, "", "{word}");
    }
    let out: Vec<&str> = INTO_SHOP
        .iter()
        .map(|word| match *word {
            "bank/db" => "shop/db",
            "shop/db" => "bank/db",
            word => word,
        })
        .collect();
    let (_, said, _) = run("audit", &out);
    assert!(said.contains("bank/db 80/tcp: deny"), "the other's policies count: {said}");
}

#[test]
fn diff_says_what_enforcing_the_namespace_would_close() {
    let closed = |word: &str| {
        let words = ["diff", "world.yaml", "--staged", "-o", "json"];
        let (_, said, _) = run(word, &words);
        let said: Value = serde_json::from_str(&said).unwrap();
        said.get("closed").and_then(Value::as_array).map(Vec::len)
    };
    assert!(closed("audit") > Some(0));
    assert_eq!(closed("enforce"), Some(0));
}

#[test]
fn reach_shows_the_way_in_and_check_and_prune_judge_what_is_written() {
    let reaches = |word: &str| run(word, &["reach", "world.yaml"]).1.contains("shop/db");
    let into = |word: &str| {
        let (_, said, _) = run(word, &["reach", "world.yaml", "--to", "shop/db", "-o", "jsonl"]);
        said.lines().filter(|line| !line.is_empty()).count()
    };
    assert!(reaches("audit"));
    assert!(into("audit") > into("enforce"), "{} {}", into("audit"), into("enforce"));
    let prune = |word: &str| run(word, &["prune", "world.yaml"]).1;
    assert_eq!(prune("audit"), prune("enforce"), "a policy that waits is needed");
    let selects_nothing = |word: &str| run(word, &["check", "world.yaml"]).1.contains("RF009");
    assert!(!selects_nothing("audit"));
    let misspelt = |word: &str| run(word, &["check", "world.yaml"]).1.contains("RF054");
    assert_eq!(["audit", "enforce", "Audit"].map(misspelt), [false, false, true]);
}
