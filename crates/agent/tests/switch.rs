//! The switch of a cluster on a node: audit, enforce, and a while in which policies are out of force.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test may crash, and literals are values"
)]

mod support;

use std::io::{Read, Write};
use std::time::{Duration, SystemTime};

use agent::{Enforcement, Settings, SwitchSettings};
use cluster::Disabled;
use cni::{Answer, Attached};
use serde_json::{Value, json};
use support::{PATIENCE, SILENCE, Sandbox, Site, connection, exchange_bytes};

const SYSTEM: &str = "ringfence-system";
const ENFORCED: Answer = Answer::Attached(Attached::Enforced);

fn settings(site: &Site, unsaid: Enforcement) -> Settings {
    let switch =
        SwitchSettings { namespace: Some(SYSTEM.to_owned()), unsaid, ..SwitchSettings::default() };
    Settings { switch, ..site.settings() }
}

fn say(site: &Site, data: Value) {
    let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "data": data });
    site.api.put("configmaps", SYSTEM, "ringfence", object);
}

fn half_an_hour() -> String {
    Disabled::new(SystemTime::now(), Duration::from_secs(1800)).unwrap().text()
}

/// Two pods that a policy keeps apart.
fn pods(site: &Site) -> [Sandbox; 2] {
    site.policy("api", "api", &[]);
    [("web", 10), ("api", 11)].map(|(name, number)| {
        let pod = site.sandbox(name, number);
        site.know(&pod, true);
        pod
    })
}

fn add(site: &Site, pods: &[Sandbox; 2]) {
    for pod in pods {
        assert_eq!(site.add(pod), ENFORCED);
    }
}

#[test]
fn the_switch_is_followed_and_ends_what_it_forbids() {
    let Some(site) = Site::new("switch") else { return };
    let pair = pods(&site);
    say(&site, json!({ "enforcement": "audit" }));
    let _agent = site.start(settings(&site, Enforcement::Enforce));
    add(&site, &pair);
    let [web, api] = &pair;
    let mut open = connection(web, api);
    exchange_bytes(&mut open);
    say(&site, json!({ "enforcement": "enforce" }));
    site.wait_connects(web, api, false);
    let [client, server] = &mut open;
    // A socket that was ended may refuse it.
    let _ = client.write_all(b"x");
    server.set_read_timeout(Some(SILENCE)).unwrap();
    assert!(!server.read(&mut [0]).is_ok_and(|read| read > 0), "nobody lets it in any more");
    say(&site, json!({ "enforcement": "audit" }));
    site.wait_connects(web, api, true);
}

#[test]
fn where_there_is_no_config_map_the_agents_word_holds() {
    for (name, unsaid, reaches) in
        [("unsaid", Enforcement::Enforce, false), ("unsaid-audit", Enforcement::Audit, true)]
    {
        let Some(site) = Site::new(name) else { return };
        let pair = pods(&site);
        let _agent = site.start(settings(&site, unsaid));
        add(&site, &pair);
        let [web, api] = &pair;
        let patience = if reaches { PATIENCE } else { SILENCE };
        assert_eq!(site.connects(web, api, patience), reaches, "{name}");
    }
}

#[test]
fn a_namespace_has_its_own_word() {
    let Some(site) = Site::new("switch-namespace") else { return };
    let pair = pods(&site);
    let label = |word: &str| {
        let metadata = json!({ "labels": { "ringfence.io/enforcement": word } });
        let object = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata });
        site.api.put("namespaces", "", "shop", object);
    };
    say(&site, json!({ "enforcement": "audit" }));
    label("enforce");
    let _agent = site.start(settings(&site, Enforcement::Enforce));
    add(&site, &pair);
    let [web, api] = &pair;
    assert!(!site.connects(web, api, SILENCE));
    label("audit");
    say(&site, json!({ "enforcement": "enforce" }));
    site.wait_connects(web, api, true);
    label("adit");
    site.wait_connects(web, api, false);
}

#[test]
fn a_broken_glass_mends_itself_also_while_the_api_server_is_away() {
    let Some(site) = Site::new("outage") else { return };
    let pair = pods(&site);
    say(&site, json!({ "enforcement": "enforce" }));
    let _agent = site.start(settings(&site, Enforcement::Enforce));
    add(&site, &pair);
    let [web, api] = &pair;
    assert!(!site.connects(web, api, SILENCE));
    let short = Disabled::new(SystemTime::now(), Duration::from_secs(15)).unwrap();
    say(&site, json!({ "enforcement": "enforce", "disabled.n1": short.text() }));
    site.wait_connects(web, api, true);
    for plural in ["configmaps", "networkpolicies", "pods", "namespaces"] {
        site.api.fail(plural, true);
        site.api.cut(plural);
    }
    site.wait_connects(web, api, false);
    assert!(SystemTime::now() >= short.until() - Duration::from_secs(1));
}

#[test]
fn a_broken_glass_is_mended_by_hand_and_outlives_an_agent() {
    let Some(site) = Site::new("outage-restart") else { return };
    let pair = pods(&site);
    say(&site, json!({ "enforcement": "enforce", "disabled": half_an_hour() }));
    let agent = site.start(settings(&site, Enforcement::Enforce));
    add(&site, &pair);
    let [web, api] = &pair;
    assert!(site.connects(web, api, PATIENCE));
    drop(agent);
    let _agent = site.start(settings(&site, Enforcement::Enforce));
    site.wait_settled();
    assert!(site.connects(web, api, PATIENCE));
    say(&site, json!({ "enforcement": "enforce", "disabled.n2": half_an_hour() }));
    site.wait_connects(web, api, false);
}

#[test]
fn a_config_map_that_goes_or_cannot_be_read_changes_nothing() {
    let Some(site) = Site::new("switch-gone") else { return };
    let pair = pods(&site);
    say(&site, json!({ "enforcement": "audit" }));
    let agent = site.start(settings(&site, Enforcement::Enforce));
    add(&site, &pair);
    let [web, api] = &pair;
    assert!(site.connects(web, api, PATIENCE));
    site.api.remove("configmaps", SYSTEM, "ringfence", false);
    // A pod that comes later is asked about in the same thread, after the news.
    let batch = site.sandbox("batch", 12);
    site.know(&batch, true);
    assert_eq!(site.add(&batch), ENFORCED);
    assert!(site.connects(web, api, PATIENCE) && site.connects(&batch, api, PATIENCE));
    drop(agent);
    site.api.forbid("configmaps", SYSTEM);
    let _agent = site.start(settings(&site, Enforcement::Enforce));
    site.wait_settled();
    assert!(site.connects(web, api, PATIENCE), "the agent before knew that it is audit");
}
