//! ClusterNetworkPolicy, `policy.networking.k8s.io/v1alpha2` (rulings C1 to C9).
//!
//! Everything that is its own ends in this file; below it there are only rules.

use std::collections::BTreeSet;

use ipnet::IpNet;
use model::{
    Action, Block, Direction, Peer, Peers, PolicyKind, PolicyRef, PortMatch, PortRange, Ports,
    Protocol, Selector, Subject, Tier,
};

use super::annotation::Transition;
use crate::check::{domain_pattern, in_range, network, port_name, port_number, word};
use crate::fields::{Fields, text};
use crate::lower::{FirstMatch, Policy, Section, WrittenRule, at_most, bounded, first_match};
use crate::object::Object;
use crate::problem::PolicyError;
use crate::reader::{Read, Reader, all};
use crate::selector::selector;
use crate::yaml::{Span, Tree};

const SPEC: [&str; 5] = ["tier", "priority", "subject", "ingress", "egress"];
const ACTIONS: [(&str, Action); 3] =
    [("Accept", Action::Allow), ("Deny", Action::Deny), ("Pass", Action::Pass)];
/// Rules in a direction, peers and protocols in a rule, networks and names in a peer.
const LIST_MAX: usize = 25;

/// How the kinds of first-match policies differ.
pub(super) struct Dialect {
    /// The words for the actions.
    pub(super) actions: &'static [(&'static str, Action)],
    /// The longest list of rules, peers or ports.
    pub(super) list_max: usize,
    /// The field that a rule's ports stand in.
    pub(super) ports_field: &'static str,
    /// Reads the items of that field; `alone` says whether the rule's peers are all pods.
    pub(super) ports: fn(Tree<'_>, &mut Reader<'_>) -> Read<Vec<PortMatch>>,
    /// Whether egress peers may be DNS names.
    pub(super) domains: bool,
}

const DIALECT: Dialect = Dialect {
    actions: &ACTIONS,
    list_max: LIST_MAX,
    ports_field: "protocols",
    ports: protocol_item,
    domains: true,
};

/// Reads and lowers a ClusterNetworkPolicy.
pub(crate) fn cluster_network_policy(object: &Object<'_>, reader: &mut Reader<'_>) -> Policy {
    let stage = |fields: &Fields<'_>, reader: &mut Reader<'_>| {
        let table = [("Admin", Tier::Admin), ("Baseline", Tier::Baseline)];
        let tier = fields
            .required("tier", reader, |node, field, reader| word(node, field, &table, reader));
        let priority = fields.required("priority", reader, priority);
        let (group, span) = priority?;
        Ok((tier?, group, span))
    };
    read(object, PolicyKind::ClusterNetworkPolicy, &SPEC, &DIALECT, stage, reader)
}

/// Reads a policy of a first-match tier in one of its dialects.
pub(super) fn read(
    object: &Object<'_>,
    kind: PolicyKind,
    known: &[&str],
    dialect: &Dialect,
    stage: impl FnOnce(&Fields<'_>, &mut Reader<'_>) -> Read<(Tier, u16, Span)>,
    reader: &mut Reader<'_>,
) -> Policy {
    let metadata = &object.metadata;
    let reference = PolicyRef { name: metadata.name.clone(), namespace: None, kind };
    let span = metadata.name_span;
    let transition = Transition::read(&metadata.annotations, reader);
    let spec = object.fields.need("spec", reader);
    let fields = spec.and_then(|spec| Fields::of(spec, "the policy's spec", reader));
    let fields = match fields {
        Ok(fields) => fields,
        Err(_) => return Policy { reference, span, stage: None, rules: Vec::new(), transition },
    };
    let policy = FirstMatch {
        reference,
        span,
        rest: fields.reject_unknown(known, reader),
        stage: stage(&fields, reader),
        subject: fields.required("subject", reader, subject),
        ingress: section(&fields, Direction::Ingress, dialect, reader),
        egress: section(&fields, Direction::Egress, dialect, reader),
    };
    Policy { transition, ..first_match(policy, reader) }
}

/// A priority, which is its group, and its place.
pub(super) fn priority(node: Tree<'_>, field: &str, reader: &mut Reader<'_>) -> Read<(u16, Span)> {
    let value = in_range(node, field, (0, 1000), reader)?;
    Ok((u16::try_from(value).unwrap_or(u16::MAX), node.span()))
}

