//! Every kind of test holds where it should, and its twin one step outside does not.

#![allow(clippy::panic, clippy::indexing_slicing, reason = "a test may crash")]

mod support;

use ringfence_intent::{EndShown, report::Verdict};
use support::shop::judged;

fn holds(body: &str) {
    let report = judged(body, "");
    assert_eq!(report.failed, 0, "{body}: {:#?}", report.tests);
}

fn fails(body: &str) -> String {
    let report = judged(body, "");
    assert_eq!(report.failed, 1, "{body} holds");
    assert_eq!(report.tests[0].result, Verdict::Fails, "{body}");
    let all = report.tests[0].counterexamples.iter().map(ToString::to_string);
    all.collect::<Vec<_>>().join("\n")
}

#[test]
fn allow_is_about_every_flow() {
    holds("allow: {from: [deploy/web], to: [sts/db], ports: [sql]}");
    holds("allow: {from: [web], to: [db], ports: [5432/tcp]}");
    let said = fails("allow: {from: [deploy/web], to: [sts/db], ports: [5432, 5433]}");
    assert!(said.contains("5433/tcp is denied"), "{said}");
    assert!(said.contains("(shop.yaml:"), "{said}");
    let said = fails("allow: {from: [deploy/web, ops/admin], to: [sts/db], ports: [sql]}");
    assert!(said.starts_with("ops/admin -> "), "{said}");
}

#[test]
fn deny_is_about_every_flow() {
    holds("deny: {from: [ops/admin], to: [sts/db]}");
    holds("deny: {from: [deploy/web], to: [sts/db], exceptPorts: [sql]}");
    let said = fails("deny: {from: [deploy/web], to: [sts/db]}");
    assert!(said.contains("5432/tcp is allowed"), "{said}");
    assert!(said.contains("NetworkPolicy shop/db ingress[0] (shop.yaml:"), "{said}");
}

#[test]
fn a_service_is_judged_on_its_backends() {
    holds("allow: {from: [deploy/web], to: [svc/db], ports: [3306]}");
    holds("allow: {from: [deploy/web], to: [svc/db], ports: [sql]}");
    let said = fails("allow: {from: [ops/admin], to: [svc/db], ports: [3306]}");
    assert!(said.contains("Service shop/db -> shop/db-0"), "{said}");
    assert_eq!(
        judged("deny: {from: [ops/admin], to: [svc/db], ports: [3307]}", "").tests[0].result,
        Verdict::NoFlow
    );
}

#[test]
fn addresses_are_asked_at_every_edge_of_the_rules() {
    holds("allow: {from: [192.0.2.0/24], to: [sts/db], ports: [sql]}");
    let said = fails("allow: {from: [192.0.2.0/23], to: [sts/db], ports: [sql]}");
    assert!(said.starts_with("192.0.3.0 -> "), "{said}");
    holds("deny: {from: [198.51.100.0/24], to: [sts/db]}");
    let said = fails("deny: {from: [internet], to: [sts/db]}");
    assert!(said.starts_with("192.0.2.0 -> "), "{said}");
    holds("never: {from: [{network: 192.0.0.0/16, except: [192.0.2.0/24]}], to: [sts/db]}");
    let said = fails("never: {from: [192.0.0.0/16], to: [sts/db]}");
    assert!(said.starts_with("192.0.2.0 -> "), "{said}");
}

#[test]
fn only_is_about_pods_that_do_not_exist_yet() {
    holds("only: {from: [{namespace: shop, pods: app=web}, 192.0.2.0/24], to: [sts/db]}");
    // The Deployment's pods are app=web and tier=front; the policy asks for the former alone.
    let said = fails("only: {from: [deploy/web, 192.0.2.0/24], to: [sts/db]}");
    assert!(said.contains("namespace shop, labels app=web ->"), "{said}");
    let said = fails("only: {from: [{namespace: shop, pods: app=web}], to: [sts/db]}");
    assert!(said.starts_with("192.0.2.0 -> "), "{said}");
    holds("only: {from: [], to: [sts/db], exceptPorts: [sql]}");
    fails("only: {from: [], to: [sts/db], ports: [sql]}");
}

#[test]
fn only_is_about_namespaces_that_do_not_exist_yet() {
    let rule = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{from: [{namespaceSelector: {matchLabels: {team: edge}}}]}]
