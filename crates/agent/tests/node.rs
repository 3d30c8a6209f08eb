//! Pods of a node under an agent: added, changed, removed, adopted, and left alone when it dies.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may crash")]

mod support;

use std::io::{Read, Write};

use cni::{Answer, Attached, Denied, Request};
use serde_json::json;
use support::{PATIENCE, SILENCE, Site, connection, exchange_bytes, of_pod};

const ENFORCED: Answer = Answer::Attached(Attached::Enforced);

#[test]
fn a_pod_is_in_quarantine_until_the_api_server_knows_it_and_added_then() {
    let Some(site) = Site::new("quarantine") else { return };
    let _agent = site.start(site.settings());
    site.wait_settled();
    let (web, api) = (site.sandbox("web", 10), site.sandbox("api", 11));
    site.know(&api, false);
    assert_eq!(site.add(&api), ENFORCED);
    assert!(site.connects(&web, &api, PATIENCE), "nobody asked for it yet");
    let added = site.ask_later(&Request::Add(web.attachment()));
    // It is attached in the moment in which the agent reads the question.
    support::wait_for(|| (site.links().len() == 4).then_some(()));
    assert!(!site.connects(&web, &api, SILENCE));
    assert!(!site.connects(&api, &web, SILENCE));
    assert!(!added.is_finished());
    site.know(&web, false);
    assert_eq!(added.join().unwrap(), ENFORCED);
    assert!(site.connects(&web, &api, PATIENCE) && site.connects(&api, &web, PATIENCE));
}

#[test]
fn policies_that_come_change_and_go_are_in_force_without_a_status_that_says_the_address() {
    let Some(site) = Site::new("policies") else { return };
    site.policy("api", "api", &[]);
    let _agent = site.start(site.settings());
    let (web, api) = (site.sandbox("web", 10), site.sandbox("api", 11));
    for pod in [&web, &api] {
        site.know(pod, false);
        assert_eq!(site.add(pod), ENFORCED);
    }
    assert!(!site.connects(&web, &api, SILENCE), "it was denied before it was there");
    assert!(site.connects(&api, &web, PATIENCE));
    site.policy("api", "api", &["web"]);
    site.wait_connects(&web, &api, true);
    site.policy("api", "api", &["batch"]);
    site.wait_connects(&web, &api, false);
    site.api.remove("networkpolicies", "shop", "api", false);
    site.wait_connects(&web, &api, true);
}

#[test]
fn an_object_that_cannot_be_read_keeps_its_last_good_version_and_hides_no_other() {
    let Some(site) = Site::new("malformed") else { return };
    site.policy("api", "api", &["web"]);
    let _agent = site.start(site.settings());
    let (web, api) = (site.sandbox("web", 10), site.sandbox("api", 11));
    for pod in [&web, &api] {
        site.know(pod, false);
        assert_eq!(site.add(pod), ENFORCED);
    }
    site.api.put(
        "networkpolicies",
        "shop",
        "api",
        json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "spec": { "podSelector": { "matchLabels": { "app": "api" } }, "ingress": 7 } }),
    );
    site.policy("web", "web", &[]);
    site.wait_connects(&api, &web, false);
    assert!(site.connects(&web, &api, PATIENCE), "what it said last is what it means");
}

#[test]
fn what_is_enforced_stays_when_the_agent_dies_and_the_next_one_removes_nothing_before_it_knows_all()
{
    let Some(site) = Site::new("restart") else { return };
    site.policy("api", "api", &["web"]);
    let agent = site.start(site.settings());
    let pods = [("web", 10), ("api", 11), ("batch", 12)];
    let [web, api, batch] = pods.map(|(name, number)| site.sandbox(name, number));
    for pod in [&web, &api, &batch] {
        site.know(pod, true);
        assert_eq!(site.add(pod), ENFORCED);
    }
    let is_as_it_was = || {
        assert!(site.connects(&web, &api, PATIENCE));
        assert!(!site.connects(&batch, &api, SILENCE));
    };
    let mut open = connection(&web, &api);
    exchange_bytes(&mut open);
    let before = site.observe();
    drop(agent);
    is_as_it_was();
    exchange_bytes(&mut open);
    site.api.fail("networkpolicies", true);
    let _agent = site.start(site.settings());
    assert!(matches!(site.ask(&Request::Status), Answer::NotReady { pods_affected: false, .. }));
    is_as_it_was();
    site.api.fail("networkpolicies", false);
    site.wait_settled();
    assert!(site.observe() == before, "it had nothing to write");
    is_as_it_was();
    exchange_bytes(&mut open);
}

