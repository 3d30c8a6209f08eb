//! Near misses: each kind of condition has its sentence, and two that fail are none.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may crash")]

mod support;

use model::{End, Family, Flow, Protocol, Traffic, Verdict, World};
use ringfence_explain::{Explanation, Question, explain};
use support::{Cluster, cluster, document};
use testkit::generate::Random;

const WORLD: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: red}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev, labels: {team: blue}}
---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {zone: east}}
status: {addresses: [{type: InternalIP, address: 172.30.0.1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web, tier: front}}
spec: {containers: [{name: main, image: web}]}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop-dev, labels: {app: web}}
spec: {containers: [{name: main, image: web}]}
status: {podIP: 10.0.0.2}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: main, image: db, ports: [{name: sql, containerPort: 5432}]}]}
status: {podIP: 10.0.0.3}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
";

fn end(world: &World, word: &str) -> End {
    match word.split_once('/') {
        Some((namespace, name)) => {
            world.pod_end(world.find_pod(namespace, name).unwrap(), Family::V4)
        }
        None => world.end_at(word.parse().unwrap()),
    }
}

fn explained(cluster: &Cluster, from: &str, to: &str, traffic: Traffic) -> Explanation {
    let (source, destination) = (end(&cluster.world, from), end(&cluster.world, to));
    let flow = Flow::new(source, destination, traffic, Family::V4).unwrap();
    let question = Question {
        from: from.to_owned(),
        to: to.to_owned(),
        port: traffic.to_string(),
        service: None,
        is_example: false,
        flows: vec![flow],
    };
    explain(&cluster.input(), &question)
}

/// The near misses of a flow to the database, with one more policy in its namespace.
fn near(from: &str, port: u16, spec: &str) -> Vec<String> {
    near_of(from, Traffic::Port(Protocol::Tcp, port), "shop", spec)
}

fn near_of(from: &str, traffic: Traffic, namespace: &str, spec: &str) -> Vec<String> {
    let policy = format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: db, namespace: \
         {namespace}}}\nspec: {spec}\n"
    );
    let cluster = Cluster::read(vec![document("all.yaml", WORLD.to_owned() + &policy)]);
    assert!(cluster.reading.is_complete(), "{:?}", cluster.reading.problems);
    let explanation = explained(&cluster, from, "shop/db", traffic);
    assert_eq!(explanation.verdict, Verdict::Deny);
    explanation.near.into_iter().map(|near| near.sentence).collect()
}

const DB: &str = "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [";

#[test]
fn a_namespace_is_named_on_both_sides() {
    let spec = format!(
        "{DB}{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: shop}}}}, \
         podSelector: {{matchLabels: {{app: web}}}}}}], ports: [{{port: 5432}}]}}]}}"
    );
    let expected = "5432/tcp is allowed from namespace `shop` only; the source is in `shop-dev`";
    assert_eq!(near("shop-dev/web", 5432, &spec), [expected]);
}

#[test]
fn a_label_of_a_namespace_and_one_of_a_pod_are_conditions() {
    let spec = format!("{DB}{{namespaceSelector: {{matchLabels: {{team: red}}}}}}]}}]}}");
    let expected = "5432/tcp is allowed from namespaces with `team=red` only; that of the source \
                    has `team=blue`";
    assert_eq!(near("shop-dev/web", 5432, &spec), [expected]);
    let spec = format!("{DB}{{podSelector: {{matchLabels: {{tier: back}}}}}}]}}]}}");
    let expected =
        "5432/tcp is allowed from pods with `tier=back` only; the source has `tier=front`";
    assert_eq!(near("shop/web", 5432, &spec), [expected]);
    let spec = format!("{DB}{{podSelector: {{matchLabels: {{team: web}}}}}}]}}]}}");
    let expected = "5432/tcp is allowed from pods with `team=web` only; the source has no label \
                    `team`";
    assert_eq!(near("shop/web", 5432, &spec), [expected]);
}

