//! `ringfence test` as a person or a pipeline meets it: what is found, exit codes, formats, records.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may crash")]

mod support;

use std::fs;
use std::path::Path;

use support::Said;
use tempfile::TempDir;

const TEST: &str = "\
apiVersion: ringfence.io/v1alpha1
kind: PolicyTest
metadata: {name: shop, namespace: shop}
spec:
  tests:
  - name: web reaches db
    allow: {from: [web], to: [db], ports: [sql]}
";

fn folder(tests: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/shop.yaml");
    fs::copy(data, folder.path().join("shop.yaml")).unwrap();
    fs::write(folder.path().join("shop.policytest.yaml"), tests).unwrap();
    folder
}

fn ringfence(folder: &TempDir, words: &[&str]) -> Said {
    support::ringfence(folder.path(), words)
}

#[test]
fn tests_beside_manifests_are_found_and_no_other_command_minds_them() {
    let folder = folder(TEST);
    let (code, said, error) = ringfence(&folder, &["test", "-f", "."]);
    assert_eq!((code, error.as_str()), (0, ""));
    assert!(said.contains("test web reaches db ... ok"), "{said}");
    assert!(said.ends_with("result: ok. 1 held, 0 failed\n"), "{said}");
    assert!(!said.contains('\u{1b}'), "no colour but on a terminal");
    let (code, _, error) = ringfence(&folder, &["reach", "."]);
    assert_eq!((code, error.as_str()), (0, ""));
}

#[test]
fn what_does_not_hold_ends_with_1_in_every_format() {
    let folder = folder(&TEST.replace("[sql]", "[sql, 80]"));
    for (format, wanted) in [
        ("text", "FAILED. 0 held, 1 failed"),
        ("tap", "not ok 1 - web reaches db"),
        ("junit", "failures=\"1\""),
        ("json", "\"result\": \"fails\""),
    ] {
        let (code, said, _) = ringfence(&folder, &["test", "-f", ".", "-o", format]);
        assert_eq!(code, 1, "{format}");
        assert!(said.contains(wanted), "{format}: {said}");
        assert!(said.contains("default-deny by NetworkPolicy shop/db"), "{format}: {said}");
    }
    let (code, said, _) = ringfence(&folder, &["test", "-f", ".", "--output-file", "out"]);
    assert_eq!((code, said.as_str()), (1, ""));
    assert!(fs::read_to_string(folder.path().join("out")).unwrap().contains("FAILED"));
}

#[test]
fn a_word_that_names_nobody_ends_with_2_and_its_place() {
    let folder = folder(&TEST.replace("[web]", "[wep]"));
    let (code, said, error) = ringfence(&folder, &["test", "-f", "."]);
    assert_eq!((code, said.as_str()), (2, ""));
    assert!(error.contains("shop.policytest.yaml:7:20"), "{error}");
    assert!(error.contains("did you mean shop/web?"), "{error}");
}

#[test]
fn manifests_that_are_not_understood_prove_nothing() {
    let folder = folder(TEST);
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/broken.yaml");
    fs::copy(data, folder.path().join("broken.yaml")).unwrap();
    let (code, said, error) = ringfence(&folder, &["test", "-f", "."]);
    assert_eq!(code, 2);
    assert!(said.contains("ok") && error.contains("INCOMPLETE"), "{said}{error}");
    assert_eq!(ringfence(&folder, &["test", "-f", ".", "--record"]).0, 2);
}

#[test]
fn tests_that_are_not_there_are_missed() {
    let folder = folder(TEST);
    let (code, _, error) = ringfence(&folder, &["test", "-f", "shop.yaml"]);
    assert_eq!(code, 2);
    assert!(error.contains("no PolicyTest among the manifests"), "{error}");
    let (code, _, error) = ringfence(&folder, &["test", "shop.yaml", "-f", "shop.yaml"]);
    assert_eq!(code, 2);
    assert!(error.contains("shop.yaml has no PolicyTest"), "{error}");
    assert_eq!(ringfence(&folder, &["test", "shop.policytest.yaml"]).0, 64);
    assert_eq!(ringfence(&folder, &["test", "shop.policytest.yaml", "-f", "shop.yaml"]).0, 0);
}

#[test]
fn a_record_holds_until_a_policy_changes() {
    let folder = folder(TEST);
    let (code, record, error) = ringfence(&folder, &["test", "-f", "shop.yaml", "--record"]);
    assert_eq!(code, 0, "{error}");
    fs::write(folder.path().join("today.yaml"), &record).unwrap();
    let judge = ["test", "today.yaml", "-f", "shop.yaml"];
    assert_eq!(ringfence(&folder, &judge).0, 0, "{record}");
    let manifests = fs::read_to_string(folder.path().join("shop.yaml")).unwrap();
    let opened = manifests.replace("[{port: sql}]", "[{port: 5432, endPort: 5433}]");
    assert_ne!(opened, manifests, "{manifests}");
    fs::write(folder.path().join("shop.yaml"), opened).unwrap();
    let (code, said, _) = ringfence(&folder, &judge);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("5433/tcp is allowed"), "{said}");
}
