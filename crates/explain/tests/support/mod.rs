//! Small clusters as the YAML that people write, drawn from few names and both styles.
//!
//! Pods that differ by one label or by none at all, policies that isolate one workload or a whole
//! namespace, and cluster policies in front of them and behind.

#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test may crash")]

use std::fmt::Write as _;

use manifest::{Document, Options, Reading};
use model::World;
use testkit::generate::Source;

/// As written: YAML reads a bare `y` as a boolean.
const NAMESPACES: [&str; 2] = ["x", "\"y\""];
const APPS: [&str; 2] = ["a", "b"];
const ROLES: [&str; 3] = ["front", "back", "on"];

/// A cluster as documents, and all that is read of them.
pub(crate) struct Cluster {
    pub(crate) documents: Vec<Document>,
    pub(crate) options: Options,
    pub(crate) reading: Reading,
    pub(crate) world: World,
}

impl Cluster {
    /// Reads `documents`.
    pub(crate) fn read(documents: Vec<Document>) -> Self {
        let options = Options::default();
        let reading = manifest::read(&documents, &options);
        let world = World::new(reading.parts.clone()).expect("the parts make a world");
        Self { documents, options, reading, world }
    }

    /// What an explanation is made from.
    pub(crate) fn input(&self) -> ringfence_explain::Input<'_> {
        ringfence_explain::Input {
            documents: &self.documents,
            options: &self.options,
            written: &self.reading.written,
            world: &self.world,
            rules: &self.reading.rules,
            is_complete: self.reading.is_complete(),
            words: "cluster/",
        }
    }
}

/// A document.
pub(crate) fn document(name: &str, text: String) -> Document {
    Document { name: name.into(), text: text.into() }
}

/// Draws one.
pub(crate) fn cluster(source: &mut dyn Source) -> Vec<Document> {
    let mut pods = String::new();
    let count = 2 + source.below(4);
    for at in 0..count {
        pods.push_str(&pod(source, at));
    }
    let mut policies = String::new();
    for at in 0..1 + source.below(5) {
        policies.push_str(&policy(source, at));
    }
    if source.below(3) == 2 {
        policies.push_str(&cluster_policy(source, "Admin"));
    }
    if source.below(3) == 2 {
        policies.push_str(&cluster_policy(source, "Baseline"));
    }
    vec![document("pods.yaml", pods), document("net/policies.yaml", policies)]
}

fn pick<'a>(source: &mut dyn Source, items: &[&'a str]) -> &'a str {
    items[source.below(items.len())]
}

fn pod(source: &mut dyn Source, at: usize) -> String {
    let namespace = pick(source, &NAMESPACES);
    let mut labels = format!("app: {}", pick(source, &APPS));
    match source.below(5) {
        0 => labels.clear(),
        1 | 2 => write!(labels, ", role: \"{}\"", pick(source, &ROLES)).unwrap(),
        _ => {}
    }
    // Pods of one owner share the labels of its template.
    let owned = source.below(3) == 2 && !labels.is_empty();
    let owner = match owned {
        true => {
            let owner = labels.replace([':', ',', ' ', '"'], "");
            format!(", ownerReferences: [{{kind: ReplicaSet, name: w-{owner}, controller: true}}]")
        }
        false => String::new(),
    };
    let host = if source.below(8) == 7 { "hostNetwork: true, " } else { "" };
    let address = match (host.is_empty(), source.below(6)) {
        (_, 5) => String::new(),
        (true, _) => format!("status: {{podIP: 10.244.0.{}}}\n", at + 2),
        (false, _) => format!("status: {{hostIP: 172.30.0.{}}}\n", at + 2),
    };
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{at}, namespace: {namespace}, \
         labels: {{{labels}}}{owner}}}\nspec: {{{host}containers: [{{name: main, image: i, ports: \
         [{{name: http, containerPort: 80}}]}}]}}\n{address}"
    )
}

fn selector(source: &mut dyn Source) -> String {
    match source.below(5) {
        0 => "{}".to_owned(),
        1 => format!(
            "{{matchLabels: {{app: {}, role: \"{}\"}}}}",
            pick(source, &APPS),
            pick(source, &ROLES)
        ),
        2 => "{matchExpressions: [{key: role, operator: DoesNotExist}]}".to_owned(),
        _ => format!("{{matchLabels: {{app: {}}}}}", pick(source, &APPS)),
    }
}

fn peer(source: &mut dyn Source) -> String {
    match source.below(5) {
        0 => "ipBlock: {cidr: 203.0.113.9/32}".to_owned(),
        1 => "ipBlock: {cidr: 10.244.0.0/16, except: [10.244.0.3/32]}".to_owned(),
        2 => format!(
            "namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {}}}}}",
            pick(source, &NAMESPACES)
        ),
        _ => format!("podSelector: {}", selector(source)),
    }
}

fn port(source: &mut dyn Source) -> &'static str {
    match source.below(4) {
        0 => "protocol: UDP, port: 53",
        1 => "port: http",
        2 => "port: 8080, endPort: 8090",
        _ => "port: 80",
    }
}

fn policy(source: &mut dyn Source, at: usize) -> String {
    let (namespace, selector) = (pick(source, &NAMESPACES), selector(source));
    let mut text = format!(
        "---\n# Policy {at}.\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  \
         name: p{at}\n  namespace: {namespace}\nspec:\n  podSelector: {selector}\n"
    );
    for (section, peers) in [("ingress", "from"), ("egress", "to")] {
        let (peer, port) = (peer(source), port(source));
        text += &match source.below(5) {
            0 => String::new(),
            1 => format!("  {section}: []\n"),
            2 => format!("  {section}: [{{{peers}: [{{{peer}}}], ports: [{{{port}}}]}}]\n"),
            3 => format!(
                "  {section}:\n    - {peers}:\n        - {peer}\n      # A comment.\n      ports:\n      - {{{port}}}\n\n"
            ),
            _ => {
                format!("  {section}:\n  - {peers}: [{{{peer}}}]\n  - ports: [{{{port}}}] # all\n")
            }
        };
    }
    match source.below(4) {
        0 => text + "  policyTypes: [Ingress, Egress]\n",
        1 => text + "  policyTypes: [Egress]\n",
        _ => text,
    }
}

fn cluster_policy(source: &mut dyn Source, tier: &str) -> String {
    let action = pick(source, &["Deny", "Deny", "Accept", "Pass"]);
    let (ingress, peers) = match source.below(2) {
        0 => ("ingress", "from"),
        _ => ("egress", "to"),
    };
    let peer = match source.below(3) {
        0 => "{namespaces: {}}",
        // Networks are for egress only.
        1 if peers == "to" => "{namespaces: {}}, {networks: [0.0.0.0/0, \"::/0\"]}",
        _ => "{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: a}}}}",
    };
    let name = tier.to_ascii_lowercase();
    format!(
        "---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: \
         {{name: {name}}}\nspec:\n  tier: {tier}\n  priority: 10\n  subject: {{namespaces: {{}}}}\n  \
         {ingress}:\n  - {{name: r, action: {action}, {peers}: [{peer}]}}\n"
    )
}
