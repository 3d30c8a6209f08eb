//! Policies with both their sides: the rules that they mean and the lines that say so.
//!
//! A lint judges the rule and points to the line; here the two are brought together.

use std::collections::BTreeMap;

use model::{Direction, Peer, Peers, PolicyRef, PortMatch, Ports, Rule, RuleRef, Rules};

use crate::tree::{Object, Tree};
use manifest::Span;

/// A policy.
pub(crate) struct Policy<'a> {
    pub(crate) reference: &'a PolicyRef,
    /// The object, by its position.
    pub(crate) object: Option<usize>,
    /// Where its name stands.
    pub(crate) at: Span,
    /// Its spec.
    pub(crate) spec: Option<Tree<'a>>,
    pub(crate) rules: Vec<Written<'a>>,
}

/// A rule and the lines that say so.
pub(crate) struct Written<'a> {
    pub(crate) rule: &'a Rule,
    /// The rule, or the section where the rule only isolates.
    pub(crate) at: Span,
    /// One for each of the rule's peers.
    pub(crate) peers: Vec<Tree<'a>>,
    /// One for each of the rule's ports.
    pub(crate) ports: Vec<Tree<'a>>,
}

impl<'a> Policy<'a> {
    /// Where its subject is selected.
    pub(crate) fn subject(&self) -> Option<Tree<'a>> {
        let spec = self.spec?;
        spec.get("podSelector").or_else(|| spec.get("subject"))
    }

    /// The subject is the same in all rules.
    pub(crate) fn first(&self) -> Option<&'a Rule> {
        self.rules.first().map(|written| written.rule)
    }
}

impl<'a> Written<'a> {
    /// The peers with the places that say so.
    pub(crate) fn peers(&self) -> impl Iterator<Item = (&'a Peer, Span)> {
        let peers: &'a [Peer] = match &self.rule.peers {
            Peers::Any => &[],
            Peers::OneOf(peers) => peers,
        };
        peers.iter().enumerate().map(|(at, peer)| (peer, self.at_of(&self.peers, at)))
    }

    /// The ports with the places that say so.
    pub(crate) fn ports(&self) -> impl Iterator<Item = (&'a PortMatch, Span)> {
        let ports: &'a [PortMatch] = match &self.rule.ports {
            Ports::Any => &[],
            Ports::OneOf(ports) => ports,
        };
        ports.iter().enumerate().map(|(at, port)| (port, self.at_of(&self.ports, at)))
    }

    fn at_of(&self, trees: &[Tree<'a>], at: usize) -> Span {
        trees.get(at).map_or(self.at, |tree| tree.at())
    }
}

/// All policies that have rules, in the order of their references.
pub(crate) fn policies<'a>(
    rules: &'a Rules,
    objects: &[Object<'a>],
    find: impl Fn(&PolicyRef) -> Option<usize>,
) -> Vec<Policy<'a>> {
    let mut by_reference: BTreeMap<&PolicyRef, Vec<&Rule>> = BTreeMap::new();
    for rule in rules {
        by_reference.entry(&rule.origin.policy).or_default().push(rule);
    }
    let policy = |(reference, rules): (&'a PolicyRef, Vec<&'a Rule>)| {
        let position = find(reference);
        let object = position.and_then(|at| objects.get(at));
        let spec = object.and_then(|object| object.tree.get("spec"));
        let at = object.map_or_else(Span::default, |object| object.at);
        let rules = rules.into_iter().map(|rule| written(rule, spec, at)).collect();
        Policy { reference, object: position, at, spec, rules }
    };
    by_reference.into_iter().map(policy).collect()
}

fn written<'a>(rule: &'a Rule, spec: Option<Tree<'a>>, name: Span) -> Written<'a> {
    let RuleRef { direction, index, .. } = rule.origin;
    let (section, peers, ports) = match direction {
        Direction::Ingress => ("ingress", "from", ["ports", "protocols"]),
        Direction::Egress => ("egress", "to", ["ports", "protocols"]),
    };
    let section = spec.and_then(|spec| spec.get(section));
    let tree = section.and_then(|section| section.items().nth(index as usize));
    let at = tree.or(section).map_or(name, |tree| tree.at());
    let peers = tree.and_then(|tree| tree.get(peers));
    let ports = tree.and_then(|tree| ports.into_iter().find_map(|field| tree.get(field)));
    Written {
        rule,
        at,
        peers: peers.into_iter().flat_map(|peers| peers.items()).flat_map(expanded).collect(),
        ports: ports.into_iter().flat_map(|ports| ports.items()).collect(),
    }
}

/// A peer of networks or DNS names stands for as many peers as it lists.
fn expanded(peer: Tree<'_>) -> Vec<Tree<'_>> {
    match peer.get("networks").or_else(|| peer.get("domainNames")) {
        Some(listed) => listed.items().collect(),
        None => vec![peer],
    }
}
