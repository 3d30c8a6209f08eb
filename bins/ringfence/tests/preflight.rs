//! `ringfence preflight`: of a cluster by its API server, and of this machine as far as it may look.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test may crash")]

use std::path::Path;
use std::process::{Command, Stdio};

use apiserver::FakeApi;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

fn run(words: &[&str]) -> (Option<i32>, String) {
    let (code, said, _) = run_as(words);
    (code, said)
}

/// The process's number too.
fn run_as(words: &[&str]) -> (Option<i32>, String, u32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringfence"));
    command.env("NO_COLOR", "1").arg("preflight").args(words).stdout(Stdio::piped());
    let child = command.spawn().unwrap();
    let id = child.id();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap(), id)
}

fn document(said: &str) -> Value {
    let document = serde_json::from_str(said).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema/preflight.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&document), "{document}");
    document
}

fn outcome(document: &Value, check: &str) -> String {
    let findings = document["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["check"] == check);
    found.unwrap()["outcome"].as_str().unwrap().to_owned()
}

fn kubeconfig(folder: &Path, url: &str) -> String {
    let config = json!({ "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{ "name": "c", "cluster": { "server": url } }],
        "users": [{ "name": "u", "user": {} }],
        "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "u" } }] });
    let path = folder.join("config");
    std::fs::write(&path, config.to_string()).unwrap();
    path.display().to_string()
}

#[test]
fn of_a_cluster_it_names_another_engine_and_ends_by_what_blocks() {
    let runtime = Runtime::new().unwrap();
    let (api, _) = runtime.block_on(FakeApi::start());
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = kubeconfig(folder.path(), api.url());
    let node = |kernel: &str| {
        json!({ "apiVersion": "v1", "kind": "Node", "spec": { "podCIDRs": ["10.0.0.0/24"] },
            "status": { "nodeInfo": { "kernelVersion": kernel } } })
    };
    api.put("nodes", "", "n1", node("6.8.0"));
    let set = json!({ "apiVersion": "apps/v1", "kind": "DaemonSet", "spec": {} });
    api.put("daemonsets", "kube-system", "cilium", set);
    let words = ["--live", "--kubeconfig", &kubeconfig];
    let (code, text) = run(&words);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("Cilium enforces here too: DaemonSet kube-system/cilium"), "{text}");
    api.put("nodes", "", "n1", node("5.15.0"));
    let (code, said) = run(&[&words[..], &["-o", "json"]].concat());
    let document = document(&said);
    assert_eq!((code, document["blocks"].as_u64()), (Some(1), Some(1)));
    assert_eq!(outcome(&document, "kernels"), "blocks");
}

#[test]
#[cfg(target_os = "linux")]
fn of_this_machine_it_says_which_network_a_runtime_would_take_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    let words = ["--cni-config-dir", &path, "-o", "json"];
    let (code, said) = run(&words);
    assert_eq!(code, Some(1), "a node without a network is blocked: {said}");
    assert_eq!(outcome(&document(&said), "cni"), "blocks");
    let network =
        r#"{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"bridge"},{"type":"portmap"}]}"#;
    std::fs::write(folder.path().join("10-n.conflist"), network).unwrap();
    let (_, said, id) = run_as(&words);
    assert_eq!(outcome(&document(&said), "cni"), "good");
    assert!(!Path::new(&format!("/sys/fs/bpf/ringfence-preflight-{id}")).exists());
}
