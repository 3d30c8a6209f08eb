//! A small shop: who is there, and which policies stand between them.
//!
//! Written as manifests, so that places are what people would see.

use manifest::{Document, Options};
use model::{Rules, World};
use ringfence_intent::{Judge, report::Report};

use super::tests;

pub(crate) const SHOP: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: shop}}
---
apiVersion: v1
kind: Namespace
metadata: {name: ops, labels: {team: ops}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, tier: front}}
    spec: {containers: [{name: web, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, ports: [{name: sql, containerPort: 5432}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: admin, namespace: ops, labels: {app: admin}}
spec: {containers: [{name: sh}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {selector: {app: db}, ports: [{name: sql, port: 3306, targetPort: sql}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: sql}]
  - from: [{ipBlock: {cidr: 192.0.2.0/24}}]
    ports: [{port: sql}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: ops, namespace: ops}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress: [{to: [{podSelector: {}}]}]
";

/// The world of the shop and its rules; `more` are further manifests.
pub(crate) fn shop(more: &str) -> (World, Rules) {
    let text = format!("{SHOP}---\n{more}");
    let documents = [Document { name: "shop.yaml".into(), text: text.into() }];
    let reading = manifest::read(&documents, &Options::default());
    assert!(reading.is_complete(), "{:?}", reading.problems);
    let world = World::new(reading.parts).unwrap_or_else(|error| panic!("{error}"));
    (world, reading.rules)
}

/// A file with one test of this body.
pub(crate) fn file(body: &str) -> String {
    format!(
        "apiVersion: ringfence.io/v1alpha1\nkind: PolicyTest\nmetadata: {{name: t, namespace: \
         shop}}\nspec:\n  tests:\n  - name: it\n    {body}\n"
    )
}

/// What becomes of one test in the shop.
pub(crate) fn judged(body: &str, more: &str) -> Report {
    let (world, rules) = shop(more);
    let judge = Judge::new(&world, &rules);
    let (tests, problems) = tests(&file(body), &world, &judge);
    assert!(problems.is_empty(), "{body}: {problems:?}");
    Report::of(&tests, &judge)
}
