//! Staged policies (ruling N37): every kind can be staged, and nothing but its mode changes.

use std::sync::Arc;

use ringfence_manifest::{Document, Options, Reading, read};

fn reading_with(text: &str, options: &Options) -> Reading {
    let document = Document { name: Arc::from("test.yaml"), text: Arc::from(text) };
    let reading = read(&[document], options);
    assert!(reading.is_complete(), "{text}: {:?}", reading.problems);
    reading
}

fn reading(text: &str) -> Reading {
    reading_with(text, &Options::default())
}

/// One policy of each kind, each with this mode.
fn every_kind(mode: &str) -> String {
    let metadata = |name: &str| {
        format!("metadata: {{name: {name}, annotations: {{ringfence.io/mode: {mode}}}}}")
    };
    let (version, old) = ("policy.networking.k8s.io/v1alpha2", "policy.networking.k8s.io/v1alpha1");
    let rest = "subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]";
    [
        ("networking.k8s.io/v1", "NetworkPolicy", "p", "podSelector: {}".to_owned()),
        (version, "ClusterNetworkPolicy", "c", format!("tier: Admin, priority: 1, {rest}")),
        (old, "AdminNetworkPolicy", "a", format!("priority: 2, {rest}")),
        (old, "BaselineAdminNetworkPolicy", "default", rest.to_owned()),
    ]
    .map(|(version, kind, name, spec)| {
        format!("{{apiVersion: {version}, kind: {kind}, {}, spec: {{{spec}}}}}\n", metadata(name))
    })
    .join("---\n")
}

#[test]
fn every_kind_of_policy_can_be_staged() {
    let (staged, enforced) = (reading(&every_kind("audit")), reading(&every_kind("enforce")));
    assert_eq!(staged.rules.iter().count(), 0, "what is staged decides nothing");
    assert_eq!((staged.staged.len(), staged.rules.staged().len()), (4, 4));
    assert_eq!((enforced.staged.len(), enforced.rules.staged().len()), (0, 0));
    assert_eq!(staged.rules.with_staged_enforced(), enforced.rules);
    let options = Options { staged: true, ..Options::default() };
    let as_if = reading_with(&every_kind("audit"), &options);
    assert_eq!((&as_if.rules, as_if.staged.len()), (&enforced.rules, 4));
}

const SET: &str = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: w, namespace: x}, \
    spec: {serviceName: w, replicas: 3, template: {metadata: {labels: {app: w}}, \
    spec: {containers: [{name: c}]}}}}\n";

/// Replicas that only a staged selector tells apart are told apart, as they will be.
#[test]
fn staging_a_policy_changes_nothing_that_exists() {
    let policy = |mode: &str| {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: p, \
             namespace: x, annotations: {{ringfence.io/mode: {mode}}}}}, spec: {{podSelector: \
             {{matchLabels: {{statefulset.kubernetes.io/pod-name: w-1}}}}}}}}\n---\n{}",
            SET
        )
    };
    let [staged, enforced] = ["audit", "enforce"].map(|mode| reading(&policy(mode)).parts);
    assert_eq!(staged.pods, enforced.pods);
    assert!(enforced.pods.len() > 1, "{:?}", enforced.pods);
}
