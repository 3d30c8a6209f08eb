//! Blocks of addresses: host bits, Service addresses, the cluster's own ranges, everybody.
//!
//! A block is the one peer that no label explains, so what it takes in is easily overlooked.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use model::{Action, Block, Coverage, Direction, Peer, PolicyKind};

use crate::facts::Facts;
use crate::found::Found;
use crate::tree::Tree;
use crate::written::{Policy, Written};
use manifest::Span;

/// From this many on, single addresses are a list that somebody will forget to update.
const SINGLES_MAX: usize = 7;

/// RF001 (ruling N12).
pub(crate) fn host_bits(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for policy in &facts.policies {
        for tree in policy.rules.iter().flat_map(|written| &written.peers).flat_map(|it| cidrs(*it))
        {
            let Some(written) = tree.text() else { continue };
            let Ok(network) = written.parse::<IpNet>() else { continue };
            if network != network.trunc() {
                let masked = network.trunc().to_string();
                let message = format!("{written} has host bits set and is read as {masked}");
                let edit = tree.replaced(facts.documents, written, &masked);
                let raw = found.at(policy.object, tree.at(), message);
                raw.fix(format!("write {masked}")).edit(edit);
            }
        }
    }
}

fn cidrs(peer: Tree<'_>) -> Vec<Tree<'_>> {
    let Some(block) = peer.get("ipBlock") else { return vec![peer] };
    let except = block.get("except").into_iter().flat_map(|except| except.items());
    block.get("cidr").into_iter().chain(except).collect()
}

/// RF007 (ruling N13).
pub(crate) fn service_address(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    let services = facts.world.services().iter();
    let owners: BTreeMap<IpAddr, &model::Service> = services
        .flat_map(|service| service.addresses.iter().map(move |address| (*address, service)))
        .collect();
    for (policy, _, block, at) in blocks(facts) {
        let cidr = block.cidr();
        if let Some(service) = owners.get(&cidr.network()).filter(|_| is_single(cidr)) {
            let (namespace, name) = (&service.namespace, &service.name);
            let message = format!(
                "{cidr} is the address of Service {namespace}/{name}, and policy sees the backend's"
            );
            let raw = found.at(policy.object, at, message);
            raw.fix(selecting(service)).and_at(place_of(facts, service));
        }
    }
}

fn selecting(service: &model::Service) -> String {
    let requirements = service.selector.iter().flat_map(|selector| selector.requirements());
    let labels: Vec<String> = requirements.filter_map(label).collect();
    match labels.as_slice() {
        [] => "name the backends' addresses instead".to_owned(),
        labels => {
            format!("select the backends: podSelector: {{matchLabels: {{{}}}}}", labels.join(", "))
        }
    }
}

fn label(requirement: &model::Requirement) -> Option<String> {
    match requirement {
        model::Requirement::In { key, values } => {
            values.iter().next().map(|value| format!("{key}: {value}"))
        }
        model::Requirement::NotIn { .. }
        | model::Requirement::Exists { .. }
        | model::Requirement::DoesNotExist { .. } => None,
    }
}

fn place_of(facts: &Facts<'_>, service: &model::Service) -> Option<Span> {
    let object = facts.find("Service", &service.namespace, &service.name)?;
    Some(facts.name_at(object))
}

/// RF018: pods and nodes named by their addresses.
pub(crate) fn cluster_range(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for (policy, written, block, at) in blocks(facts) {
        let cidr = block.cidr();
        if written.rule.action != Action::Allow || cidr.prefix_len() == 0 {
            continue;
        }
        let addresses = block.addresses();
        let networks = facts.world.pod_networks().iter();
        let mut pods = networks.filter(|network| addresses.covers(**network) != Coverage::None);
        let node = facts.world.nodes().find(|(_, node)| {
            !is_single(cidr) && node.addresses.iter().any(|address| block.contains(*address))
        });
        let message = match (pods.next(), node) {
            (Some(network), _) => format!("{cidr} takes in pods: {network} is the pod network"),
            (None, Some((_, node))) => format!("{cidr} takes in node {}", node.name),
            (None, None) => continue,
        };
        found.at(policy.object, at, message);
    }
}

/// RF019.
pub(crate) fn whole_internet(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for (policy, written, block, at) in blocks(facts) {
        let is_all = block.cidr().prefix_len() == 0 && block.except().is_empty();
        if written.rule.action == Action::Allow && is_all && !denies_before(policy, written) {
            let cidr = block.cidr();
            let what = match written.rule.direction() {
                Direction::Ingress => "pods and nodes",
                Direction::Egress => "pods, nodes and the metadata service",
            };
            let message = format!("{cidr} without exceptions is everybody: {what} too");
            found.at(policy.object, at, message);
        }
    }
}

/// In a first-match policy the exceptions are the Deny rules before.
fn denies_before(policy: &Policy<'_>, written: &Written<'_>) -> bool {
    policy.reference.kind != PolicyKind::NetworkPolicy
        && policy.rules.iter().any(|other| {
            other.rule.action == Action::Deny
                && other.rule.direction() == written.rule.direction()
                && other.rule.origin.index < written.rule.origin.index
        })
}

/// RF046.
pub(crate) fn single_addresses(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for (policy, written) in rules(facts) {
        let networks = written.peers().filter_map(|(peer, _)| block_of(peer)).map(Block::cidr);
        let singles: Vec<IpNet> = networks.filter(|cidr| is_single(*cidr)).collect();
        if singles.len() > SINGLES_MAX {
            let joined = IpNet::aggregate(&singles);
            let message = format!("{} single addresses in one rule", singles.len());
            let raw = found.at(policy.object, written.at, message);
            if joined.len() < singles.len() {
                let joined: Vec<String> = joined.iter().map(ToString::to_string).collect();
                raw.fix(format!("write {}", joined.join(", ")));
            }
        }
    }
}

/// RF053: everybody of one family, where pods have both.
pub(crate) fn one_family(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    let addresses = || facts.world.pods().flat_map(|(_, pod)| &pod.addresses);
    if !(addresses().any(|it| it.is_ipv4()) && addresses().any(|it| it.is_ipv6())) {
        return;
    }
    for (policy, written) in rules(facts) {
        let all = written.peers().filter_map(|(peer, _)| block_of(peer)).map(Block::cidr);
        let all: Vec<IpNet> = all.filter(|cidr| cidr.prefix_len() == 0).collect();
        let is_four = all.iter().any(|cidr| cidr.network().is_ipv4());
        let is_six = all.iter().any(|cidr| cidr.network().is_ipv6());
        if is_four != is_six {
            let (has, lacks) = if is_four { ("0.0.0.0/0", "::/0") } else { ("::/0", "0.0.0.0/0") };
            let message = format!("{has} says nothing about the other family, which pods have too");
            let raw = found.at(policy.object, written.at, message);
            raw.fix(format!("add {lacks} with its exceptions, or say that the family is closed"));
        }
    }
}

fn rules<'f, 'a>(facts: &'f Facts<'a>) -> impl Iterator<Item = (&'f Policy<'a>, &'f Written<'a>)> {
    let policies = facts.policies.iter();
    policies.flat_map(|policy| policy.rules.iter().map(move |written| (policy, written)))
}

fn blocks<'f, 'a>(
    facts: &'f Facts<'a>,
) -> impl Iterator<Item = (&'f Policy<'a>, &'f Written<'a>, &'a Block, Span)> {
    rules(facts).flat_map(|(policy, written)| {
        let blocks = written.peers().filter_map(|(peer, at)| Some((block_of(peer)?, at)));
        blocks.map(move |(block, at)| (policy, written, block, at))
    })
}

fn block_of(peer: &Peer) -> Option<&Block> {
    match peer {
        Peer::Block(block) => Some(block),
        Peer::Pods { .. } | Peer::Nodes(_) | Peer::Domain(_) => None,
    }
}

fn is_single(cidr: IpNet) -> bool {
    cidr.prefix_len() == cidr.max_prefix_len()
}
