//! `ringfence explain` as a person or a script meets it: words, exit codes, JSON.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may crash")]

mod support;

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use support::{Said, said};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

fn ringfence(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ringfence"))
        .current_dir(DATA)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments never reads.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    child.wait_with_output().unwrap()
}

fn explain(from: &str, to: &str, port: &str, more: &[&str]) -> Said {
    let fixed = ["explain", "-f", "shop.yaml", "--from", from, "--to", to, "--port", port];
    said(ringfence(&[&fixed, more].concat(), ""))
}

#[test]
fn an_allowed_flow_names_its_rule_and_line() {
    let (code, said, _) = explain("shop/web", "shop/db", "5432", &[]);
    assert_eq!(code, 0);
    assert!(said.starts_with("shop/web -> shop/db 5432/tcp: allow\n"), "{said}");
    let lines = [
        "    NetworkPolicy shop/db ingress[0]\n    --> shop.yaml:22\n",
        "    22 |     - from: [{podSelector: {matchLabels: {app: web}}}]\n",
        "       |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ matches\n",
    ];
    lines.iter().for_each(|line| assert!(said.contains(line), "{said}"));
}

#[test]
fn its_twin_one_port_beside_is_denied_and_still_a_good_answer() {
    let (code, said, _) = explain("shop/web", "shop/db", "5433/tcp", &[]);
    assert_eq!(code, 0);
    assert!(said.contains("    NetworkPolicy shop/db\n    --> shop.yaml:18\n"), "{said}");
    let near =
        "is allowed on port `sql` only, which is 5432 at the destination; 5433/tcp was asked";
    assert!(said.contains(near), "{said}");
}

#[test]
fn a_name_a_service_and_a_default_namespace_are_understood() {
    for (to, port) in [("shop/db", "sql"), ("shop/svc/db", "80"), ("db", "5432")] {
        let (code, said, error) = explain("shop/web", to, port, &["-n", "shop"]);
        assert_eq!(code, 0, "{error}");
        assert!(said.contains("NetworkPolicy shop/db ingress[0]"), "{said}");
    }
}

#[test]
fn a_failed_expectation_is_a_bad_answer() {
    assert_eq!(explain("shop/web", "shop/db", "5432", &["--expect", "allow"]).0, 0);
    assert_eq!(explain("shop/web", "shop/db", "5432", &["--expect", "deny"]).0, 1);
}

#[test]
fn a_service_leads_to_the_target_port_and_says_so() {
    let (code, said, _) = explain("shop/web", "shop/svc/db", "80", &[]);
    assert_eq!(code, 0);
    assert!(said.starts_with("Service shop/db leads 80 to 5432/tcp\n"), "{said}");
    assert!(said.contains("shop/web -> shop/db 5432/tcp: allow"), "{said}");
    let (_, said, _) = explain("shop/web", "ip:10.96.0.9", "5432", &[]);
    assert!(!said.contains("leads"), "the target port is not a port of the Service: {said}");
}

#[test]
fn a_service_s_own_address_has_no_patch_but_a_better_question() {
    let more = ["-f", "closed.yaml"];
    let (code, said, _) = explain("shop/web", "ip:10.96.0.9", "80", &more);
    assert_eq!(code, 0);
    assert!(said.contains("ask for shop/svc/db\n"), "{said}");
    let next = "next: ringfence explain shop.yaml closed.yaml --from shop/web --to shop/svc/db";
    assert!(said.contains(next), "{said}");
}

/// A folder with the shop in it, whose patches can be applied.
fn copied() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(format!("{DATA}/shop.yaml"), folder.path().join("shop.yaml")).unwrap();
    folder
}

fn explain_in(folder: &std::path::Path, words: &[&str]) -> Said {
    let fixed = ["explain", "shop.yaml", "--from", "shop/web", "--to", "shop/db", "--port", "5433"];
    support::ringfence(folder, &[&fixed, words].concat())
}

#[test]
fn the_patch_alone_applies_and_then_the_flow_is_allowed() {
    let folder = copied();
    let (code, denied, _) = explain_in(folder.path(), &["--expect", "deny"]);
    assert_eq!(code, 0);
    let (_, patch, error) = explain_in(folder.path(), &["-o", "patch"]);
    assert!(denied.contains(&patch) && patch.starts_with("--- a/shop.yaml\n"), "{patch}{error}");
    let (_, _, _) = explain_in(folder.path(), &["--patch", "change"]);
    assert_eq!(std::fs::read_to_string(folder.path().join("change")).unwrap(), patch);
    let applied = Command::new("patch")
        .current_dir(folder.path())
        .args(["-p1", "--fuzz=0", "-i", "change"])
        .output();
    assert!(applied.unwrap().status.success());
    assert_eq!(explain_in(folder.path(), &["--expect", "allow"]).0, 0);
    let (code, patch, error) = explain_in(folder.path(), &["-o", "patch"]);
    assert_eq!((code, patch.as_str()), (0, ""));
    assert!(error.contains("allowed already"), "{error}");
}