fn subject(node: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<Subject> {
    let fields = Fields::strict(node, "a subject", &["namespaces", "pods"], reader)?;
    one_of(&fields, &["namespaces", "pods"], reader)?;
    let (namespaces, pods) = match fields.get("namespaces") {
        Some(node) => (selector(node, "namespaces", reader)?, Selector::everything()),
        None => fields.required("pods", reader, namespaced_pods)?,
    };
    Ok(Subject::new(namespaces, pods))
}

fn namespaced_pods(node: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<(Selector, Selector)> {
    let fields = Fields::strict(node, "`pods`", &["namespaceSelector", "podSelector"], reader)?;
    let namespaces = fields.optional("namespaceSelector", reader, selector);
    let pods = fields.required("podSelector", reader, selector);
    Ok((namespaces?.unwrap_or_default(), pods?))
}

/// Exactly one of `members` must be there; its name comes back.
pub(super) fn one_of<'m>(
    fields: &Fields<'_>,
    members: &[&'m str],
    reader: &mut Reader<'_>,
) -> Read<&'m str> {
    let mut present = members.iter().filter(|member| fields.get(member).is_some());
    match (present.next(), present.next()) {
        (Some(member), None) => Ok(member),
        (None, _) | (Some(_), Some(_)) => {
            let error = PolicyError::NotExactlyOne { of: fields.of, fields: members.join(", ") };
            Err(reader.refuse(fields.span, error))
        }
    }
}

fn section(
    fields: &Fields<'_>,
    direction: Direction,
    dialect: &Dialect,
    reader: &mut Reader<'_>,
) -> Section {
    let field = match direction {
        Direction::Ingress => "ingress",
        Direction::Egress => "egress",
    };
    let Some(node) = fields.get(field) else {
        return Section { span: None, rules: Ok(Vec::new()) };
    };
    let rules = at_most(node, field, dialect.list_max, reader)
        .map(|listed| listed.map(|node| rule(node, direction, dialect, reader)).collect());
    Section { span: Some(node.span()), rules }
}

fn rule(
    node: Tree<'_>,
    direction: Direction,
    dialect: &Dialect,
    reader: &mut Reader<'_>,
) -> WrittenRule {
    let span = node.span();
    let (of, peers_field) = match direction {
        Direction::Ingress => ("an ingress rule", "from"),
        Direction::Egress => ("an egress rule", "to"),
    };
    let fields = match Fields::of(node, of, reader) {
        Ok(fields) => fields,
        Err(refused) => {
            let (peers, ports) = (Err(refused), Err(refused));
            return WrittenRule { span, action: Err(refused), peers, ports };
        }
    };
    let known = ["name", "action", peers_field, dialect.ports_field];
    let strict = fields.reject_unknown(&known, reader);
    let named = fields.optional("name", reader, rule_name);
    let action = fields.required("action", reader, |node, field, reader| {
        word(node, field, dialect.actions, reader)
    });
    let peers = fields.required(peers_field, reader, |node, field, reader| {
        let listed = bounded(node, field, dialect.list_max, reader)?;
        let peers = all(listed, |node| peer(node, direction, action, dialect, reader))?;
        Ok(Peers::OneOf(peers.into_iter().flatten().collect()))
    });
    let ports = ports(&fields, dialect, peers.as_ref().ok(), reader);
    let rest = strict.and(named.map(|_| ()));
    WrittenRule { span, action, peers: rest.and(peers), ports }
}

fn rule_name(node: Tree<'_>, field: &str, reader: &mut Reader<'_>) -> Read<()> {
    match text(node, field, reader)?.chars().count() {
        0..=100 => Ok(()),
        _ => {
            let error = PolicyError::TooLong { field: field.to_owned(), limit: 100 };
            Err(reader.refuse(node.span(), error))
        }
    }
}

fn ports(
    fields: &Fields<'_>,
    dialect: &Dialect,
    peers: Option<&Peers>,
    reader: &mut Reader<'_>,
) -> Read<Ports> {
    let field = dialect.ports_field;
    let Some(node) = fields.get(field) else { return Ok(Ports::Any) };
    let listed = bounded(node, field, dialect.list_max, reader)?;
    let other = peers.and_then(peer_without_pods);
    let matches = all(listed, |node| {
        let matches = (dialect.ports)(node, reader)?;
        match other {
            Some(peer) if matches.iter().any(is_named) && !reader.fails_closed() => {
                Err(reader.refuse(node.span(), PolicyError::NamedPortWithoutPods { peer }))
            }
            Some(_) | None => Ok(matches),
        }
    });
    Ok(Ports::OneOf(matches?.into_iter().flatten().collect()))
}

fn is_named(port: &PortMatch) -> bool {
    matches!(port, PortMatch::Named { .. })
}

/// The field of the first peer that is not pods (ruling C7).
fn peer_without_pods(peers: &Peers) -> Option<&'static str> {
    let Peers::OneOf(peers) = peers else { return None };
    peers.iter().find_map(|peer| match peer {
        Peer::Pods { .. } => None,
        Peer::Block(_) => Some("networks"),
        Peer::Nodes(_) => Some("nodes"),
        Peer::Domain(_) => Some("domainNames"),
    })
}

