//! `ringfence explain` as a person or a script meets it: words, exit codes, JSON.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may crash")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

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

fn explain(from: &str, to: &str, port: &str, more: &[&str]) -> (i32, String, String) {
    let fixed = ["explain", "-f", "shop.yaml", "--from", from, "--to", to, "--port", port];
    let output = ringfence(&[&fixed, more].concat(), "");
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn an_allowed_flow_names_its_rule_and_line() {
    let (code, said, _) = explain("shop/web", "shop/db", "5432", &[]);
    assert_eq!(code, 0);
    assert_eq!(
        said,
        "shop/web -> shop/db 5432/tcp: allow\n  \
         egress  allow default-allow\n  \
         ingress allow NetworkPolicy shop/db ingress[0] (shop.yaml:22)\n"
    );
}

#[test]
fn its_twin_one_port_beside_is_denied_and_still_a_good_answer() {
    let (code, said, _) = explain("shop/web", "shop/db", "5433/tcp", &[]);
    assert_eq!(code, 0);
    assert!(said.contains("deny  default-deny by NetworkPolicy shop/db (shop.yaml:18)"), "{said}");
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
