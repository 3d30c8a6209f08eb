//! What is found about pods that do not exist is what trying all of them finds.

#![allow(clippy::panic, clippy::indexing_slicing, reason = "a test may crash")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use model::{
    ContainerPort, End, Family, Flow, Labels, Peer, Peers, Pod, PodId, PortMatch, Ports, Protocol,
    Requirement, Rules, Selector, Traffic, Verdict, World,
};
use ringfence_intent::{EndShown, Judge, report::Report};
use support::{Case, case, tests};

/// Every pod that rules could tell from others, in namespaces of the world and in new ones.
struct Strangers {
    world: World,
    pods: Vec<PodId>,
    known: usize,
}

fn selectors(rules: &Rules) -> (Vec<Selector>, Vec<Selector>, BTreeSet<String>) {
    let (mut namespaces, mut pods, mut names) = (Vec::new(), Vec::new(), BTreeSet::new());
    for rule in rules {
        namespaces.push(rule.subject.namespaces.clone());
        pods.push(rule.subject.pods.clone());
        if let Peers::OneOf(peers) = &rule.peers {
            for peer in peers {
                if let Peer::Pods { namespaces: of, pods: own } = peer {
                    namespaces.push(of.clone());
                    pods.push(own.clone());
                }
            }
        }
        if let Ports::OneOf(ports) = &rule.ports {
            names.extend(ports.iter().filter_map(|port| match port {
                PortMatch::Named { name, .. } => Some(name.clone()),
                PortMatch::Numbers { .. } => None,
            }));
        }
    }
    (namespaces, pods, names)
}

/// Every label set of the keys and values that `selectors` name, one fresh value, or none.
fn label_sets(selectors: &[Selector]) -> Vec<Labels> {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for requirement in selectors.iter().flat_map(Selector::requirements) {
        let (key, values): (_, Vec<String>) = match requirement {
            Requirement::In { key, values } | Requirement::NotIn { key, values } => {
                (key, values.iter().map(str::to_owned).collect())
            }
            Requirement::Exists { key } | Requirement::DoesNotExist { key } => (key, Vec::new()),
        };
        if key != "kubernetes.io/metadata.name" {
            keys.entry(key.clone()).or_default().extend(values);
        }
    }
    keys.into_iter().fold(vec![Labels::default()], |sets, (key, values)| {
        let fresh = std::iter::once("fresh".to_owned());
        let values: Vec<String> = values.into_iter().chain(fresh).collect();
        let with = sets.iter().flat_map(|set| {
            values.iter().map(|value| set.clone().with(key.clone(), value.clone()))
        });
        with.chain(sets.clone()).collect()
    })
}

fn strangers(case: &Case, ports: &[ContainerPort]) -> Option<Strangers> {
    let (namespaces, pods, _) = selectors(&case.rules);
    let (of_namespaces, of_pods) = (label_sets(&namespaces), label_sets(&pods));
    if of_namespaces.len() * of_pods.len() > 4_000 {
        return None;
    }
    let mut parts = case.world.clone().into_parts();
    let known = parts.pods.len();
    let new = (0..).zip(of_namespaces).map(|(at, labels)| (format!("new-{at}"), labels));
    parts.namespaces.extend(new);
    for namespace in parts.namespaces.keys() {
        for (at, labels) in of_pods.iter().enumerate() {
            parts.pods.push(Pod {
                namespace: namespace.clone(),
                name: format!("stranger-{at}"),
                labels: labels.clone(),
                owner: None,
                node: None,
                addresses: Vec::new(),
                host_network: false,
                containers: vec!["main".to_owned()],
                ports: ports.to_vec(),
            });
        }
    }
    let world = World::new(parts).ok()?;
    let pods = world.pods().map(|(id, _)| id).skip(known).collect();
    Some(Strangers { world, pods, known })
}

fn allows(strangers: &Strangers, rules: &Rules, from: PodId, to: PodId, traffic: Traffic) -> bool {
    let world = &strangers.world;
    families(world).into_iter().any(|family| {
        let [source, destination] = [from, to].map(|pod| world.pod_end(pod, family));
        let takes_part = |end: &End| {
            end.pod().is_some_and(|pod| {
                let pod = world.pod(pod);
                pod.addresses.is_empty() || pod.address(family).is_some()
            })
        };
        if !takes_part(&source) || !takes_part(&destination) {
            return false;
        }
        let flow = Flow::new(source, destination, traffic, family);
        flow.is_ok_and(|flow| policy::decide(world, rules, &flow).verdict() == Verdict::Allow)
    })
}

fn families(world: &World) -> Vec<Family> {
    let pods = world.pods().flat_map(|(_, pod)| pod.addresses.iter().copied());
    let nodes = world.nodes().flat_map(|(_, node)| node.addresses.iter().copied());
    let networks = world.pod_networks().iter().map(ipnet::IpNet::addr);
    let known: BTreeSet<Family> = pods.chain(nodes).chain(networks).map(Family::of).collect();
    if known.is_empty() { vec![Family::V4] } else { known.into_iter().collect() }
}

