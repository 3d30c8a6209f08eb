//! Every command on a cluster: what it says, and what it leaves open where it may not look.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may crash")]

mod support;

use std::fs;

use apiserver::FakeApi;
use serde_json::{Value, json};
use support::{Said, ringfence};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A shop and its payments: in each a web and a db, and only web may reach db.
struct Cluster {
    _runtime: Runtime,
    api: FakeApi,
    folder: TempDir,
}

impl Cluster {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let (api, _) = runtime.block_on(FakeApi::start());
        api.put("nodes", "", "n1", json!({}));
        for (at, namespace) in ["payments", "shop"].into_iter().enumerate() {
            let labels = json!({ "metadata": { "labels": { "team": namespace } } });
            api.put("namespaces", "", namespace, labels);
            api.put("pods", namespace, "web", pod("web", &format!("10.0.{at}.1")));
            api.put("pods", namespace, "db", pod("db", &format!("10.0.{at}.2")));
            api.put("networkpolicies", namespace, "db", policy("db", "web"));
        }
        let folder = TempDir::new().unwrap();
        let config = format!(
            "{{apiVersion: v1, kind: Config, current-context: c, \
              clusters: [{{name: c, cluster: {{server: \"{}\"}}}}], users: [{{name: u, user: {{}}}}], \
              contexts: [{{name: c, context: {{cluster: c, user: u, namespace: shop}}}}]}}",
            api.url()
        );
        fs::write(folder.path().join("kubeconfig"), config).unwrap();
        Self { _runtime: runtime, api, folder }
    }

    /// What a command with these words, and the cluster, says.
    fn says(&self, words: &[&str]) -> Said {
        ringfence(self.folder.path(), &[words, &["--kubeconfig", "kubeconfig"]].concat())
    }

    /// The same as JSON.
    fn json(&self, words: &[&str]) -> (i32, Value) {
        let (code, out, error) = self.says(&[words, &["-o", "json"]].concat());
        (code, serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{error}")))
    }

    fn file(&self, name: &str, object: &Value) {
        fs::write(self.folder.path().join(name), object.to_string()).unwrap();
    }

    /// Policies of payments may not be read.
    fn hides_policies(&self) {
        self.api.forbid("networkpolicies", "");
        self.api.forbid("networkpolicies", "payments");
    }
}

fn pod(app: &str, address: &str) -> Value {
    json!({ "metadata": { "labels": { "app": app } }, "spec": { "nodeName": "n1",
        "containers": [{ "name": "c", "image": "i", "ports": [{ "containerPort": 5432 }] }] },
        "status": { "phase": "Running", "podIP": address, "podIPs": [{ "ip": address }] } })
}

fn policy(to: &str, from: &str) -> Value {
    json!({ "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "spec": { "podSelector": { "matchLabels": { "app": to } },
            "ingress": [{ "from": [{ "podSelector": { "matchLabels": { "app": from } } }] }] } })
}

/// `explain` from one pod to another, with the verdict in its first line.
fn verdict(cluster: &Cluster, from: &str, to: &str) -> (i32, String) {
    let words = ["explain", "--from", from, "--to", to, "--port", "5432"];
    let (code, answer) = cluster.json(&words);
    assert_eq!(answer["complete"], json!(code != 2), "{answer}");
    (code, answer["verdict"].as_str().unwrap().to_owned())
}

#[test]
fn a_flow_is_explained_by_the_policies_of_the_cluster_and_the_context_names_the_namespace() {
    let cluster = Cluster::start();
    assert_eq!(verdict(&cluster, "web", "db"), (0, "allow".to_owned()));
    assert_eq!(verdict(&cluster, "payments/web", "db"), (0, "deny".to_owned()));
    let words = ["explain", "--from", "payments/web", "--to", "db", "--port", "5432"];
    let (_, said, _) = cluster.says(&words);
    assert!(said.contains("networkpolicies/shop/db"), "{said}");
}

