//! Who is covered, by small manifests.
//!
//! A pod is counted once, whatever selects it how often.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test may crash")]

use manifest::{Document, Options};

use super::*;

const MANIFESTS: &str = "
{apiVersion: v1, kind: Pod, metadata: {name: both, namespace: shop, labels: {app: both}}, spec: {containers: [{name: c, image: c}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: in, namespace: shop, labels: {app: in}}, spec: {containers: [{name: c, image: c}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: out, namespace: shop, labels: {app: out}}, spec: {containers: [{name: c, image: c}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: host, namespace: shop, labels: {app: both}}, spec: {hostNetwork: true, containers: [{name: c, image: c}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: open, namespace: free, labels: {app: both}}, spec: {containers: [{name: c, image: c}]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: in, namespace: shop},
 spec: {podSelector: {matchExpressions: [{key: app, operator: In, values: [both, in]}]}, policyTypes: [Ingress]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: out, namespace: shop},
 spec: {podSelector: {matchExpressions: [{key: app, operator: In, values: [both, out]}]}, policyTypes: [Egress], egress: [{}]}}
";

#[test]
fn pods_are_counted_by_the_directions_in_which_any_policy_selects_them() {
    let document = Document { name: "all".into(), text: MANIFESTS.into() };
    let reading = manifest::read(&[document], &Options::default());
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    let found = coverage(&World::new(reading.parts).unwrap(), &reading.rules);
    let shop = Coverage { both: 1, ingress_only: 1, egress_only: 1, none: 0, host_network: 1 };
    assert_eq!(found["shop"], shop);
    assert_eq!(found["free"], Coverage { none: 1, ..Coverage::default() });
}
