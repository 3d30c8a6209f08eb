//! A lab that stays up, as a person meets it: up, exec, probe, down.
//!
//! Without root it says SKIPPED, and fails where `RINGFENCE_REQUIRE_KERNEL=1` says that nothing may
//! be skipped.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may crash")]

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
const NAME: &str = "t-words";
/// How long the agent may take on a busy machine to find what it looks for twice a second.
const PATIENCE: Duration = Duration::from_secs(10);

fn lab(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringfence"));
    command.current_dir(DATA).arg("lab").args(words).output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Removes the lab, whatever happens to the test.
struct Removed;

impl Drop for Removed {
    fn drop(&mut self) {
        drop(lab(&["down", "--name", NAME]));
    }
}

#[test]
fn a_lab_comes_up_runs_commands_in_its_pods_answers_probes_and_goes() {
    if let Err(error) = lab::preflight() {
        let required = std::env::var("RINGFENCE_REQUIRE_KERNEL").is_ok_and(|value| value == "1");
        assert!(!required, "the kernel is required: {error}");
        eprintln!("SKIPPED: {error}");
        return;
    }
    let removed = Removed;
    let up = lab(&["up", "-f", "shop.yaml", "--name", NAME]);
    assert!(said(&up).starts_with("lab t-words is up: "), "{}", said(&up));
    let place = ["exec", "--name", NAME, "shop/web", "--", "sh", "-c"];
    let inside = said(&lab(&[&place[..], &["cat /proc/self/cgroup; cat /proc/net/dev"]].concat()));
    assert!(inside.contains("/ringfence/t-words/n.node1/shop.web/"), "{inside}");
    assert!(inside.contains("eth0:"), "{inside}");
    let failed = lab(&[&place[..], &["exit 7"]].concat());
    assert_eq!(failed.status.code(), Some(7), "the command's exit code is the answer");
    let nobody = lab(&["exec", "--name", NAME, "shop/nobody", "--", "true"]);
    assert_eq!(nobody.status.code(), Some(2));
    let probed = said(&lab(&["probe", "--name", NAME]));
    let last = probed.lines().last().unwrap();
    assert!(last.ends_with(" control_failed=0 differences=0"), "{probed}");
    flows_are_told();
    a_pin_that_goes_is_made_again_and_told_of();
    drop(removed);
    let gone = lab(&["exec", "--name", NAME, "shop/web", "--", "true"]);
    assert_eq!(gone.status.code(), Some(2), "nothing is left");
}

fn status() -> Value {
    serde_json::from_str(&said(&lab(&["status", "--name", NAME, "-o", "json"]))).unwrap()
}

/// Something of the lab's one node.
fn of_node<'a>(status: &'a Value, what: &str) -> &'a Value {
    status.pointer(&format!("/labs/0/nodes/0/{what}")).unwrap()
}

fn field<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap()
}

/// How often a pin was made again.
fn pinned_again(status: &Value) -> u64 {
    let repairs = of_node(status, "repairs").as_array().unwrap().iter();
    let of_pins = repairs.filter(|repair| field(repair, "drift") == "pin removed");
    of_pins.map(|repair| field(repair, "count").as_u64().unwrap()).sum()
}

/// Somebody meddles with the datapath of the lab that is up.
fn a_pin_that_goes_is_made_again_and_told_of() {
    let before = status();
    assert_eq!(pinned_again(&before), 0);
    let hooks = of_node(&before, "hooks").as_array().unwrap();
    assert!(hooks.iter().all(|hook| field(hook, "is_ours_first") == true), "{before}");
    assert!(of_node(&before, "memory").as_u64().unwrap() > 1 << 20, "{before}");
    let version = std::fs::read_dir(format!("/sys/fs/bpf/ringfence/{NAME}/node1")).unwrap().next();
    let interface = field(hooks.first().unwrap(), "interface");
    let pin = version.unwrap().unwrap().path().join(format!("links/{interface}-ingress"));
    std::fs::remove_file(&pin).unwrap();
    let gone = Instant::now();
    while pinned_again(&status()) == 0 {
        assert!(gone.elapsed() < PATIENCE, "{}", status());
        std::thread::yield_now();
    }
    eprintln!("told of after {:?}", gone.elapsed());
    assert!(pin.exists());
    let log = std::fs::read_to_string(format!("/run/ringfence/{NAME}/agent.log")).unwrap();
    assert!(log.contains("ingress: pin removed; pinned again"), "{log}");
}

/// What the probes just did is in the record: allowed and denied, with names and the rule.
fn flows_are_told() {
    let denied = ["flows", "--name", NAME, "--last", "100000", "--verdict", "deny", "-o", "json"];
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema/lab-flow.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let all = said(&lab(&[&denied[..5], &["-o", "json"]].concat()));
    let records: Vec<Value> = all.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(records.iter().all(|record| schema.is_valid(record)), "{all}");
    let to_db = |record: &&Value| {
        record["destination"]["name"] == "shop/db" && record["source"]["name"] == "shop/web"
    };
    let opened = records.iter().filter(to_db).find(|record| record["event"] == "opened").unwrap();
    assert_eq!(opened["source"]["container"], "main", "{opened}");
    let refused = said(&lab(&denied));
    assert!(!refused.is_empty() && refused.lines().count() < records.len());
    assert!(refused.lines().all(|line| line.contains("\"deny\"")), "{refused}");
    let few = said(&lab(&["flows", "--name", NAME, "--last", "3", "--pod", "shop/db"]));
    assert_eq!(few.lines().count(), 3, "{few}");
    assert!(few.lines().all(|line| line.contains("shop/db") && line.contains("gress: ")), "{few}");
}

/// Removes whatever a run left behind when its test failed.
struct RunRemoved;

impl Drop for RunRemoved {
    fn drop(&mut self) {
        drop(lab(&["down", "--name", "t-tests"]));
    }
}

#[test]
fn tests_of_intentions_are_judged_by_packets() {
    if let Err(error) = lab::preflight() {
        let required = std::env::var("RINGFENCE_REQUIRE_KERNEL").is_ok_and(|value| value == "1");
        assert!(!required, "the kernel is required: {error}");
        eprintln!("SKIPPED: {error}");
        return;
    }
    let removed = RunRemoved;
    let words =
        ["run", "-f", "shop.yaml", "--name", "t-tests", "--test", "packets.policytest.yaml"];
    let output = lab(&words);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("test web reaches db ... ok"), "{text}");
    assert!(text.contains("test and nobody else does ... ok"), "{text}");
    assert!(text.contains("test a wish ... FAILED"), "{text}");
    assert!(text.contains("5433/tcp is denied"), "{text}");
    assert!(text.trim_end().ends_with(" control_failed=0 differences=0"), "{text}");
    drop(removed);
}