#[test]
fn uninstalling_leaves_nothing_but_the_network() {
    let Some(site) = Site::new("uninstall") else { return };
    site.policy("api", "api", &[]);
    let agent = site.start(site.settings());
    let (web, api) = (site.sandbox("web", 10), site.sandbox("api", 11));
    for pod in [&web, &api] {
        site.know(pod, true);
        assert_eq!(site.add(pod), ENFORCED);
    }
    assert!(!site.connects(&web, &api, SILENCE));
    drop(agent);
    for _ in 0..2 {
        agent::uninstall(&site.settings()).unwrap();
        assert!(site.is_clean());
    }
    site.wait_connects(&web, &api, true);
}

#[test]
fn a_pod_that_ran_before_is_adopted_and_only_connections_that_policy_allows_go_on() {
    let Some(site) = Site::new("adopt") else { return };
    let pods = [("web", 10), ("api", 11), ("batch", 12)];
    let [web, api, batch] = pods.map(|(name, number)| site.sandbox(name, number));
    for pod in [&web, &api, &batch] {
        site.know(pod, true);
        site.keep(pod);
    }
    // Without it `api` might have opened what nobody saw opened.
    site.api.put("networkpolicies", "shop", "nobody", json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "spec": { "podSelector": { "matchLabels": { "app": "api" } }, "policyTypes": ["Egress"] } }));
    site.policy("api", "api", &["web"]);
    let (mut allowed, mut denied) = (connection(&web, &api), connection(&batch, &api));
    exchange_bytes(&mut allowed);
    exchange_bytes(&mut denied);
    let _agent = site.start(site.settings());
    site.wait_settled();
    exchange_bytes(&mut allowed);
    let [client, server] = &mut denied;
    // A socket that was ended may refuse it.
    let _ = client.write_all(b"x");
    server.set_read_timeout(Some(SILENCE)).unwrap();
    assert!(!server.read(&mut [0]).is_ok_and(|read| read > 0), "nobody lets it in any more");
    assert!(!site.connects(&batch, &api, SILENCE) && site.connects(&web, &api, PATIENCE));
}

#[test]
fn of_two_interfaces_that_claim_a_pods_address_neither_is_adopted() {
    let Some(site) = Site::new("claims") else { return };
    let (web, thief) = (site.sandbox("web", 10), site.sandbox("thief", 11));
    thief.netns.ip("address add 10.9.0.10/24 dev eth0").unwrap();
    site.know(&web, true);
    site.keep(&web);
    site.keep(&thief);
    let _agent = site.start(site.settings());
    site.wait_settled();
    assert!(site.links().is_empty());
    drop(thief);
    support::wait_for(|| (site.links() == ["110-egress", "110-ingress"]).then_some(()));
}

#[test]
fn del_and_gc_leave_nothing_and_may_be_asked_twice() {
    let Some(site) = Site::new("del") else { return };
    let _agent = site.start(site.settings());
    let pods = [("web", 10), ("api", 11)].map(|(name, number)| site.sandbox(name, number));
    for pod in &pods {
        site.know(pod, false);
        assert_eq!(site.add(pod), ENFORCED);
        assert_eq!(site.ask(&Request::Check(pod.attachment())), Answer::Done);
    }
    let [web, api] = &pods;
    assert_eq!(site.ask(&Request::Gc(vec![api.key.clone()])), Answer::Done);
    assert_eq!(site.links(), ["111-egress", "111-ingress"]);
    let checked = site.ask(&Request::Check(web.attachment()));
    assert!(matches!(checked, Answer::Denied(Denied::Changed { .. })));
    for _ in 0..2 {
        assert_eq!(site.ask(&Request::Del(api.key.clone())), Answer::Done);
        assert!(site.links().is_empty());
    }
}

