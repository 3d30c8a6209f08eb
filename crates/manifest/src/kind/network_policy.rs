//! NetworkPolicy, `networking.k8s.io/v1` (rulings N1 to N37).
//!
//! What an API server defaults is defaulted here, because a file never met one.

use model::{
    Action, Block, Direction, Peer, Peers, PolicyKind, PolicyRef, PortMatch, PortRange, Ports,
    Protocol, Selector, Subject,
};

use crate::check::{network, port_number, protocol, range, word, word_or_number};
use crate::fields::Fields;
use crate::kind::annotation::Transition;
use crate::lower::{Additive, Policy, Section, WrittenRule, additive, namespace_selector};
use crate::object::Object;
use crate::problem::{PolicyError, ValueError, Warning};
use crate::reader::{Read, Reader, Refused};
use crate::selector::selector;
use crate::yaml::Tree;

const SPEC: [&str; 4] = ["podSelector", "policyTypes", "ingress", "egress"];

/// Reads and lowers a NetworkPolicy.
pub(crate) fn network_policy(object: &Object<'_>, reader: &mut Reader<'_>) -> Policy {
    let metadata = &object.metadata;
    let transition = Transition::read(&metadata.annotations, reader);
    let reference = PolicyRef {
        name: metadata.name.clone(),
        namespace: Some(metadata.namespace.clone()),
        kind: PolicyKind::NetworkPolicy,
    };
    let spec = object.fields.get("spec");
    let written = match spec.map(|spec| Fields::of(spec, "a NetworkPolicy's spec", reader)) {
        Some(Ok(fields)) => Written::read(&fields, &metadata.namespace, reader),
        Some(Err(refused)) => Written::refused(refused),
        None => Written::absent(object, &metadata.namespace, reader),
    };
    let policy = Additive {
        reference,
        span: metadata.name_span,
        subject: written.subject,
        directions: written.directions,
        ingress: written.ingress,
        egress: written.egress,
        rest: written.rest,
    };
    Policy { transition, ..additive(policy, reader) }
}

struct Written {
    subject: Read<Subject>,
    directions: Read<Vec<Direction>>,
    ingress: Section,
    egress: Section,
    rest: Read<()>,
}

impl Written {
    fn refused(refused: Refused) -> Self {
        let section = || Section { span: None, rules: Err(refused) };
        Self {
            subject: Err(refused),
            directions: Err(refused),
            ingress: section(),
            egress: section(),
            rest: Err(refused),
        }
    }

    fn absent(object: &Object<'_>, namespace: &str, reader: &mut Reader<'_>) -> Self {
        let nothing = object.fields.absent("spec");
        Self::read(&nothing, namespace, reader)
    }

    fn read(fields: &Fields<'_>, namespace: &str, reader: &mut Reader<'_>) -> Self {
        let rest = fields.reject_unknown(&SPEC, reader);
        let pods = match fields.get("podSelector") {
            Some(node) => selector(node, "podSelector", reader),
            None => {
                reader.warn(fields.span, Warning::NoPodSelector {});
                Ok(Selector::everything())
            }
        };
        let ingress = section(fields, Direction::Ingress, namespace, reader);
        let egress = section(fields, Direction::Egress, namespace, reader);
        let directions = directions(fields, &egress, reader);
        if let Ok(directions) = &directions {
            warn_of_idle(Direction::Ingress, &ingress, directions, reader);
            warn_of_idle(Direction::Egress, &egress, directions, reader);
        }
        let namespaces = namespace_selector(namespace);
        Self {
            subject: pods.map(|pods| Subject::new(namespaces, pods)),
            directions,
            ingress,
            egress,
            rest,
        }
    }
}

/// Ruling N1: without policyTypes, Ingress always and Egress where it has a rule.
fn directions(
    fields: &Fields<'_>,
    egress: &Section,
    reader: &mut Reader<'_>,
) -> Read<Vec<Direction>> {
    let table = [("Ingress", Direction::Ingress), ("Egress", Direction::Egress)];
    let written = fields
        .list("policyTypes", reader, |node, _, reader| word(node, "policy type", &table, reader))?;
    let mut written = written.unwrap_or_default();
    if written.is_empty() {
        written.push(Direction::Ingress);
        if egress.rules.as_ref().map_or(true, |rules| !rules.is_empty()) {
            written.push(Direction::Egress);
        }
    }
    written.sort_unstable();
    written.dedup();
    Ok(written)
}

fn warn_of_idle(
    direction: Direction,
    section: &Section,
    directions: &[Direction],
    reader: &mut Reader<'_>,
) {
    let has_rules = section.rules.as_ref().is_ok_and(|rules| !rules.is_empty());
    if has_rules
        && !directions.contains(&direction)
        && let Some(span) = section.span
    {
        let section = section_field(direction);
        reader.warn(span, Warning::SectionWithoutType { section });
    }
}

fn section_field(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "ingress",
        Direction::Egress => "egress",
    }
}