#[test]
fn a_verdict_that_depends_on_policies_that_may_not_be_read_is_unknown() {
    let cluster = Cluster::start();
    cluster.hides_policies();
    assert_eq!(verdict(&cluster, "shop/web", "payments/db"), (2, "unknown".to_owned()));
    assert_eq!(verdict(&cluster, "payments/web", "payments/db"), (2, "unknown".to_owned()));
    assert_eq!(verdict(&cluster, "shop/web", "shop/db"), (0, "allow".to_owned()));
    let denied = verdict(&cluster, "payments/web", "shop/db");
    assert_eq!(denied, (0, "deny".to_owned()), "the other end denies it in any case");
    let words = ["explain", "--from", "shop/web", "--to", "payments/db", "--port", "5432"];
    let (_, said, error) = cluster.says(&words);
    assert!(said.contains("shop/web -> payments/db 5432: unknown"), "{said}");
    assert!(said.contains("UNKNOWN: networkpolicies in namespace payments"), "{said}");
    assert!(error.contains("networkpolicies in namespace payments"), "{error}");
    let (code, said, _) = cluster.says(&[&words[..], &["-o", "jsonl"]].concat());
    assert_eq!((code, said.contains("\"verdict\":\"unknown\"")), (2, true), "{said}");
}

#[test]
fn many_flows_are_unknown_one_by_one() {
    let cluster = Cluster::start();
    cluster.hides_policies();
    let flows = [("shop/web", "shop/db"), ("shop/web", "payments/db")];
    let flow = |(src, dst)| json!({ "src": src, "dst": dst, "protocol": "tcp", "port": 5432 });
    let lines: Vec<String> = flows.into_iter().map(|it| flow(it).to_string()).collect();
    fs::write(cluster.folder.path().join("flows"), lines.join("\n")).unwrap();
    let (code, said, _) = cluster.says(&["explain", "--flows", "flows"]);
    let verdicts: Vec<bool> = said.lines().map(|it| it.contains("\"unknown\"")).collect();
    assert_eq!((code, verdicts), (2, vec![false, true]), "{said}");
}

#[test]
fn reach_says_what_is_certain_and_what_is_not() {
    let cluster = Cluster::start();
    let (code, all) = cluster.json(&["reach"]);
    assert_eq!((code, &all["unknown"], &all["complete"]), (0, &Value::Null, &json!(true)));
    cluster.hides_policies();
    let (code, known) = cluster.json(&["reach"]);
    assert_eq!((code, &known["complete"]), (2, &json!(false)));
    let unread = json!(["networkpolicies in namespace payments"]);
    assert_eq!(known["header"]["unknown"], unread);
    assert!(!known["unknown"].as_array().unwrap().is_empty());
    let (_, said, _) = cluster.says(&["reach", "--to", "payments/db"]);
    assert!(said.lines().any(|line| line.starts_with("unknown: ")), "{said}");
    let (_, said, _) = cluster.says(&["reach", "--from", "shop/web", "--to", "shop/db"]);
    assert!(said.ends_with("nothing is said of whoever could not be read\n"), "{said}");
    assert!(!said.contains("*  "), "nobody is everybody: {said}");
    assert!(!said.lines().any(|line| line.starts_with("unknown: ")), "{said}");
}

