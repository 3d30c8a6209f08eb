//! What controllers write to an API server of real HTTP: of policies, of nodes that lack them, and of which
//! controller it is that writes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may crash")]

mod support;

use serde_json::{Value, json};
use support::{Site, condition, of};

const ALLOW_NOBODY: &str = "[]";

#[tokio::test]
async fn a_policy_is_programmed_on_the_nodes_whose_number_reaches_it() {
    let site = Site::start().await;
    site.nodes(&["n1", "n2"]);
    let version = site.policy("web", ALLOW_NOBODY);
    site.says("n1", version, &[]);
    site.says("n2", version - 1, &[]);
    let _controller = site.controller("a");
    let status = site.until_status("web", |status| status["nodes"] == "1/2").await;
    assert_eq!(of(&status, "Accepted"), ("True", "Accepted"));
    assert_eq!(of(&status, "Programmed"), ("False", "Pending"));
    assert_eq!(status["lacking"].as_array().unwrap().len(), 1);
    assert_eq!(status["lacking"][0]["node"], "n2");
    assert_eq!(status["policyResourceVersion"], version.to_string());
    site.says("n2", version, &[]);
    let status = site.until_status("web", |status| status["nodes"] == "2/2").await;
    assert_eq!(of(&status, "Programmed"), ("True", "Programmed"));
    assert_eq!((&status["lacking"], &status["wantedNodes"]), (&Value::Null, &json!(2)));
    assert!(status["inKernel"]["since"].is_string());
    let events = site.until_events(1).await;
    assert_eq!(
        (&events[0]["reason"], &events[0]["type"]),
        (&json!("Programmed"), &json!("Normal"))
    );
    assert_eq!(events[0]["regarding"]["name"], "web");
}

#[tokio::test]
async fn an_object_of_a_policy_is_owned_by_it_and_made_again_when_somebody_deletes_it() {
    let site = Site::start().await;
    site.nodes(&["n1"]);
    site.policy("web", ALLOW_NOBODY);
    let _controller = site.controller("a");
    site.until_status("web", |status| status["nodes"] == "0/1").await;
    let object = site.api.get("policystatuses", "shop", "web").unwrap();
    let owner = &object["metadata"]["ownerReferences"][0];
    assert_eq!((&owner["kind"], &owner["uid"]), (&json!("NetworkPolicy"), &json!("uid-web")));
    site.api.remove("policystatuses", "shop", "web", false);
    site.until_status("web", |status| status["nodes"] == "0/1").await;
}

#[tokio::test]
async fn a_node_that_cannot_have_a_policy_is_named_with_its_reason_and_told_once() {
    let site = Site::start().await;
    site.nodes(&["n1", "n2"]);
    let version = site.policy("web", ALLOW_NOBODY);
    let other = site.policy("api", ALLOW_NOBODY);
    let most = version.max(other);
    site.says("n1", most, &[("web", "the table is full")]);
    site.says("n2", most, &[]);
    let _controller = site.controller("a");
    let stuck = site.until_status("web", |status| status["nodes"] == "1/2").await;
    assert_eq!(of(&stuck, "Programmed"), ("False", "NotProgrammed"));
    assert!(
        condition(&stuck, "Programmed")["message"].to_string().contains("n1: the table is full")
    );
    let fine = site.until_status("api", |status| status["nodes"] == "2/2").await;
    assert_eq!(of(&fine, "Programmed"), ("True", "Programmed"));
    let events = site.until_events(1).await;
    assert_eq!(
        (&events[0]["reason"], &events[0]["type"]),
        (&json!("NotProgrammed"), &json!("Warning"))
    );
    site.says("n1", most, &[]);
    site.until_status("web", |status| status["nodes"] == "2/2").await;
    assert_eq!(site.until_events(2).await[1]["reason"], "Programmed");
}

#[tokio::test]
async fn a_list_that_a_node_had_to_cut_promises_nothing() {
    let site = Site::start().await;
    site.nodes(&["n1"]);
    let version = site.policy("web", ALLOW_NOBODY);
    site.says("n1", version, &[("api", "full")]);
    let _controller = site.controller("a");
    site.until_status("web", |status| status["nodes"] == "1/1").await;
    let mut status = support::node_status(version, &[("api", "full")]);
    status["notProgrammedCount"] = json!(900);
    site.says_so("n1", &status);
    let status = site.until_status("web", |status| status["nodes"] == "0/1").await;
    assert_eq!(of(&status, "Programmed"), ("False", "NotProgrammed"));
}

#[tokio::test]
async fn a_node_that_only_audits_has_a_policy_and_does_not_enforce_it() {
    let site = Site::start().await;
    site.nodes(&["n1", "n2"]);
    let version = site.policy("web", ALLOW_NOBODY);
    site.says("n1", version, &[]);
    let mut audits = support::node_status(version, &[]);
    audits["enforcement"] = json!("audit");
    site.says_so("n2", &audits);
    let _controller = site.controller("a");
    let status = site.until_status("web", |status| status["nodes"] == "2/2").await;
    assert_eq!(of(&status, "Programmed"), ("False", "Audit"));
    site.says("n2", version, &[]);
    site.until_status("web", |status| of(status, "Programmed").0 == "True").await;
}