#[test]
fn a_veth_that_goes_without_a_word_is_forgotten() {
    let Some(site) = Site::new("gone") else { return };
    let _agent = site.start(site.settings());
    let web = site.sandbox("web", 10);
    site.know(&web, false);
    assert_eq!(site.add(&web), ENFORCED);
    site.node.ip("link del v10").unwrap();
    support::wait_for(|| site.links().is_empty().then_some(()));
}

#[test]
fn a_pod_is_known_by_its_uid_and_a_static_one_by_its_configuration() {
    let Some(site) = Site::new("uid") else { return };
    let _agent = site.start(site.settings());
    let (old, new) = (site.sandbox("web", 10), site.sandbox("web", 11));
    let api = site.sandbox("api", 12);
    site.know(&api, false);
    assert_eq!(site.add(&api), ENFORCED);
    site.know(&old, false);
    assert_eq!(site.add(&old), ENFORCED);
    assert!(site.connects(&old, &api, PATIENCE));
    // Another of its name, as a StatefulSet makes it, while the first one's interface is still there.
    let mut object = of_pod("web", "another");
    site.api.put("pods", "shop", "web", object.clone());
    site.wait_connects(&old, &api, false);
    let added = site.ask_later(&Request::Add(new.attachment()));
    support::wait_for(|| (site.links().len() == 6).then_some(()));
    assert!(!site.connects(&new, &api, SILENCE), "its uid is not that of the pod of its name");
    // The mirror of the static pod that the runtime knows by the hash of its configuration.
    let annotations = json!({ "kubernetes.io/config.mirror": new.uid });
    object.pointer_mut("/metadata").unwrap()["annotations"] = annotations;
    site.api.put("pods", "shop", "web", object);
    assert_eq!(added.join().unwrap(), ENFORCED);
    assert!(site.connects(&new, &api, PATIENCE));
}

#[test]
fn an_interface_without_an_end_on_the_node_is_refused_unless_a_setting_lets_it_through() {
    let Some(site) = Site::new("no-end") else { return };
    let agent = site.start(site.settings());
    let web = site.sandbox("web", 10);
    site.know(&web, false);
    web.netns.ip("link add macvlan0 link eth0 type macvlan").unwrap();
    let mut attachment = web.attachment();
    attachment.key.interface = "macvlan0".to_owned();
    let refused = site.ask(&Request::Add(attachment.clone()));
    let Answer::Denied(Denied::NoHostEnd { why }) = refused else { panic!("{refused:?}") };
    assert!(why.contains("macvlan0 is macvlan"), "{why}");
    attachment.key.interface = "eth1".to_owned();
    let unknown = site.ask(&Request::Add(attachment.clone()));
    assert!(matches!(unknown, Answer::Denied(Denied::Unknown { .. })), "{unknown:?}");
    drop(agent);
    let settings = agent::Settings { allow_unprotected: true, ..site.settings() };
    let _agent = site.start(settings);
    attachment.key.interface = "macvlan0".to_owned();
    let added = site.ask(&Request::Add(attachment));
    assert_eq!(added, Answer::Attached(Attached::Unprotected));
}

#[test]
fn an_add_that_waits_too_long_is_to_be_tried_again_and_says_what_it_waited_for() {
    let Some(site) = Site::new("later") else { return };
    let settings = agent::Settings { add_timeout: SILENCE, ..site.settings() };
    let _agent = site.start(settings);
    let web = site.sandbox("web", 10);
    let answer = site.add(&web);
    let Answer::Denied(Denied::Later { why }) = answer else { panic!("{answer:?}") };
    assert!(why.contains("has not said who it is") || why.contains("not listed"), "{why}");
}