#[test]
fn pods_that_may_not_be_read_are_not_taken_for_none() {
    let cluster = Cluster::start();
    cluster.api.forbid("pods", "");
    assert_eq!(cluster.json(&["reach"]).0, 0, "namespace by namespace all may be read");
    cluster.api.forbid("pods", "payments");
    let (code, out, error) = cluster.says(&["reach", "--to", "payments/db"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(error.contains("unknown, because they may not be read: pods in namespace payments"));
    assert_eq!(verdict(&cluster, "shop/web", "shop/db"), (0, "allow".to_owned()));
    let to_address = verdict(&cluster, "shop/web", "ip:10.0.0.2");
    assert_eq!(to_address, (2, "unknown".to_owned()), "it may be a pod's");
    assert_eq!(verdict(&cluster, "shop/web", "internet"), (0, "allow".to_owned()));
    let (code, said, _) = cluster.says(&["check"]);
    assert_eq!(code, 2);
    assert!(said.contains("not checked: not all pods or workloads"), "{said}");
}

#[test]
fn labels_of_a_namespace_that_may_not_be_read_leave_its_flows_open() {
    let cluster = Cluster::start();
    for plural in ["namespaces", "nodes"] {
        cluster.api.forbid(plural, "");
    }
    assert_eq!(verdict(&cluster, "shop/web", "shop/db"), (0, "allow".to_owned()));
    assert_eq!(verdict(&cluster, "shop/web", "payments/db"), (2, "unknown".to_owned()));
    cluster.api.forbid("namespaces", "shop");
    assert_eq!(verdict(&cluster, "shop/web", "shop/db"), (2, "unknown".to_owned()));
}

#[test]
fn who_insists_on_all_namespaces_gets_no_part_of_them() {
    let cluster = Cluster::start();
    assert_eq!(cluster.says(&["reach", "-A"]).0, 0);
    cluster.api.forbid("pods", "");
    let (code, out, error) = cluster.says(&["reach", "-A"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(error.contains("pods may not be listed"), "{error}");
}

#[test]
fn a_diff_over_a_cluster_is_what_applying_would_change() {
    let cluster = Cluster::start();
    let mut open = policy("db", "anybody");
    open["metadata"] = json!({ "name": "db", "namespace": "shop" });
    cluster.file("db.json", &open);
    let (code, diff) = cluster.json(&["diff", "db.json"]);
    assert_eq!(code, 0);
    assert_eq!(diff["opened"], json!([]));
    assert_eq!(diff["closed"].as_array().unwrap().len(), 1, "web no longer reaches db: {diff}");
    assert_eq!(cluster.says(&["diff", "db.json", "--fail-on", "closed"]).0, 1);
    open["metadata"]["name"] = json!("another");
    cluster.file("db.json", &open);
    let (_, said, _) = cluster.says(&["diff", "db.json"]);
    assert!(said.contains("nothing opened and nothing closed"), "what is there stays: {said}");
}

#[test]
fn a_diff_says_which_changes_depend_on_what_may_not_be_read() {
    let cluster = Cluster::start();
    for namespace in ["shop", "payments"] {
        let mut closed = policy("web", "nobody");
        closed["metadata"] = json!({ "name": "closed", "namespace": namespace });
        cluster.file(&format!("{namespace}.json"), &closed);
    }
    let changes = |file: &str| {
        let (code, diff) = cluster.json(&["diff", file]);
        let count = |what: &Value| what.as_array().map_or(0, Vec::len);
        let outside = count(&diff["outside_closed"]);
        (code, count(&diff["closed"]) + outside > 0, count(&diff["unknown"]) > 0)
    };
    assert_eq!(changes("payments.json"), (0, true, false));
    cluster.hides_policies();
    assert_eq!(changes("payments.json"), (2, false, true));
    assert!(changes("shop.json").1, "of pods whose policies are known");
}

#[test]
fn a_workload_that_is_applied_with_other_labels_has_other_pods() {
    let cluster = Cluster::start();
    let mut web = pod("web", "10.0.1.9");
    web["metadata"] = json!({ "labels": { "app": "web", "pod-template-hash": "5d8f" },
        "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "front-5d8f",
            "uid": "u", "controller": true }] });
    cluster.api.put("pods", "shop", "front-5d8f-x", web);
    assert_eq!(verdict(&cluster, "shop/deploy/front", "shop/db"), (0, "allow".to_owned()));
    let labels = json!({ "app": "front" });
    cluster.file(
        "front.json",
        &json!({ "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "front", "namespace": "shop" },
        "spec": { "selector": { "matchLabels": labels }, "template": {
            "metadata": { "labels": labels },
            "spec": { "containers": [{ "name": "c", "image": "i" }] } } } }),
    );
    let (_, said, _) = cluster.says(&["diff", "front.json"]);
    let closed = said.lines().find(|line| line.starts_with("-  ")).unwrap_or_default();
    assert!(closed.contains("deployment/front") && closed.contains("shop/db"), "{said}");
    assert!(!said.contains("appeared"), "it was there before: {said}");
}

#[test]
fn intentions_hold_fail_or_are_unknown() {
    let cluster = Cluster::start();
    let test = |name: &str, from: &str, to: &str| json!({ "name": name, "allow": { "from": [from], "to": [to], "ports": [5432] } });
    cluster.file(
        "tests.json",
        &json!({ "apiVersion": "ringfence.io/v1alpha1", "kind": "PolicyTest",
        "metadata": { "name": "t" }, "spec": { "tests": [
            test("shop", "shop/web", "shop/db"), test("payments", "payments/web", "payments/db"),
            test("across", "payments/web", "shop/db"),
        ] } }),
    );
    let results = || {
        let (code, report) = cluster.json(&["test", "tests.json"]);
        let tests = report["tests"].as_array().unwrap().clone();
        (code, tests.iter().map(|it| it["result"].clone()).collect::<Vec<_>>())
    };
    assert_eq!(results(), (1, vec![json!("holds"), json!("holds"), json!("fails")]));
    cluster.hides_policies();
    assert_eq!(results(), (2, vec![json!("holds"), json!("unknown"), json!("fails")]));
}

#[test]
fn every_other_command_reads_a_cluster_and_ends_with_two_where_it_may_not_see_all() {
    let cluster = Cluster::start();
    let commands: [&[&str]; 4] = [
        &["exposure"],
        &["graph"],
        &["prune"],
        &["compare", "--policies", "shop/db", "payments/db"],
    ];
    let codes = || commands.map(|words| cluster.says(words).0);
    assert_eq!(codes(), [0, 0, 0, 0]);
    cluster.hides_policies();
    assert_eq!(codes()[..3], [2, 2, 2]);
}

#[test]
fn what_is_unknown_is_in_the_schemas() {
    let cluster = Cluster::start();
    cluster.hides_policies();
    let explain = ["explain", "--from", "shop/web", "--to", "payments/db", "--port", "5432"];
    let mut closed = policy("web", "nobody");
    closed["metadata"] = json!({ "name": "closed" });
    cluster.file("closed.json", &closed);
    let commands: [(&str, &[&str]); 4] = [
        ("reach", &["reach"]),
        ("exposure", &["exposure"]),
        ("diff", &["diff", "closed.json", "-n", "payments"]),
        ("explain", &explain),
    ];
    for (name, words) in commands {
        let schema = format!("{}/../../docs/schema/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let schema = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
        let (_, said) = cluster.json(words);
        let is_open = said["unknown"].is_array() || said["verdict"] == "unknown";
        assert!(is_open, "{name} has something to say: {said}");
        let errors: Vec<String> = jsonschema::validator_for(&schema)
            .unwrap()
            .iter_errors(&said)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, [""; 0], "{name}");
    }
}

#[test]
fn a_malformed_object_is_named_and_the_rest_is_read() {
    let cluster = Cluster::start();
    let mut odd = policy("db", "web");
    odd["spec"]["podSelector"] = json!(7);
    cluster.api.put("networkpolicies", "shop", "odd", odd);
    let (code, _, error) = cluster.says(&["reach"]);
    assert_eq!(code, 2);
    assert!(error.contains("networkpolicies/shop/odd"), "{error}");
}

#[test]
fn a_cluster_that_cannot_be_read_is_no_empty_one() {
    let cluster = Cluster::start();
    let (code, out, error) = cluster.says(&["reach", "--context", "d"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(error.contains("no context d"), "{error}");
    cluster.api.forget_users();
    let (code, out, error) = cluster.says(&["reach"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(error.contains("does not accept these credentials"), "{error}");
}
