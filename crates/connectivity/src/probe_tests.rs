//! What the oracle says of every step, on one node and on several.
//!
//! Steps that allow all or deny all would prove nothing, and nobody would notice on a cluster.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test may crash")]

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::step::{Facts, Step, steps};

/// As an API server would give back what was made.
fn cluster(nodes: usize, is_dual: bool, step: Option<&Step>) -> Vec<Document> {
    let mut objects: Vec<Value> = stage::namespaces(Enforcement::Enforce).into();
    for namespace in &mut objects {
        let name = namespace["metadata"]["name"].clone();
        namespace["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
    }
    for at in 0..nodes {
        let node = format!("node-{at}");
        objects.push(json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": node } }));
        let [mut client, mut server, mut service] = stage::of_node(at, &node, "image");
        addresses(&mut client, at, 1, is_dual);
        addresses(&mut server, at, 2, is_dual);
        let all = [format!("10.9.0.{at}"), format!("fd09::{at}")];
        service["spec"]["clusterIPs"] = json!(all[..1 + usize::from(is_dual)]);
        service["spec"]["clusterIP"] = json!(all[0]);
        let slices = all[..1 + usize::from(is_dual)].iter().map(|one| slice(at, one, &server));
        let slices: Vec<Value> = slices.collect();
        objects.extend([client, server, service]);
        objects.extend(slices);
    }
    objects.extend(step.into_iter().flat_map(|step| step.policies.clone()));
    objects.iter().enumerate().map(document).collect()
}

fn document((at, object): (usize, &Value)) -> Document {
    Document { name: format!("{at}").into(), text: object.to_string().into() }
}

fn addresses(pod: &mut Value, at: usize, last: usize, is_dual: bool) {
    let all = [format!("10.8.{at}.{last}"), format!("fd08::{at}:{last}")];
    let all = &all[..1 + usize::from(is_dual)];
    let ips: Vec<Value> = all.iter().map(|ip| json!({ "ip": ip })).collect();
    pod["status"] = json!({ "phase": "Running", "podIP": all[0], "podIPs": ips });
}

fn slice(at: usize, service: &str, server: &Value) -> Value {
    let is_v6 = service.contains(':');
    let address = &server["status"]["podIPs"][usize::from(is_v6)]["ip"];
    let ports = PORTS.iter().flat_map(|(port, name)| {
        [("TCP", (*name).to_owned()), ("UDP", format!("{name}-udp"))]
            .map(|(protocol, name)| json!({ "name": name, "port": port, "protocol": protocol }))
    });
    let target = json!({ "kind": "Pod", "namespace": SERVERS, "name": stage::server(at) });
    json!({ "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": { "name": format!("s{at}-{is_v6}"), "namespace": SERVERS,
            "labels": { "kubernetes.io/service-name": stage::server(at) } },
        "addressType": if is_v6 { "IPv6" } else { "IPv4" }, "ports": ports.collect::<Value>(),
        "endpoints": [{ "addresses": [address], "conditions": { "ready": true }, "targetRef": target }] })
}

fn all_steps(nodes: usize, is_dual: bool) -> Vec<Step> {
    let proof = Proof::new(&cluster(nodes, is_dual, None), Enforcement::Enforce).unwrap();
    let first = proof.client(0).unwrap().to_vec();
    assert_eq!(first.len(), 1 + usize::from(is_dual));
    steps(&Facts { first, has_cluster_policies: true })
}

fn probes(nodes: usize, is_dual: bool, step: &Step) -> Vec<Probe> {
    let proof = Proof::new(&cluster(nodes, is_dual, Some(step)), Enforcement::Enforce).unwrap();
    assert_eq!(proof.unreadable, None, "{}", step.name);
    proof.probes(nodes).unwrap()
}

#[test]
fn every_step_allows_and_denies_something_and_the_control_denies_nothing() {
    for (nodes, is_dual) in [(1, false), (2, true), (3, false)] {
        for step in &all_steps(nodes, is_dual) {
            let said: Vec<Verdict> =
                probes(nodes, is_dual, step).iter().map(|probe| probe.expected).collect();
            let has = |verdict| said.contains(&verdict);
            let wanted = match step.name {
                "no-policy" => (true, false),
                "default-deny" => (false, true),
                _ => (true, true),
            };
            assert_eq!((has(Verdict::Allow), has(Verdict::Deny)), wanted, "{} {nodes}", step.name);
        }
    }
}

#[test]
fn every_pair_is_probed_in_every_family_by_pod_and_by_service_on_every_port() {
    let [step, ..] = &all_steps(2, true)[..] else { unreachable!("there are steps") };
    let all = probes(2, true, step);
    let mut by_pair: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    all.iter().for_each(|probe| *by_pair.entry((probe.client, probe.server)).or_default() += 1);
    assert_eq!(by_pair.len(), 4);
    // Two families, two protocols, two ports, by pod and by Service.
    assert!(by_pair.values().all(|count| *count == 16), "{by_pair:?}");
    assert_eq!(all.iter().filter(|probe| probe.is_service).count(), 32);
    assert_eq!(all.iter().filter(|probe| probe.target.is_ipv6()).count(), 32);
}

#[test]
fn a_service_is_judged_as_the_pod_behind_it() {
    for step in &all_steps(2, true) {
        let all = probes(2, true, step);
        let (by_service, by_pod): (Vec<&Probe>, _) = all.iter().partition(|probe| probe.is_service);
        let key = |probe: &Probe| {
            let Probe { client, server, protocol, target, .. } = probe;
            (*client, *server, *protocol, target.port(), target.is_ipv6(), probe.expected)
        };
        let mut sorted =
            [by_service, by_pod].map(|all| all.into_iter().map(key).collect::<Vec<_>>());
        sorted.iter_mut().for_each(|all| all.sort_unstable());
        assert_eq!(sorted[0], sorted[1], "{}", step.name);
    }
}

#[test]
fn the_first_client_and_the_others_are_told_apart_by_the_block() {
    let steps = all_steps(2, false);
    let block = steps.iter().find(|step| step.name == "block").unwrap();
    let allowed = probes(2, false, block).into_iter().filter(|it| it.expected == Verdict::Allow);
    let ports: std::collections::BTreeSet<(usize, u16)> =
        allowed.map(|probe| (probe.client, probe.target.port())).collect();
    assert_eq!(ports, [(0, stage::ADMIN), (1, stage::WEB)].into());
}

#[test]
fn what_is_not_there_yet_is_said_and_not_left_out() {
    let whole = cluster(1, false, None);
    let without = |word: &str| {
        let left = whole.iter().filter(|document| !document.text.contains(word)).cloned();
        Proof::new(&left.collect::<Vec<_>>(), Enforcement::Enforce).unwrap().probes(1).unwrap_err()
    };
    let pod = |name: &str| PlanError::NoPod(name.to_owned());
    assert_eq!(without("\"name\":\"client-0\""), pod("ringfence-test-clients/client-0"));
    assert_eq!(without("\"clusterIP\""), PlanError::NoService("server-0".to_owned()));
}
