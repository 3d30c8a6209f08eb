//! Lints that need more than one object. Only what a ruling names is a lint.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::{
    Action, Direction, Labels, Peer, Peers, PolicyRef, PortMatch, Ports, Protocol, Rule, Tier,
    WorldParts,
};

use crate::lower::Policy;
use crate::problem::Warning;
use crate::reader::Reader;
use crate::workload_pods::Made;
use crate::yaml::Span;

const DNS_PORT: u16 = 53;

/// Runs them all.
pub(crate) fn lint(
    parts: &WorldParts,
    pods: &[Made],
    policies: &[Policy],
    reader: &mut Reader<'_>,
) {
    equal_priority(policies, reader);
    service_addresses(parts, policies, reader);
    host_network_subjects(parts, pods, policies, reader);
    node_local_dns(policies, reader);
}

/// C3: policies of one tier and priority.
fn equal_priority(policies: &[Policy], reader: &mut Reader<'_>) {
    let mut staged: Vec<((Tier, u16), &PolicyRef, Span)> = policies
        .iter()
        .filter_map(|policy| {
            policy.stage.map(|(tier, group, span)| ((tier, group), &policy.reference, span))
        })
        .collect();
    staged.sort_unstable_by_key(|(stage, reference, _)| (*stage, *reference));
    let next = staged.iter().skip(1);
    for ((stage, other, other_span), (next_stage, _, span)) in staged.iter().zip(next) {
        if stage == next_stage {
            reader.warn_pair(
                *span,
                *other_span,
                Warning::EqualPriority { other: other.to_string() },
            );
        }
    }
}

/// N13: a block that names a Service's address.
fn service_addresses(parts: &WorldParts, policies: &[Policy], reader: &mut Reader<'_>) {
    let owned = parts.services.iter().flat_map(|service| {
        let name = format!("{}/{}", service.namespace, service.name);
        service.addresses.iter().map(move |address| (*address, name.clone()))
    });
    let owners: BTreeMap<IpAddr, String> = owned.collect();
    for (rule, span) in policies.iter().flat_map(|policy| &policy.rules) {
        for peer in listed(rule) {
            let Peer::Block(block) = peer else { continue };
            let cidr = block.cidr();
            let single = cidr.prefix_len() == cidr.max_prefix_len();
            if let Some(service) = owners.get(&cidr.network()).filter(|_| single) {
                let (cidr, service) = (cidr.to_string(), service.clone());
                reader.warn(*span, Warning::ServiceAddress { cidr, service });
            }
        }
    }
}

fn listed(rule: &Rule) -> &[Peer] {
    match &rule.peers {
        Peers::Any => &[],
        Peers::OneOf(peers) => peers,
    }
}

/// N16: policies select pods on the network of their node, to which they do not apply.
fn host_network_subjects(
    parts: &WorldParts,
    pods: &[Made],
    policies: &[Policy],
    reader: &mut Reader<'_>,
) {
    let mut seen = BTreeSet::new();
    for made in pods.iter().filter(|made| made.pod.host_network) {
        let labels = parts.namespaces.get(&made.pod.namespace).cloned().unwrap_or_default();
        let labels: Labels = labels.with("kubernetes.io/metadata.name", &made.pod.namespace);
        for policy in policies {
            let selects = policy.rules.iter().any(|(rule, _)| {
                rule.subject.namespaces.matches(&labels)
                    && rule.subject.pods.matches(&made.pod.labels)
            });
            if selects && seen.insert((&policy.reference, made.pod.to_string())) {
                let warning = Warning::HostNetworkSubject { pod: made.pod.to_string() };
                reader.warn_pair(policy.span, made.span, warning);
            }
        }
    }
}

/// N15: DNS is open to pods alone, and a cache on the node would be cut off.
fn node_local_dns(policies: &[Policy], reader: &mut Reader<'_>) {
    for policy in policies {
        let opens = policy.rules.iter().filter(|(rule, _)| opens_dns(rule));
        let opens: Vec<&(Rule, Span)> = opens.collect();
        let beyond_pods = opens.iter().any(|(rule, _)| match &rule.peers {
            Peers::Any => true,
            Peers::OneOf(peers) => peers.iter().any(|peer| !matches!(peer, Peer::Pods { .. })),
        });
        if let Some((_, span)) = opens.first().filter(|_| !beyond_pods) {
            reader.warn(*span, Warning::NodeLocalDns {});
        }
    }
}

fn opens_dns(rule: &Rule) -> bool {
    let named = match &rule.ports {
        Ports::Any => false,
        Ports::OneOf(ports) => ports.iter().any(|port| match port {
            PortMatch::Numbers { protocol: Protocol::Udp, range } => {
                range.first() == DNS_PORT && range.last() == DNS_PORT
            }
            PortMatch::Numbers { protocol: Protocol::Tcp | Protocol::Sctp, .. }
            | PortMatch::Named { .. } => false,
        }),
    };
    let is_isolating = rule.tier == Tier::NetworkPolicy && rule.direction() == Direction::Egress;
    named && is_isolating && rule.action == Action::Allow
}
