//! What a cluster's own words mean.
//!
//! Asking and judging are apart, so that every cluster that we have not seen can be written down as a test.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ask::{Asked, ClusterFacts};
use crate::engine::{Sign, seen};
use crate::finding::{Finding, Outcome};
use crate::node::judge_engines;

/// The oldest kernel on which everything is tested.
const OLDEST: (u32, u32) = (6, 1);
const LEVEL: &str = "/metadata/labels/pod-security.kubernetes.io~1enforce";

pub(super) fn judge(facts: &ClusterFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(engines(facts));
    findings.push(said("policies", &facts.policies, policies));
    findings.push(said("kernels", &facts.nodes, |nodes| kernels(nodes)));
    findings.push(said("families", &facts.nodes, |nodes| families(nodes)));
    findings.push(said("kube-proxy", &facts.proxy, proxy));
    findings.push(said("pod-security", &facts.namespace, level));
    findings.push(said("permissions", &facts.refused, |refused| permissions(refused)));
    findings
}

fn said<T>(check: &'static str, asked: &Asked<T>, judge: impl FnOnce(&T) -> Finding) -> Finding {
    match asked {
        Ok(asked) => Finding { check, ..judge(asked) },
        Err(error) => Finding::new(check, Outcome::Unknown, error),
    }
}

fn engines(facts: &ClusterFacts) -> Vec<Finding> {
    let groups = facts.groups.iter().cloned().map(Sign::Group);
    let sets = facts.daemon_sets.iter().flatten().map(daemon_set);
    let found = seen(&groups.chain(sets).collect::<Vec<_>>());
    match &facts.daemon_sets {
        Err(error) if found.is_empty() => {
            vec![Finding::new("policy-engine", Outcome::Unknown, error)]
        }
        Ok(_) | Err(_) => judge_engines(&found),
    }
}

fn daemon_set(object: &Value) -> Sign {
    let containers = object.pointer("/spec/template/spec/containers").and_then(Value::as_array);
    let names = containers.into_iter().flatten().map(|container| text(container, "/name"));
    Sign::DaemonSet {
        namespace: text(object, "/metadata/namespace"),
        name: text(object, "/metadata/name"),
        containers: names.collect(),
    }
}

fn text(object: &Value, pointer: &str) -> String {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn policies(count: &usize) -> Finding {
    match count {
        0 => Finding::good("", "there are none yet"),
        count => Finding::new("", Outcome::Note, format!("{count} are there"))
            .advise("the chart then begins in audit: they decide nothing until the switch says so"),
    }
}

fn kernels(nodes: &[Value]) -> Finding {
    let kernels = nodes
        .iter()
        .map(|node| (text(node, "/status/nodeInfo/kernelVersion"), text(node, "/metadata/name")));
    let mut by_kernel: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (kernel, node) in kernels {
        by_kernel.entry(kernel).or_default().push(node);
    }
    let old: Vec<&String> = by_kernel
        .iter()
        .filter(|(kernel, _)| is_old(kernel))
        .flat_map(|(_, nodes)| nodes)
        .collect();
    let words: Vec<String> = by_kernel
        .iter()
        .map(|(kernel, nodes)| format!("{kernel} on {} nodes", nodes.len()))
        .collect();
    match old.first() {
        None => Finding::good("", words.join(", ")),
        Some(first) => {
            let found = format!("older than 6.1 on {} nodes, such as {first}", old.len());
            Finding::new("", Outcome::Blocks, found).advise(
                "no agent works there; leave these nodes out by nodeSelector, or renew them",
            )
        }
    }
}

/// What cannot be read is asked of the node itself.
fn is_old(kernel: &str) -> bool {
    let mut numbers = kernel.split(|letter: char| !letter.is_ascii_digit()).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < OLDEST,
        (_, _) => false,
    }
}

fn families(nodes: &[Value]) -> Finding {
    let networks = nodes.iter().flat_map(|node| {
        let networks = node.pointer("/spec/podCIDRs").and_then(Value::as_array);
        networks.into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>()
    });
    let (v6, v4): (Vec<&str>, Vec<&str>) = networks.partition(|network| network.contains(':'));
    match (v4.is_empty(), v6.is_empty()) {
        (false, false) => Finding::good("", "pods have IPv4 and IPv6"),
        (false, true) => Finding::good("", "pods have IPv4"),
        (true, false) => Finding::good("", "pods have IPv6"),
        (true, true) => Finding::new("", Outcome::Warning, "no Node has podCIDRs")
            .advise("say the networks of pods in agent.podNetworks, or unknown pods are taken for strangers (N34)"),
    }
}

fn proxy(object: &Option<Value>) -> Finding {
    let Some(object) = object else {
        return Finding::new("", Outcome::Note, "there is no ConfigMap kube-system/kube-proxy")
            .advise("who translates Services is found on a node: `ringfence preflight`");
    };
    let config = text(object, "/data/config.conf");
    let mode = config.lines().find_map(|line| line.trim().strip_prefix("mode:"));
    match mode.unwrap_or_default().trim().trim_matches('"') {
        "nftables" => Finding::good("", "mode nftables"),
        // The default on Linux.
        "" | "iptables" => Finding::good("", "mode iptables"),
        other => Finding::new("", Outcome::Note, format!("mode {other}"))
            .advise("only nftables and iptables were tried"),
    }
}