";
    let report = judged("only: {from: [], to: [deploy/web]}", rule);
    let [found] = report.tests[0].counterexamples.as_slice() else { panic!("{report:?}") };
    let EndShown::FuturePod { namespace_labels: Some(labels), labels: own, .. } = &found.from
    else {
        panic!("{found}")
    };
    assert_eq!(labels["team"], "edge");
    assert!(own.is_empty());
    let body = "only: {from: [{namespaces: team=edge}], to: [deploy/web]}";
    assert_eq!(judged(body, rule).failed, 0);
}

#[test]
fn never_is_about_both_sides() {
    holds("never: {from: [ops/*], to: [shop/*]}");
    let said = fails("never: {from: [shop/*], to: [ops/*]}");
    assert!(said.contains("-> ops/admin"), "{said}");
    // No pod of ops reaches out of it; whoever comes into shop later is reached by others.
    let said = fails("never: {from: [internet], to: [shop/*], ports: [9999]}");
    assert!(said.contains("a pod that could exist: namespace shop"), "{said}");
    holds("never: {from: [{namespace: ops}], to: [{namespaces: \"team!=ops\"}]}");
    // Whoever makes another namespace of that team is not fenced by the policy of this one.
    let said = fails("never: {from: [{namespaces: team=ops}], to: [{namespaces: \"team!=ops\"}]}");
    assert!(said.contains("new-namespace (new, team=ops)"), "{said}");
}

#[test]
fn reachable_by_is_exact() {
    holds("reachableBy: {to: [sts/db], is: [deploy/web, 192.0.2.0/24], ports: [sql]}");
    holds("reachableBy: {to: [sts/db], is: [], exceptPorts: [sql]}");
    let said = fails("reachableBy: {to: [sts/db], is: [deploy/web], ports: [sql]}");
    assert!(said.contains("192.0.2.0 -> ") && said.contains("is allowed"), "{said}");
    let body =
        "reachableBy: {to: [sts/db], is: [deploy/web, ops/admin, 192.0.2.0/24], ports: [sql]}";
    let said = fails(body);
    assert!(said.contains("ops/admin -> ") && said.contains("is denied"), "{said}");
    // One port of the two would do for "some", and exactly these on both is what is said.
    fails("reachableBy: {to: [sts/db], is: [deploy/web, 192.0.2.0/24], ports: [sql, 80]}");
}

#[test]
fn an_address_that_a_pod_may_get_is_tried() {
    let node = "\
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {podCIDRs: [10.244.0.0/24]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{from: [{ipBlock: {cidr: 10.244.0.64/26}}]}]
";
    let report = judged("only: {from: [], to: [deploy/web]}", node);
    let found = report.tests[0].counterexamples.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert!(found.iter().any(|it| it.contains("address 10.244.0.64")), "{found:?}");
    let beside = node.replace("10.244.0.64/26", "10.245.0.64/26");
    let body = "only: {from: [10.245.0.64/26], to: [deploy/web]}";
    assert_eq!(judged(body, &beside).failed, 0);
}

#[test]
fn a_node_and_what_runs_on_it_are_not_asked_about() {
    let more = "\
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
---
apiVersion: v1
kind: Pod
metadata: {name: fixed, namespace: shop, labels: {app: fixed}}
spec: {nodeName: n1, containers: [{name: a}]}
";
    let fails = |body| judged(body, more).failed;
    assert_eq!(fails("never: {from: [node/n1], to: [shop/pod/fixed], ports: [80]}"), 0);
    assert_eq!(fails("never: {from: [node/n2], to: [shop/pod/fixed], ports: [80]}"), 1);
    assert_eq!(fails("allow: {from: [nodes], to: [shop/pod/fixed], ports: [80]}"), 0);
}

#[test]
fn who_is_not_passed_on_may_be_let_in() {
    let admin = "\
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: admin}
spec:
  tier: Admin
  priority: 10
  subject: {namespaces: {matchLabels: {team: shop}}}
  ingress:
  - name: the-others
    action: Pass
    from:
    - pods:
        namespaceSelector: {}
        podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [special]}]}
  - name: whoever-is-left
    action: Accept
    from: [{namespaces: {}}]
";
    let body = "never: {from: [{namespaces: \"\", pods: app}], to: [sts/db], ports: [9999]}";
    assert_eq!(judged(body, "").failed, 0);
    let report = judged(body, admin);
    let [found] = report.tests[0].counterexamples.as_slice() else { panic!("{report:?}") };
    assert!(found.to_string().contains("labels app=special"), "{found}");
}