/// Whether the one test with this body finds a pod that could exist.
fn finds(case: &Case, body: &str) -> bool {
    let text = format!(
        "apiVersion: ringfence.io/v1alpha1\nkind: PolicyTest\nmetadata: {{name: a}}\nspec:\n  \
         tests:\n  - name: a\n    {body}\n"
    );
    let judge = Judge::new(&case.world, &case.rules);
    let (tests, problems) = tests(&text, &case.world, &judge);
    assert!(problems.is_empty(), "{}: {problems:?}\n{text}", case.name);
    let report = Report::of(&tests, &judge);
    let test = &report.tests[0];
    let is_future = |end: &EndShown| matches!(end, EndShown::FuturePod { .. });
    let found = test.counterexamples.iter().any(|it| is_future(&it.from) || is_future(&it.to));
    assert_ne!(test.result, ringfence_intent::report::Verdict::NotProven, "{}", case.name);
    found
}

fn port_word(traffic: Traffic) -> String {
    match traffic {
        Traffic::Port(protocol, port) => format!("{port}/{protocol}"),
        Traffic::Other(_) => "other".to_owned(),
    }
}

fn traffics() -> Vec<Traffic> {
    let ports = [80, 443, 8080, 53, 1].map(|port| Traffic::Port(Protocol::Tcp, port));
    let udp = [53, 80].map(|port| Traffic::Port(Protocol::Udp, port));
    ports.into_iter().chain(udp).chain([Traffic::icmp(Family::V4)]).collect()
}

/// Pods that policy can select, and whose word is their name.
fn subjects(case: &Case) -> Vec<PodId> {
    case.world.pods().filter(|(_, pod)| !pod.host_network).map(|(id, _)| id).take(3).collect()
}

#[test]
fn whoever_could_reach_a_pod_is_found_and_nobody_else() {
    let mut counts = [0, 0];
    for seed in (0..200).filter(|seed| seed % 3 == 2).take(40) {
        let case = case(seed);
        let Some(strangers) = strangers(&case, &[]) else { continue };
        for to in subjects(&case) {
            let pod = case.world.pod(to);
            for traffic in traffics() {
                let mut from = strangers.pods.iter();
                let exists = from.any(|from| allows(&strangers, &case.rules, *from, to, traffic));
                let port = port_word(traffic);
                let body = format!("only: {{to: [{pod}], from: [], ports: [{port}]}}");
                assert_eq!(finds(&case, &body), exists, "{}: {body}", case.name);
                counts[usize::from(exists)] += 1;
            }
        }
    }
    assert!(counts.iter().all(|count| *count > 50), "{counts:?}");
}

#[test]
fn whomever_a_pod_could_reach_is_found_and_nobody_else() {
    let mut counts = [0, 0];
    for seed in (0..200).filter(|seed| seed % 3 == 2).take(25) {
        let case = case(seed);
        for traffic in traffics() {
            let (_, _, names) = selectors(&case.rules);
            let named = names.iter().filter_map(|name| match traffic {
                Traffic::Port(protocol, number) => Some(ContainerPort {
                    container: "main".to_owned(),
                    name: Some(name.clone()),
                    protocol,
                    number,
                }),
                Traffic::Other(_) => None,
            });
            let named: Vec<ContainerPort> = named.collect();
            let worlds: Vec<Strangers> =
                [strangers(&case, &[]), strangers(&case, &named)].into_iter().flatten().collect();
            for from in subjects(&case) {
                let exists = worlds.iter().any(|world| {
                    let mut to = world.pods.iter();
                    to.any(|to| allows(world, &case.rules, from, *to, traffic))
                });
                let (pod, port) = (case.world.pod(from), port_word(traffic));
                let body = format!(
                    "never: {{from: [{pod}], to: [{{namespaces: \"\"}}], ports: [{port}]}}"
                );
                if worlds.len() == 2 {
                    assert_eq!(finds(&case, &body), exists, "{}: {body}", case.name);
                    counts[usize::from(exists)] += 1;
                }
            }
        }
    }
    assert!(counts[1] > 50, "{counts:?}");
}

#[test]
fn two_who_do_not_exist_are_found() {
    let mut counts = [0, 0];
    for seed in (0..300).filter(|seed| seed % 3 == 2).take(50) {
        let case = case(seed);
        let Some(strangers) = strangers(&case, &[]) else { continue };
        if strangers.pods.len() > 150 {
            continue;
        }
        for traffic in [Traffic::Port(Protocol::Tcp, 1), Traffic::icmp(Family::V4)] {
            for namespace in case.world.namespaces().map(|(name, _)| name) {
                let of = |pod: &&PodId| strangers.world.pod(**pod).namespace == namespace;
                let exists = strangers.pods.iter().filter(of).any(|to| {
                    let mut from = strangers.pods.iter().filter(|from| *from != to);
                    from.any(|from| allows(&strangers, &case.rules, *from, *to, traffic))
                });
                let word = port_word(traffic);
                let pods = case.world.pods().filter(|(_, pod)| pod.namespace == namespace);
                if pods.filter(|(_, pod)| !pod.host_network).count() == 0 {
                    continue;
                }
                let body =
                    format!("never: {{from: [cluster], to: [{namespace}/*], ports: [{word}]}}");
                let found = finds(&case, &body);
                // One of the two may exist; then the other search has found it.
                assert!(found || !exists, "{}: {body}", case.name);
                counts[usize::from(exists)] += 1;
            }
        }
        assert!(strangers.known > 0);
    }
    assert!(counts.iter().all(|count| *count > 5), "{counts:?}");
}
