//! What an agent says of its node: what is in the kernel and nothing more, and never before that.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may crash")]

mod support;

use cni::{Answer, Attached};
use serde_json::{Value, json};
use support::{NODE, PATIENCE, SILENCE, Site, wait_for};

const ENFORCED: Answer = Answer::Attached(Attached::Enforced);

/// What is said, when it is so.
fn until(site: &Site, is_so: impl Fn(&Value) -> bool) -> Value {
    wait_for(|| {
        let object = site.api.get("nodestatuses", "", NODE)?;
        Some(object["status"].clone()).filter(&is_so)
    })
}

/// Up to which version policies are in force.
fn reached(status: &Value) -> u64 {
    let kinds = status["inForce"].as_array().map_or(&[][..], Vec::as_slice);
    let of_kind = kinds.iter().find(|one| one["kind"] == "NetworkPolicy");
    of_kind.map_or(0, |one| one["resourceVersion"].as_str().unwrap().parse().unwrap())
}

fn version_of(site: &Site, policy: &str) -> u64 {
    let object = site.api.get("networkpolicies", "shop", policy).unwrap();
    object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_node_says_up_to_which_version_its_policies_are_in_force_and_is_owned_by_its_node() {
    let Some(site) = Site::new("status") else { return };
    site.policy("api", "api", &[]);
    let _agent = site.start(site.settings());
    let api = site.sandbox("api", 10);
    site.know(&api, false);
    assert_eq!(site.add(&api), ENFORCED);
    let first = version_of(&site, "api");
    let is_said = |status: &Value| reached(status) == first && status["endpoints"]["attached"] == 1;
    let status = until(&site, is_said);
    assert_eq!((&status["ready"], &status["enforcement"]), (&json!(true), &json!("enforce")));
    assert_eq!(status["endpoints"], json!({ "attached": 1, "enforced": 1 }));
    let object = site.api.get("nodestatuses", "", NODE).unwrap();
    let owner = &object["metadata"]["ownerReferences"][0];
    assert_eq!((&owner["kind"], &owner["uid"]), (&json!("Node"), &json!("uid-n1")));
    site.policy("web", "web", &["api"]);
    let second = version_of(&site, "web");
    let status = until(&site, |status| reached(status) == second);
    assert!(status["lastChange"]["at"].is_string());
    let idle = site.api.written().into_iter().filter(|one| one.is_idle).count();
    assert_eq!(idle, 0, "nothing is written that is so already");
}

#[test]
fn a_policy_that_cannot_be_read_is_named_and_its_version_counts() {
    let Some(site) = Site::new("status-bad") else { return };
    site.policy("api", "api", &[]);
    let _agent = site.start(site.settings());
    until(&site, |status| reached(status) > 0);
    let wrong = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "spec": { "podSelector": {}, "ingress": 7 } });
    site.api.put("networkpolicies", "shop", "api", wrong);
    let status = until(&site, |status| status["unreadableCount"] == 1);
    assert!(status["unreadable"][0]["reason"].is_string());
    assert_eq!(status["unreadable"][0]["name"], "api");
    assert_eq!(status["unreadable"][0]["kind"], "NetworkPolicy");
    assert_eq!(reached(&status), version_of(&site, "api"));
    site.policy("api", "api", &[]);
    let status = until(&site, |status| status["unreadableCount"] == 0);
    assert_eq!(status["unreadable"], Value::Null);
}

#[test]
fn an_api_server_that_takes_no_status_delays_no_policy() {
    let Some(site) = Site::new("status-slow") else { return };
    site.api.hold("nodestatuses", true);
    let _agent = site.start(site.settings());
    let (web, api) = (site.sandbox("web", 10), site.sandbox("api", 11));
    for pod in [&web, &api] {
        site.know(pod, false);
        assert_eq!(site.add(pod), ENFORCED);
    }
    assert!(site.connects(&web, &api, PATIENCE));
    site.policy("api", "api", &[]);
    site.wait_connects(&web, &api, false);
    assert!(!site.connects(&web, &api, SILENCE));
    assert!(site.api.get("nodestatuses", "", NODE).is_none());
    site.api.hold("nodestatuses", false);
    until(&site, |status| reached(status) == version_of(&site, "api"));
}

#[test]
fn a_status_that_somebody_refuses_is_written_when_it_is_let() {
    let Some(site) = Site::new("status-refused") else { return };
    site.api.serve("nodestatuses", false);
    site.policy("api", "api", &[]);
    let _agent = site.start(site.settings());
    let is_tried = |path: &String| path.contains("nodestatuses");
    wait_for(|| site.api.asked().iter().any(is_tried).then_some(()));
    site.api.serve("nodestatuses", true);
    until(&site, |status| reached(status) == version_of(&site, "api"));
}
