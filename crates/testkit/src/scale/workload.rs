//! Deployments with labels that policies can ask for, and named ports.
//!
//! Their tiers, versions and ports repeat, so that every policy finds somebody to be about.

use super::{Namespace, below};
use crate::generate::Source;

pub(super) const TIERS: [&str; 3] = ["front", "back", "data"];

/// The tier of a workload by its position.
pub(super) fn tier(at: u32) -> &'static str {
    match at % 3 {
        0 => "front",
        1 => "back",
        _ => "data",
    }
}

/// The port that a workload serves.
pub(super) fn port(at: u32) -> u32 {
    match at % 3 {
        0 => 8080,
        1 => 8000 + at,
        _ => 5432,
    }
}

/// One Deployment.
pub(super) fn workload(namespace: Namespace, at: u32, source: &mut dyn Source) -> String {
    let (space, tier, port) = (namespace.name(), tier(at), port(at));
    let replicas = 1 + below(source, 3);
    let version = below(source, 4);
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: app{at}
  namespace: {space}
spec:
  replicas: {replicas}
  selector:
    matchLabels:
      app: app{at}
  template:
    metadata:
      labels:
        app: app{at}
        tier: {tier}
        version: v{version}
    spec:
      containers:
        - name: main
          image: registry.example.com/app{at}:{version}
          ports:
            - name: http
              containerPort: {port}
            - name: metrics
              containerPort: 9090
"
    )
}