#[test]
fn what_is_no_file_gets_no_patch_and_says_why() {
    let shop = std::fs::read_to_string(format!("{DATA}/shop.yaml")).unwrap();
    let words = ["explain", "-", "--from", "shop/web", "--to", "shop/db", "--port", "5433"];
    let output = ringfence(&[&words[..], &["-o", "patch"]].concat(), &shop);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("<stdin> is no file"), "{error}");
}

#[test]
fn the_document_fits_the_schema_on_every_kind_of_answer() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema/explain.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let questions = [
        ("shop/web", "shop/db", "5432", "allow"),
        ("shop/web", "shop/db", "5433", "deny"),
        ("shop/web", "shop/svc/db", "80", "allow"),
        ("internet", "shop/db", "5432", "deny"),
        ("shop/db", "shop/db", "icmp", "allow"),
        ("shop/web", "shop/db", "icmp", "deny"),
        ("shop/web", "ip:10.96.0.9", "80", "allow"),
        ("shop/web", "dns:example.com", "443", "allow"),
    ];
    for (from, to, port, verdict) in questions {
        let (code, said, error) = explain(from, to, port, &["-o", "json"]);
        assert_eq!(code, 0, "{error}");
        let value: Value = serde_json::from_str(&said).unwrap();
        let misfits: Vec<String> =
            validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(misfits.is_empty(), "{from} {to} {port}: {misfits:?}\n{said}");
        assert_eq!(value["verdict"], verdict, "{from} {to} {port}");
        assert_eq!(value.get("remedy").is_some(), verdict == "deny");
        let mut other = value;
        other["more"] = Value::Null;
        assert!(!validator.is_valid(&other));
    }
}

#[test]
fn a_name_that_is_not_there_gets_the_nearest_one() {
    let (code, _, error) = explain("shop/wep", "shop/db", "5432", &[]);
    assert_eq!(code, 2);
    assert!(error.contains("did you mean shop/web?"), "{error}");
}

#[test]
fn usage_is_64() {
    assert_eq!(explain("a//b", "shop/db", "5432", &[]).0, 64);
    assert_eq!(explain("shop/web", "shop/db", "5432/TCP", &[]).0, 64);
    assert_eq!(ringfence(&["explain", "-f", "shop.yaml"], "").status.code(), Some(64));
    assert_eq!(ringfence(&["--help"], "").status.code(), Some(0));
}

#[test]
fn a_policy_that_cannot_be_read_makes_the_answer_incomplete_and_says_where() {
    let arguments = [
        "explain",
        "-f",
        "shop.yaml",
        "-f",
        "broken.yaml",
        "--from",
        "shop/web",
        "--to",
        "shop/db",
        "--port",
        "5432",
    ];
    let output = ringfence(&arguments, "");
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("broken.yaml:6:3"), "{error}");
    assert!(error.contains("`ingress`"), "{error}");
    assert!(error.contains("INCOMPLETE"), "{error}");
}

#[test]
fn flows_are_answered_line_by_line_in_the_shape_of_the_schema() {
    let lines = concat!(
        r#"{"src":"shop/web","dst":"shop/db","protocol":"tcp","port":5432}"#,
        "\n",
        r#"{"src":"203.0.113.9","dst":"shop/db","protocol":"udp","port":53}"#,
        "\n",
        r#"{"src":"shop/db","dst":"internet","protocol":"icmp"}"#,
        "\n",
    );
    let output = ringfence(&["explain", "-f", "shop.yaml", "--flows", "-", "-o", "jsonl"], lines);
    assert_eq!(output.status.code(), Some(0));
    let answers: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let verdicts: Vec<&str> = answers.iter().map(|a| a["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["allow", "deny", "allow"]);
    assert_eq!(answers[0]["ingress"]["line"], 22);
    answers.iter().for_each(fits_the_schema);
}

/// Every field that is there is in the schema, and every required one is there.
fn fits_the_schema(answer: &Value) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema/explain-flow.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let fits = |value: &Value, schema: &Value| {
        let known = schema["properties"].as_object().unwrap();
        let has = value.as_object().unwrap();
        assert!(has.keys().all(|key| known.contains_key(key)), "{value}");
        for required in schema["required"].as_array().unwrap() {
            assert!(has.contains_key(required.as_str().unwrap()), "{value} lacks {required}");
        }
    };
    fits(answer, &schema);
    fits(&answer["egress"], &schema["$defs"]["end"]);
    fits(&answer["ingress"], &schema["$defs"]["end"]);
}

#[test]
fn a_bad_line_is_named() {
    let lines =
        "{\"src\":\"shop/web\",\"dst\":\"shop/db\",\"protocol\":\"tcp\",\"port\":1}\n{\"src\":1}\n";
    let output = ringfence(&["explain", "-f", "shop.yaml", "--flows", "-"], lines);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("line 2"));
}

#[test]
fn a_reader_who_has_read_enough_is_no_failure() {
    let fixed = ["explain", "-f", "shop.yaml", "--from", "shop/web", "--to", "shop/db"];
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_ringfence"))
        .current_dir(DATA)
        .args(fixed)
        .args(["--port", "5432", "--expect", "deny"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "the exit code still answers");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