fn section(
    fields: &Fields<'_>,
    direction: Direction,
    namespace: &str,
    reader: &mut Reader<'_>,
) -> Section {
    let field = section_field(direction);
    let rules =
        fields.list(field, reader, |node, _, reader| Ok(rule(node, direction, namespace, reader)));
    Section {
        span: fields.get(field).map(|node| node.span()),
        rules: rules.map(Option::unwrap_or_default),
    }
}

fn rule(
    node: Tree<'_>,
    direction: Direction,
    namespace: &str,
    reader: &mut Reader<'_>,
) -> WrittenRule {
    let (of, peers_field) = match direction {
        Direction::Ingress => ("an ingress rule", "from"),
        Direction::Egress => ("an egress rule", "to"),
    };
    let refused = |refused| WrittenRule {
        span: node.span(),
        action: Ok(Action::Allow),
        peers: Err(refused),
        ports: Err(refused),
    };
    let fields = match Fields::strict(node, of, &["ports", peers_field], reader) {
        Ok(fields) => fields,
        Err(error) => return refused(error),
    };
    let peers = fields.list(peers_field, reader, |node, _, reader| peer(node, namespace, reader));
    let ports = fields.list("ports", reader, |node, _, reader| port(node, reader));
    let filled = |peers: Option<Vec<Peer>>| peers.filter(|peers| !peers.is_empty());
    WrittenRule {
        span: node.span(),
        action: Ok(Action::Allow),
        peers: peers.map(|peers| filled(peers).map_or(Peers::Any, Peers::OneOf)),
        ports: ports.map(|ports| match ports {
            Some(ports) if !ports.is_empty() => Ports::OneOf(ports),
            Some(_) | None => Ports::Any,
        }),
    }
}

fn peer(node: Tree<'_>, namespace: &str, reader: &mut Reader<'_>) -> Read<Peer> {
    let known = ["podSelector", "namespaceSelector", "ipBlock"];
    let fields = Fields::strict(node, "a peer", &known, reader)?;
    let pods = fields.optional("podSelector", reader, selector);
    let namespaces = fields.optional("namespaceSelector", reader, selector);
    let block = fields.optional("ipBlock", reader, block);
    match (pods?, namespaces?, block?) {
        (None, None, Some(block)) => Ok(Peer::Block(block)),
        (None, None, None) => Err(reader.refuse(node.span(), PolicyError::EmptyPeer {})),
        (_, _, Some(_)) => Err(reader.refuse(node.span(), PolicyError::BlockBesideSelector {})),
        (pods, namespaces, None) => Ok(Peer::Pods {
            namespaces: namespaces.unwrap_or_else(|| namespace_selector(namespace)),
            pods: pods.unwrap_or_default(),
        }),
    }
}

fn block(node: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<Block> {
    let fields = Fields::strict(node, "an ipBlock", &["cidr", "except"], reader)?;
    let cidr = fields.required("cidr", reader, network);
    let except = fields.list("except", reader, |node, field, reader| {
        Ok((network(node, field, reader)?, node.span()))
    });
    let (cidr, except) = (cidr?, except?.unwrap_or_default());
    let spans = except.iter().copied();
    let outside = spans.filter(|(network, _)| Block::new(cidr, [*network]).is_err());
    let refused = outside.map(|(network, span)| {
        let (except, cidr) = (network.to_string(), cidr.to_string());
        reader.refuse(span, ValueError::ExceptOutside { except, cidr })
    });
    if let Some(refused) = refused.last() {
        return Err(refused);
    }
    let networks = except.into_iter().map(|(network, _)| network);
    Block::new(cidr, networks).map_err(|error| {
        let (except, cidr) = (error.except.to_string(), error.cidr.to_string());
        reader.refuse(node.span(), ValueError::ExceptOutside { except, cidr })
    })
}

enum PortWritten {
    Number(u16),
    Name(String),
}

fn port(node: Tree<'_>, reader: &mut Reader<'_>) -> Read<PortMatch> {
    let fields = Fields::strict(node, "a port", &["protocol", "port", "endPort"], reader)?;
    let protocol = fields.optional("protocol", reader, protocol);
    let port = fields.optional("port", reader, |node, field, reader| {
        word_or_number(node, field, reader, PortWritten::Number, PortWritten::Name)
    });
    let end = fields.optional("endPort", reader, |node, field, reader| {
        Ok((port_number(node, field, reader)?, node.span()))
    });
    let protocol = protocol?.unwrap_or(Protocol::Tcp);
    match (port?, end?) {
        (Some(PortWritten::Number(first)), Some((last, _))) => {
            let range = range(node, first, last, reader)?;
            Ok(PortMatch::Numbers { protocol, range })
        }
        (_, Some((_, span))) => Err(reader.refuse(span, PolicyError::EndPortAlone {})),
        (Some(PortWritten::Number(port)), None) => {
            Ok(PortMatch::Numbers { protocol, range: PortRange::single(port) })
        }
        (Some(PortWritten::Name(name)), None) => {
            Ok(PortMatch::Named { protocol: Some(protocol), name })
        }
        (None, None) => Ok(PortMatch::Numbers { protocol, range: PortRange::ALL }),
    }
}