#[test]
fn a_number_a_protocol_and_a_name_are_conditions() {
    let from = format!("{DB}{{podSelector: {{matchLabels: {{app: web}}}}}}], ports: ");
    let number = format!("{from}[{{port: 5433}}, {{port: 8000, endPort: 8010}}]}}]}}");
    let expected = "the source is allowed on 5433/tcp, 8000-8010/tcp only; 5432/tcp was asked for";
    assert_eq!(near("shop/web", 5432, &number), [expected]);
    let protocol = format!("{from}[{{port: 5432, protocol: UDP}}]}}]}}");
    let expected = "the source is allowed on 5432/udp only; 5432/tcp was asked for";
    assert_eq!(near("shop/web", 5432, &protocol), [expected]);
    let name = format!("{from}[{{port: sql}}]}}]}}");
    let expected = "the source is allowed on port `sql` only, which is 5432 at the destination; \
                    80/tcp was asked for";
    assert_eq!(near("shop/web", 80, &name), [expected]);
    let missing = format!("{from}[{{port: http}}]}}]}}");
    let expected = "the source is allowed on port `http` only, which the destination does not \
                    have; 80/tcp was asked for";
    assert_eq!(near("shop/web", 80, &missing), [expected]);
    let expected = "the source is allowed on `sql`/tcp only; a rule that lists ports never allows \
                    icmp";
    assert_eq!(near_of("shop/web", Traffic::icmp(Family::V4), "shop", &name), [expected]);
}

#[test]
fn a_block_and_its_exception_are_conditions() {
    let spec = format!("{DB}{{ipBlock: {{cidr: 203.0.113.0/29}}}}]}}]}}");
    let expected = "5432/tcp is allowed from 203.0.113.0/29 only; the source is 203.0.113.9";
    assert_eq!(near("203.0.113.9", 5432, &spec), [expected]);
    let spec = format!("{DB}{{ipBlock: {{cidr: 203.0.113.0/24, except: [203.0.113.8/29]}}}}]}}]}}");
    let expected = "5432/tcp is allowed from 203.0.113.0/24 except 203.0.113.8/29 only; the \
                    source is 203.0.113.9, inside the exception";
    assert_eq!(near("203.0.113.9", 5432, &spec), [expected]);
}

#[test]
fn the_direction_is_a_condition() {
    let spec = "{podSelector: {matchLabels: {app: db}}, policyTypes: [Egress], egress: [{to: \
                [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]}";
    let expected = "this rule speaks of egress only; shop/db needs one of ingress";
    assert_eq!(near("shop/web", 5432, spec), [expected]);
}

#[test]
fn what_a_policy_selects_is_a_condition() {
    let spec = "{podSelector: {matchLabels: {app: dbs}}, ingress: [{from: [{podSelector: \
                {matchLabels: {app: web}}}]}]}";
    let expected =
        "this rule would allow it, but its policy selects `app=dbs`; shop/db has `app=db`";
    assert_eq!(near("shop/web", 5432, spec), [expected]);
    let spec = "{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 5432}]}]}";
    let expected = "this rule would allow it, but its policy is for namespace `shop-dev`; shop/db \
                    is in `shop`";
    let port = Traffic::Port(Protocol::Tcp, 5432);
    assert_eq!(near_of("shop/web", port, "shop-dev", spec), [expected]);
}

#[test]
fn two_conditions_are_no_near_miss() {
    let spec =
        format!("{DB}{{podSelector: {{matchLabels: {{app: x, tier: back}}}}}}], ports: []}}]}}");
    assert_eq!(near("shop/web", 5432, &spec), [""; 0]);
    let spec =
        format!("{DB}{{podSelector: {{matchLabels: {{app: x}}}}}}], ports: [{{port: 1}}]}}]}}");
    assert_eq!(near("shop/web", 5432, &spec), [""; 0]);
}

#[test]
fn the_nearest_comes_first_and_the_list_is_short() {
    let rules: Vec<String> = (0..9)
        .map(|at| {
            format!(
                "{{from: [{{podSelector: {{matchLabels: {{app: we{}}}}}}}]}}",
                "x".repeat(9 - at)
            )
        })
        .collect();
    let spec =
        format!("{{podSelector: {{matchLabels: {{app: db}}}}, ingress: [{}]}}", rules.join(", "));
    let told = near("shop/web", 5432, &spec);
    assert_eq!(told.len(), 5);
    assert!(told[0].contains("`app=wex` only"), "{told:?}");
}

#[test]
fn only_denials_have_near_misses_and_each_names_a_place() {
    let mut told = 0;
    for seed in 0..60 {
        let cluster = Cluster::read(cluster(&mut Random::new(seed)));
        let pods: Vec<String> = cluster.world.pods().map(|(_, pod)| pod.to_string()).collect();
        for (from, to) in pods.iter().flat_map(|from| pods.iter().map(move |to| (from, to))) {
            let said = explained(&cluster, from, to, Traffic::Port(Protocol::Tcp, 80));
            assert!(said.near.is_empty() || said.verdict == Verdict::Deny);
            for near in &said.near {
                let lines = &near.rule.excerpt.as_ref().unwrap().lines;
                assert!(near.rule.line.is_some() && !lines.is_empty());
                told += 1;
            }
        }
    }
    assert!(told > 100, "{told}");
}
