//! Policies of every form: default deny, same namespace, app to app with ports, ranges and names,
//! blocks with exceptions, expressions.

use super::workload::{TIERS, port};
use super::{Namespace, below, name, team};
use crate::generate::Source;

/// Policy number `at` of a namespace: first those that every namespace has, then drawn ones.
pub(super) fn policy(namespace: Namespace, at: u32, source: &mut dyn Source) -> String {
    let (title, spec) = match at {
        0 => ("default-deny".to_owned(), default_deny(namespace)),
        1 => ("same-namespace".to_owned(), same_namespace(namespace)),
        2 => ("metrics".to_owned(), metrics()),
        3 if namespace.isolates_egress() => ("dns".to_owned(), dns()),
        _ => drawn(namespace, at, source),
    };
    let space = namespace.name();
    format!(
        "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {title}
  namespace: {space}
spec:
{spec}"
    )
}

fn default_deny(namespace: Namespace) -> String {
    let egress = if namespace.isolates_egress() { "    - Egress\n" } else { "" };
    format!("  podSelector: {{}}\n  policyTypes:\n    - Ingress\n{egress}")
}

fn same_namespace(namespace: Namespace) -> String {
    let egress = if namespace.isolates_egress() {
        "  egress:\n    - to:\n        - podSelector: {}\n"
    } else {
        ""
    };
    format!("  podSelector: {{}}\n  ingress:\n    - from:\n        - podSelector: {{}}\n{egress}")
}

fn metrics() -> String {
    "  podSelector: {}
  ingress:
    - from:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: ns0
          podSelector:
            matchLabels:
              app: app0
      ports:
        - port: metrics
"
    .to_owned()
}

fn dns() -> String {
    "  podSelector: {}
  policyTypes:
    - Egress
  egress:
    - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: ns0
      ports:
        - port: 53
          protocol: UDP
        - port: 53
"
    .to_owned()
}

fn drawn(namespace: Namespace, at: u32, source: &mut dyn Source) -> (String, String) {
    let subject = at % namespace.workloads;
    let form = if namespace.isolates_egress() { below(source, 6) } else { below(source, 4) };
    let (word, body) = match form {
        0 | 1 => ("from-app", from_app(namespace, subject, source)),
        2 => ("from-team", from_team(namespace, source)),
        3 => ("from-tier", from_tier(source)),
        4 => ("to-block", to_block(source)),
        _ => ("to-app", to_app(namespace, source)),
    };
    let spec = format!("  podSelector:\n    matchLabels:\n      app: app{subject}\n{body}");
    (format!("app{subject}-{word}-{at}"), spec)
}

fn from_app(namespace: Namespace, subject: u32, source: &mut dyn Source) -> String {
    let (app, port) = (namespace.any_workload(source), port(subject));
    format!(
        "  ingress:
    - from:
        - podSelector:
            matchLabels:
              app: app{app}
      ports:
        - port: {port}
"
    )
}

fn from_team(namespace: Namespace, source: &mut dyn Source) -> String {
    let (team, app) = (team(namespace.any_namespace(source)), namespace.any_workload(source));
    let first = 8000 + below(source, 50);
    let last = first + below(source, 50);
    format!(
        "  ingress:
    - from:
        - namespaceSelector:
            matchLabels:
              team: {team}
          podSelector:
            matchLabels:
              app: app{app}
      ports:
        - port: {first}
          endPort: {last}
"
    )
}

fn from_tier(source: &mut dyn Source) -> String {
    let version = below(source, 4);
    let tiers = TIERS.get(below(source, 2) as usize..).unwrap_or_default().join(", ");
    format!(
        "  ingress:
    - from:
        - podSelector:
            matchExpressions:
              - key: tier
                operator: In
                values: [{tiers}]
              - key: version
                operator: NotIn
                values: [v{version}]
      ports:
        - port: http
"
    )
}

fn to_block(source: &mut dyn Source) -> String {
    let (second, third) = (below(source, 256), below(source, 256));
    format!(
        "  egress:
    - to:
        - ipBlock:
            cidr: 203.{second}.0.0/16
            except:
              - 203.{second}.{third}.0/24
      ports:
        - port: 443
"
    )
}

fn to_app(namespace: Namespace, source: &mut dyn Source) -> String {
    let space = name(namespace.any_namespace(source));
    let (app, named) = (namespace.any_workload(source), below(source, 2) == 0);
    let port = if named { "http".to_owned() } else { port(app).to_string() };
    format!(
        "  egress:
    - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: {space}
          podSelector:
            matchLabels:
              app: app{app}
      ports:
        - port: {port}
"
    )
}