fn level(namespace: &Option<Value>) -> Finding {
    let Some(namespace) = namespace else {
        return Finding::new(
            "",
            Outcome::Note,
            "the namespace of the installation is not there yet",
        )
        .advise("label it pod-security.kubernetes.io/enforce=privileged, as docs/install.md does");
    };
    match text(namespace, LEVEL).as_str() {
        "" | "privileged" => Finding::good("", "the namespace lets the agent's pods in"),
        level => {
            Finding::new("", Outcome::Blocks, format!("its namespace enforces the level {level}"))
                .advise("label it pod-security.kubernetes.io/enforce=privileged")
        }
    }
}

fn permissions(refused: &[&'static str]) -> Finding {
    match refused {
        [] => Finding::good("", "everything that the chart makes may be made"),
        refused => {
            Finding::new("", Outcome::Blocks, format!("may not be made: {}", refused.join(", ")))
                .advise("install as a user who may, for example with the ClusterRole cluster-admin")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn good() -> ClusterFacts {
        let node = json!({ "metadata": { "name": "n1" }, "spec": { "podCIDRs": ["10.0.0.0/24"] },
            "status": { "nodeInfo": { "kernelVersion": "6.8.0-45-generic" } } });
        let proxy = json!({ "data": { "config.conf": "kind: X\nmode: \"nftables\"\n" } });
        let level = json!({ "metadata": {
            "labels": { "pod-security.kubernetes.io/enforce": "privileged" } } });
        ClusterFacts {
            groups: vec!["apps".into(), "policy.networking.k8s.io".into()],
            daemon_sets: Ok(Vec::new()),
            nodes: Ok(vec![node]),
            policies: Ok(0),
            proxy: Ok(Some(proxy)),
            namespace: Ok(Some(level)),
            refused: Ok(Vec::new()),
        }
    }

    fn bad(facts: &ClusterFacts) -> Vec<(&'static str, Outcome)> {
        let findings = judge(facts);
        let bad = findings.iter().filter(|finding| finding.outcome != Outcome::Good);
        bad.map(|finding| (finding.check, finding.outcome)).collect()
    }

    #[test]
    fn a_cluster_that_has_everything_is_good() {
        assert_eq!(bad(&good()), []);
    }

    #[test]
    fn one_thing_that_is_otherwise_is_one_finding() {
        type Change = fn(&mut ClusterFacts);
        let cases: [(Change, &str, Outcome); 10] = [
            (|it| it.groups.push("cilium.io".into()), "policy-engine", Outcome::Warning),
            (
                |it| {
                    it.daemon_sets = Ok(vec![
                        json!({ "metadata": { "namespace": "kube-system", "name": "calico-node" } }),
                    ])
                },
                "policy-engine",
                Outcome::Warning,
            ),
            (|it| it.daemon_sets = Err("no".into()), "policy-engine", Outcome::Unknown),
            (|it| it.policies = Ok(3), "policies", Outcome::Note),
            (|it| it.refused = Ok(vec!["daemonsets"]), "permissions", Outcome::Blocks),
            (|it| it.proxy = Ok(None), "kube-proxy", Outcome::Note),
            (
                |it| it.proxy = Ok(Some(json!({ "data": { "config.conf": "mode: ipvs" } }))),
                "kube-proxy",
                Outcome::Note,
            ),
            (|it| it.namespace = Ok(None), "pod-security", Outcome::Note),
            (
                |it| {
                    it.namespace = Ok(Some(
                        json!({ "metadata": { "labels": { "pod-security.kubernetes.io/enforce": "baseline" } } }),
                    ))
                },
                "pod-security",
                Outcome::Blocks,
            ),
            (|it| it.policies = Err("no".into()), "policies", Outcome::Unknown),
        ];
        for (change, check, outcome) in cases {
            let mut facts = good();
            change(&mut facts);
            assert_eq!(bad(&facts), [(check, outcome)]);
        }
    }

    #[test]
    fn a_kernel_is_old_below_six_point_one_and_unknown_words_are_asked_of_the_node() {
        for (kernel, old) in
            [("5.15.0-1", true), ("6.0.19", true), ("6.1.0", false), ("10.2", false), ("", false)]
        {
            assert_eq!(is_old(kernel), old, "{kernel}");
        }
    }

    #[test]
    fn nodes_without_networks_and_with_old_kernels_are_named() {
        let node = json!({ "metadata": { "name": "old" },
            "status": { "nodeInfo": { "kernelVersion": "5.4.0" } } });
        let facts = ClusterFacts { nodes: Ok(vec![node]), ..good() };
        assert_eq!(bad(&facts), [("kernels", Outcome::Blocks), ("families", Outcome::Warning)]);
    }
}