#[tokio::test]
async fn a_node_without_an_agent_counts_and_one_that_should_have_none_does_not() {
    let site = Site::start().await;
    site.nodes(&["n1", "n2"]);
    site.api.put("nodes", "", "windows", json!({ "metadata": { "labels": { "os": "windows" } } }));
    let version = site.policy("web", ALLOW_NOBODY);
    site.says("n1", version, &[]);
    let _controller = site.controller("a");
    let status = site.until_status("web", |status| status["nodes"] == "1/2").await;
    assert_eq!(status["lacking"][0]["node"], "n2");
    let why = status["lacking"][0]["reason"].to_string();
    assert!(why.contains("no agent"), "{why}");
    site.api.remove("nodes", "", "n2", false);
    site.until_status("web", |status| status["nodes"] == "1/1").await;
    site.nodes(&["n3"]);
    site.until_status("web", |status| status["nodes"] == "1/2").await;
}

#[tokio::test]
async fn a_policy_that_cannot_be_read_is_not_accepted_and_its_place_is_said() {
    let site = Site::start().await;
    site.nodes(&["n1"]);
    let wrong = site.policy("web", r#"[{ "from": [{ "ipBlock": { "cidr": "10.0.0.0/99" } }] }]"#);
    let mut said = support::node_status(wrong, &[]);
    said["unreadable"] = json!([{ "kind": "NetworkPolicy", "namespace": "shop", "name": "web",
        "reason": "wrong" }]);
    said["unreadableCount"] = json!(1);
    site.says_so("n1", &said);
    let _controller = site.controller("a");
    let status = site.until_status("web", |status| of(status, "Accepted").0 == "False").await;
    let message = condition(&status, "Accepted")["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("spec.ingress[0].from[0].ipBlock.cidr: "), "{message}");
    assert_eq!(of(&status, "Programmed"), ("False", "Invalid"));
    assert_eq!(
        (&status["nodes"], &status["lacking"][0]["reason"]),
        (&json!("0/1"), &json!("wrong"))
    );
    assert_eq!(site.until_events(1).await[0]["reason"], "Invalid");
    let right = site.policy("web", ALLOW_NOBODY);
    site.says("n1", right, &[]);
    let status = site.until_status("web", |status| status["nodes"] == "1/1").await;
    assert_eq!(of(&status, "Accepted"), ("True", "Accepted"));
}

#[tokio::test]
async fn a_cluster_wide_policy_has_conditions_beside_those_of_others() {
    let site = Site::start().await;
    site.api.serve("clusternetworkpolicies", true);
    site.nodes(&["n1"]);
    let theirs = json!({ "type": "Theirs", "status": "True", "reason": "So", "message": "so",
        "lastTransitionTime": "2026-01-01T00:00:00Z" });
    let mut policy = support::cluster_policy(3);
    policy["status"] = json!({ "conditions": [theirs] });
    site.api.put("clusternetworkpolicies", "", "admin", policy);
    let first = site.version_of("clusternetworkpolicies", "", "admin");
    site.says("n1", first, &[]);
    let _controller = site.controller("a");
    let status =
        site.until_conditions("admin", |status| of(status, "Programmed").0 == "True").await;
    assert_eq!(of(&status, "Accepted"), ("True", "Accepted"));
    assert_eq!(condition(&status, "Theirs"), &theirs);
    assert_eq!(condition(&status, "Programmed")["observedGeneration"], 1);
    // What was written made a version that the node has not said yet, of the same policy.
    assert!(site.version_of("clusternetworkpolicies", "", "admin") > first);
    site.api.put("clusternetworkpolicies", "", "admin", support::cluster_policy(4));
    let status =
        site.until_conditions("admin", |status| of(status, "Programmed").0 == "False").await;
    assert_eq!(condition(&status, "Programmed")["observedGeneration"], 2);
    assert_eq!(site.writes("clusternetworkpolicies"), 2);
    let wrong = json!({ "apiVersion": "policy.networking.k8s.io/v1alpha2",
        "kind": "ClusterNetworkPolicy", "spec": { "tier": "Nonsense", "priority": 3 } });
    site.api.put("clusternetworkpolicies", "", "admin", wrong);
    let status = site.until_conditions("admin", |status| of(status, "Accepted").0 == "False").await;
    assert_eq!(condition(&status, "Accepted")["observedGeneration"], 3);
}

#[tokio::test]
async fn nothing_is_written_that_is_so_already() {
    let site = Site::start().await;
    site.nodes(&["n1", "n2"]);
    let web = site.policy("web", ALLOW_NOBODY);
    for node in ["n1", "n2"] {
        site.says(node, web, &[]);
    }
    let _controller = site.controller("a");
    site.until_status("web", |status| status["nodes"] == "2/2").await;
    let before = site.writes("policystatuses");
    // A heartbeat, a node that says the same again, a change of no meaning.
    site.nodes(&["n1", "n2"]);
    site.says("n1", web + 100, &[]);
    site.api.put("networkpolicies", "shop", "web", support::policy(ALLOW_NOBODY));
    // Whatever is heard after these is looked at after these.
    let marker = site.policy("marker", ALLOW_NOBODY);
    for node in ["n1", "n2"] {
        site.says(node, marker, &[]);
    }
    site.until_status("marker", |status| status["nodes"] == "2/2").await;
    let of_web = site.api.written();
    let of_web =
        of_web.iter().filter(|one| one.object.1 == "web" && one.plural == "policystatuses");
    assert_eq!(of_web.count(), before);
    assert_eq!(site.idle_writes(), Vec::<String>::new());
}

#[tokio::test]
async fn of_two_controllers_one_writes_and_the_other_when_that_has_given_the_lease_back() {
    let site = Site::start().await;
    site.nodes(&["n1"]);
    let version = site.policy("web", ALLOW_NOBODY);
    site.says("n1", version, &[]);
    let first = site.controller("a");
    site.until_holder("a").await;
    let second = site.controller("b");
    site.until_status("web", |status| status["nodes"] == "1/1").await;
    site.until_ready(&second).await;
    assert_eq!(site.writes("policystatuses"), 2, "the object and its status, once");
    first.end().await;
    site.until_holder("b").await;
    let next = site.policy("api", ALLOW_NOBODY);
    site.says("n1", next, &[]);
    site.until_status("api", |status| status["nodes"] == "1/1").await;
    assert_eq!(site.idle_writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_policy_that_changes_while_the_leader_is_dead_is_followed_by_the_next() {
    let site = Site::start().await;
    site.nodes(&["n1"]);
    let version = site.policy("web", ALLOW_NOBODY);
    site.says("n1", version, &[]);
    let first = site.controller("a");
    let before = site.until_status("web", |status| status["nodes"] == "1/1").await;
    let second = site.controller("b");
    site.until_ready(&second).await;
    first.die();
    let changed = site.policy("web", r#"[{ "from": [{ "podSelector": {} }] }]"#);
    let wanted = changed.to_string();
    let pending =
        site.until_status("web", |status| status["policyResourceVersion"] == wanted.as_str()).await;
    assert_eq!((site.holder(), of(&pending, "Programmed")), ("b".to_owned(), ("False", "Pending")));
    assert_ne!(pending["inKernel"], before["inKernel"], "that was the version before");
    site.says("n1", changed, &[]);
    let after = site.until_status("web", |status| status["nodes"] == "1/1").await;
    assert_eq!(condition(&after, "Accepted"), &with_generation(&before, &after));
    assert_eq!(site.until_events(1).await[0]["reason"], "Programmed");
    assert_eq!(site.idle_writes(), Vec::<String>::new());
}

/// What was so before is so since then, of another generation.
fn with_generation(before: &Value, after: &Value) -> Value {
    let mut accepted = condition(before, "Accepted").clone();
    accepted["observedGeneration"] = condition(after, "Accepted")["observedGeneration"].clone();
    accepted
}

#[tokio::test]
async fn a_leader_that_cannot_renew_stops_writing_before_another_may() {
    let site = Site::start().await;
    site.nodes(&["n1"]);
    site.policy("web", ALLOW_NOBODY);
    let first = site.controller("a");
    site.until_status("web", |status| status["nodes"] == "0/1").await;
    site.api.forbid_writes("leases", true);
    site.until_leading(&first, false).await;
    let version = site.policy("api", ALLOW_NOBODY);
    site.says("n1", version, &[]);
    site.until_known(&first, 2).await;
    assert!(site.api.get("policystatuses", "shop", "api").is_none());
    site.api.forbid_writes("leases", false);
    site.until_status("api", |status| status["nodes"] == "1/1").await;
}

#[tokio::test]
async fn what_cannot_be_written_now_is_written_later() {
    let site = Site::start().await;
    site.nodes(&["n1"]);
    site.policy("web", ALLOW_NOBODY);
    site.api.forbid_writes("policystatuses", true);
    let controller = site.controller("a");
    site.until_failed(&controller).await;
    assert!(site.api.get("policystatuses", "shop", "web").is_none());
    site.api.forbid_writes("policystatuses", false);
    site.until_status("web", |status| status["nodes"] == "0/1").await;
}

#[tokio::test]
async fn nothing_is_written_before_everything_was_listed_once() {
    let site = Site::start().await;
    site.nodes(&["n1"]);
    let version = site.policy("web", ALLOW_NOBODY);
    site.says("n1", version, &[]);
    site.api.fail("nodes", true);
    let controller = site.controller("a");
    site.until_leading(&controller, true).await;
    site.until_unready(&controller, "Node").await;
    assert_eq!(site.writes("policystatuses"), 0);
    site.api.fail("nodes", false);
    site.until_status("web", |status| status["nodes"] == "1/1").await;
}
