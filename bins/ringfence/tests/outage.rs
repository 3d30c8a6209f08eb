//! `disable` and `enable` against an API server: what is written, recorded and refused.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test may crash")]

use std::process::{Command, Output};

use apiserver::FakeApi;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const SYSTEM: &str = "ringfence-system";

struct Site {
    api: FakeApi,
    folder: TempDir,
    _runtime: Runtime,
}

impl Site {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let (api, _) = runtime.block_on(FakeApi::start());
        let folder = tempfile::tempdir().unwrap();
        let config = json!({ "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{ "name": "c", "cluster": { "server": api.url() } }],
            "users": [{ "name": "u", "user": {} }],
            "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "u" } }] });
        std::fs::write(folder.path().join("config"), config.to_string()).unwrap();
        Self { api, folder, _runtime: runtime }
    }

    fn installed() -> Self {
        let site = Self::new();
        let object = json!({ "apiVersion": "v1", "kind": "ConfigMap",
            "data": { "enforcement": "enforce" } });
        site.api.put("configmaps", SYSTEM, "ringfence", object);
        site
    }

    fn run(&self, words: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ringfence"));
        command.env("KUBECONFIG", self.folder.path().join("config")).env("NO_COLOR", "1");
        let Output { status, stdout, stderr } = command.args(words).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code(), text(stdout), text(stderr))
    }

    fn data(&self) -> Value {
        self.api.get("configmaps", SYSTEM, "ringfence").unwrap()["data"].clone()
    }
}

#[test]
fn a_while_is_written_with_its_author_and_recorded() {
    let site = Site::installed();
    let words = ["disable", "--node", "n1", "--for", "30m", "--reason", "fire"];
    let (code, out, err) = site.run(&words);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("policies are out of force on node n1 until "), "{out}");
    let data = site.data();
    assert_eq!(data["enforcement"], "enforce", "nothing else is touched");
    let written: Value = serde_json::from_str(data["disabled.n1"].as_str().unwrap()).unwrap();
    assert_eq!((&written["by"], &written["reason"]), (&json!("somebody"), &json!("fire")));
    let times = ["since", "until"]
        .map(|name| humantime::parse_rfc3339(written[name].as_str().unwrap()).unwrap());
    assert_eq!(times[1].duration_since(times[0]).unwrap().as_secs(), 1800);
    let events = site.api.all("events");
    assert_eq!(events[0]["involvedObject"]["kind"], "Node");
    assert_eq!(events[0]["reason"], "EnforcementDisabled");
    assert_eq!(events[0]["metadata"]["namespace"], "default");
    assert_eq!(events[0]["message"], out.trim());
}

#[test]
fn enabling_takes_away_what_was_written_and_nothing_else() {
    let site = Site::installed();
    for words in
        [["disable", "--for", "1h"].as_slice(), &["disable", "--for", "2h", "--node", "n1"]]
    {
        assert_eq!(site.run(words).0, Some(0));
    }
    let (code, _, err) = site.run(&["enable", "--node", "n1"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("out of force on every node"), "{err}");
    assert!(site.data().get("disabled.n1").is_some());
    let (code, out, _) = site.run(&["enable"]);
    assert_eq!((code, out.lines().count()), (Some(0), 2));
    assert_eq!(site.data(), json!({ "enforcement": "enforce" }));
    let (code, out, _) = site.run(&["enable"]);
    assert_eq!(
        (code, out.as_str()),
        (Some(0), "nobody took policies out of force on every node\n")
    );
    assert_eq!(site.api.all("events").len(), 4);
}

#[test]
fn one_node_is_enabled_alone() {
    let site = Site::installed();
    for node in ["n1", "n2"] {
        assert_eq!(site.run(&["disable", "--for", "1h", "--node", node]).0, Some(0));
    }
    assert_eq!(site.run(&["enable", "--node", "n1"]).0, Some(0));
    let data = site.data();
    assert!(data.get("disabled.n1").is_none() && data.get("disabled.n2").is_some());
}

#[test]
fn a_while_that_is_absurd_is_refused_before_anybody_is_asked() {
    let site = Site::installed();
    for long in ["25h", "0s", "1day 1s"] {
        let (code, _, err) = site.run(&["disable", "--for", long]);
        assert_eq!(code, Some(2), "{long}");
        assert!(err.contains("policies are not taken out of force"), "{err}");
    }
    assert_eq!(site.run(&["disable", "--for", "soon"]).0, Some(64));
    assert_eq!(site.run(&["disable"]).0, Some(64));
    assert!(site.api.asked().is_empty());
    assert_eq!(site.run(&["disable", "--for", "24h"]).0, Some(0));
}

#[test]
fn a_config_map_that_is_gone_is_made_and_one_that_may_not_be_written_is_an_error() {
    let site = Site::new();
    assert_eq!(site.run(&["disable", "--for", "1h"]).0, Some(0));
    assert!(site.data().get("disabled").is_some());
    let site = Site::installed();
    site.api.forbid("configmaps", SYSTEM);
    let (code, out, err) = site.run(&["disable", "--for", "1h"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("403"), "{err}");
}