fn peer(
    node: Tree<'_>,
    direction: Direction,
    action: Read<Action>,
    dialect: &Dialect,
    reader: &mut Reader<'_>,
) -> Read<Vec<Peer>> {
    let members: &[&str] = match (direction, dialect.domains) {
        (Direction::Ingress, _) => &["namespaces", "pods"],
        (Direction::Egress, false) => &["namespaces", "pods", "networks", "nodes"],
        (Direction::Egress, true) => &["namespaces", "pods", "networks", "nodes", "domainNames"],
    };
    let fields = Fields::strict(node, "a peer", members, reader)?;
    let everything = Selector::everything;
    match one_of(&fields, members, reader)? {
        "namespaces" => {
            let namespaces = fields.required("namespaces", reader, selector)?;
            Ok(vec![Peer::Pods { namespaces, pods: everything() }])
        }
        "pods" => {
            let (namespaces, pods) = fields.required("pods", reader, namespaced_pods)?;
            Ok(vec![Peer::Pods { namespaces, pods }])
        }
        "networks" => fields.required("networks", reader, networks),
        "nodes" => Ok(vec![Peer::Nodes(fields.required("nodes", reader, selector)?)]),
        _ => fields.required("domainNames", reader, |node, field, reader| {
            domains(node, field, action, reader)
        }),
    }
}

fn networks(node: Tree<'_>, field: &str, reader: &mut Reader<'_>) -> Read<Vec<Peer>> {
    let listed = bounded(node, field, LIST_MAX, reader)?;
    let mut seen = BTreeSet::new();
    let networks = all(listed, |node| {
        let read = short_network(node, field, reader)?;
        let value = read.to_string();
        match seen.insert(read) {
            true => Ok(read),
            false => {
                let field = field.to_owned();
                Err(reader.refuse(node.span(), PolicyError::NotUnique { field, value }))
            }
        }
    });
    Ok(networks?.into_iter().map(|network| Peer::Block(Block::whole(network))).collect())
}

fn short_network(node: Tree<'_>, field: &str, reader: &mut Reader<'_>) -> Read<IpNet> {
    if text(node, field, reader)?.len() > 43 {
        let error = PolicyError::TooLong { field: field.to_owned(), limit: 43 };
        return Err(reader.refuse(node.span(), error));
    }
    network(node, field, reader)
}

fn domains(
    node: Tree<'_>,
    field: &str,
    action: Read<Action>,
    reader: &mut Reader<'_>,
) -> Read<Vec<Peer>> {
    let listed = bounded(node, field, LIST_MAX, reader)?;
    let names = all(listed, |node| domain_pattern(node, field, reader))?;
    match action {
        Ok(Action::Deny | Action::Pass) => {
            Err(reader.refuse(node.span(), PolicyError::DomainNotAccepted {}))
        }
        Ok(Action::Allow) | Err(_) => Ok(names.into_iter().map(Peer::Domain).collect()),
    }
}

fn protocol_item(node: Tree<'_>, reader: &mut Reader<'_>) -> Read<Vec<PortMatch>> {
    let members = ["tcp", "udp", "sctp", "destinationNamedPort"];
    let fields = Fields::strict(node, "a protocols item", &members, reader)?;
    let protocol = match one_of(&fields, &members, reader)? {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        "sctp" => Protocol::Sctp,
        _ => {
            let name = fields.required("destinationNamedPort", reader, port_name)?;
            return Ok(vec![PortMatch::Named { protocol: None, name }]);
        }
    };
    let node = fields.need(protocol.name(), reader)?;
    let fields = Fields::strict(node, "the protocol", &["destinationPort"], reader)?;
    let range = fields.required("destinationPort", reader, destination_port)?;
    Ok(vec![PortMatch::Numbers { protocol, range }])
}

fn destination_port(node: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<PortRange> {
    let fields = Fields::strict(node, "destinationPort", &["number", "range"], reader)?;
    match one_of(&fields, &["number", "range"], reader)? {
        "number" => fields.required("number", reader, port_number).map(PortRange::single),
        _ => fields.required("range", reader, strict_range),
    }
}

/// Here a range of one port is refused: `start` is smaller than `end`.
fn strict_range(node: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<PortRange> {
    let fields = Fields::strict(node, "a range", &["start", "end"], reader)?;
    let start = fields.required("start", reader, port_number);
    let end = fields.required("end", reader, port_number);
    match (start?, end?) {
        (start, end) if start < end => crate::check::range(node, start, end, reader),
        (start, end) => {
            let (first, last) = (start.into(), end.into());
            Err(reader.refuse(node.span(), PolicyError::RangeBackwards { first, last }))
        }
    }
}
