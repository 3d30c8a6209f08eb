//! What a node's view of the cluster says while objects are missing, broken, or contradict the node.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may crash")]

use std::collections::BTreeMap;
use std::net::IpAddr;

use agent::{Attached, Local, View};
use api::ResourceVersion;
use cluster::{KINDS, Key, News, Object, slim};
use model::{Peers, Rule, World};
use serde_json::{Value, json};

struct Told(View);

impl Told {
    /// Every kind was listed, and is empty.
    fn new() -> Self {
        let mut told = Self(View::new(Vec::new()));
        for at in 0..KINDS.len() {
            told.0.hear((at, News::Listing));
            told.0.hear((at, News::Complete));
        }
        told
    }

    fn put(&mut self, kind: &str, namespace: &str, name: &str, mut object: Value) {
        let at = KINDS.iter().position(|one| one.kind == kind).unwrap();
        object["metadata"]["name"] = json!(name);
        if !namespace.is_empty() {
            object["metadata"]["namespace"] = json!(namespace);
        }
        let key = Key { namespace: namespace.to_owned(), name: name.to_owned() };
        let text = slim(&KINDS[at], &object).to_string().into();
        let (uid, version) = (format!("uid-{name}"), ResourceVersion::NONE);
        self.0.hear((at, News::Put(Object { key, uid, version, text })));
    }

    fn pod(&mut self, name: &str, address: Option<&str>) {
        let status = address.map_or(json!({}), |address| json!({ "podIP": address }));
        self.put(
            "Pod",
            "shop",
            name,
            json!({ "status": status,
            "spec": { "nodeName": "n1", "containers": [{ "name": "main" }] } }),
        );
    }

    fn policy(&mut self, name: &str, ingress: &Value) {
        let spec = json!({ "podSelector": {}, "policyTypes": ["Ingress"], "ingress": ingress });
        self.put("NetworkPolicy", "shop", name, json!({ "spec": spec }));
    }

    fn rules(&mut self) -> Vec<Rule> {
        self.0.read().rules.iter().cloned().collect()
    }
}

fn attached(address: &str) -> Attached {
    Attached {
        namespace: "shop".into(),
        name: "web".into(),
        uid: "uid-web".into(),
        netns: "/run/netns/x".into(),
        index: 7,
        mac: [2, 0, 0, 0, 0, 1],
        addresses: vec![address.parse().unwrap()],
        is_adopted: false,
    }
}

fn world(told: &mut Told, own: &[&str], web: Option<&Attached>) -> World {
    let addresses: Vec<IpAddr> = own.iter().map(|address| address.parse().unwrap()).collect();
    let attached: BTreeMap<_, _> = web.map(|web| (("shop", "web"), web)).into_iter().collect();
    Local { node: "n1", addresses: &addresses, attached }.world(told.0.read().parts).unwrap()
}

fn addresses(world: &World, pod: &str) -> Vec<IpAddr> {
    world.pod(world.find_pod("shop", pod).unwrap()).addresses.clone()
}

#[test]
fn a_broken_policy_keeps_its_last_good_version_until_it_is_whole_or_gone() {
    let mut told = Told::new();
    told.policy("a", &json!([{ "from": [{ "podSelector": {} }] }]));
    told.policy("b", &json!([]));
    let good = told.rules();
    told.policy("a", &json!("nonsense"));
    let known = told.0.read();
    assert_eq!(known.rules.iter().cloned().collect::<Vec<_>>(), good);
    let broken: Vec<&String> = known.unreadable.keys().collect();
    assert_eq!(broken, ["networkpolicies/shop/a"]);
    told.policy("a", &json!([]));
    assert!(told.0.read().unreadable.is_empty());
    assert_ne!(told.rules(), good, "the new version counts");
}

#[test]
fn a_policy_that_was_never_whole_isolates_and_allows_nobody() {
    let (mut whole, mut broken) = (Told::new(), Told::new());
    whole.policy("a", &json!([]));
    broken.policy("a", &json!([{ "from": 7 }]));
    let known = broken.0.read();
    assert_eq!(known.unreadable.len(), 1);
    let allows = |rule: &&Rule| rule.action == model::Action::Allow && rule.peers == Peers::Any;
    assert_eq!(known.rules.iter().filter(allows).count(), 0);
    let isolates = |rules: Vec<Rule>| rules.iter().map(|rule| rule.subject.clone()).next();
    assert_eq!(isolates(broken.rules()), isolates(whole.rules()));
    assert!(isolates(whole.rules()).is_some());
}

#[test]
fn a_pod_has_the_addresses_that_its_network_gave_it_and_nobody_else_has_them() {
    let mut told = Told::new();
    told.pod("web", None);
    told.pod("old", Some("10.0.0.5"));
    let web = attached("10.0.0.5");
    let late = world(&mut told, &[], Some(&web));
    assert_eq!(addresses(&late, "web"), web.addresses);
    assert!(addresses(&late, "old").is_empty(), "the news of its end is late");
    let without = world(&mut told, &[], None);
    assert_eq!(addresses(&without, "old"), web.addresses);
    assert!(addresses(&without, "web").is_empty());
}

#[test]
fn a_node_has_the_addresses_of_its_bridges_too_and_no_link_local_ones() {
    let mut told = Told::new();
    let address = json!([{ "type": "InternalIP", "address": "192.0.2.1" }]);
    told.put("Node", "", "n1", json!({ "status": { "addresses": address } }));
    let world = world(&mut told, &["192.0.2.1", "10.0.0.1", "fe80::1", "169.254.1.1"], None);
    let node = world.node(world.find_node("n1").unwrap());
    let wanted: Vec<IpAddr> = ["192.0.2.1", "10.0.0.1"].map(|text| text.parse().unwrap()).into();
    assert_eq!(node.addresses, wanted);
}

#[test]
fn a_pod_is_itself_by_uid_and_nobody_elses_name() {
    let mut told = Told::new();
    told.pod("web", None);
    assert!(told.0.is_pod("shop", "web", "uid-web"));
    assert!(!told.0.is_pod("shop", "web", "uid-old") && !told.0.is_pod("shop", "api", "uid-web"));
}
