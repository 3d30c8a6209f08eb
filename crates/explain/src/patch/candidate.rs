//! The changes that could open one end, the smallest first.
//!
//! A policy that speaks for others too is never touched, nor one that only isolates: its name and its
//! reviewers expect that it allows nothing.

use ipnet::IpNet;
use manifest::{Tree, Written};
use model::{
    Action, Direction, Family, Peers, PodId, PolicyRef, PortMatch, Ports, Rule, Tier, Traffic,
    World,
};

use super::edit::{self, Insertion};
use super::label;
use super::opening::{Opening, Peer};
use super::refusal::Refusal;
use super::yaml::Yaml;
use crate::locate;
use crate::question::Input;

const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";
/// As long as a name may be.
const NAME_MAX: usize = 253;

/// A change, and what it does in words.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) insertion: Insertion,
    pub(crate) says: String,
}

/// The changes to policies that are there, smallest first.
pub(crate) fn of_policies(input: &Input<'_>, opening: &Opening, peer: &Yaml) -> Vec<Candidate> {
    let mut all: Vec<Candidate> = opening
        .isolating
        .iter()
        .flat_map(|policy| of_policy(input, opening, policy, peer))
        .collect();
    all.sort_by_key(|candidate| candidate.insertion.text.len());
    all
}

fn of_policy(
    input: &Input<'_>,
    opening: &Opening,
    policy: &PolicyRef,
    peer: &Yaml,
) -> Vec<Candidate> {
    let Some((written, section)) = editable(input, opening, policy) else { return Vec::new() };
    let port = port(opening);
    let own = |rule: &&Rule| rule.origin.policy == *policy && rule.direction() == opening.direction;
    let mut all: Vec<Candidate> = Vec::new();
    for rule in input.rules.iter().filter(own) {
        let Some(tree) = section.items().nth(rule.origin.index as usize) else { continue };
        let (peers, ports) = (locate::peers(tree, rule.direction()), locate::ports(tree));
        let added = |list: Option<Tree<'_>>, value: &Yaml, what: &str| {
            let insertion = edit::append(input.documents, list?, value)?;
            let says = format!("adds {what} to {} ({})", rule.origin, written.file);
            Some(Candidate { insertion, says })
        };
        if is_of_peer(input, opening, rule) {
            all.extend(added(ports, &port, "a port"));
        }
        if is_on_port(rule, opening.traffic()) {
            all.extend(added(peers, peer, "a peer"));
        }
    }
    let rule = rule(opening.direction, peer, &port);
    all.extend(edit::append(input.documents, section, &rule).map(|insertion| {
        let says =
            format!("adds a rule to the {} of {policy} ({})", opening.direction, written.file);
        Candidate { insertion, says }
    }));
    all
}

/// The policy's object and its list of rules, if it is there once, selects just the subject by
/// labels, and has rules already.
fn editable<'a>(
    input: &Input<'a>,
    opening: &Opening,
    policy: &PolicyRef,
) -> Option<(&'a Written, Tree<'a>)> {
    let kind = policy.kind.to_string();
    let mut objects =
        locate::named(input.written, &kind, policy.namespace.as_deref(), &policy.name);
    let (Some(written), None) = (objects.next(), objects.next()) else { return None };
    let rule = input.rules.iter().find(|rule| rule.origin.policy == *policy)?;
    let selects_by_labels = rule.subject.pods.requirements().next().is_some();
    let selected = input
        .world
        .pods()
        .filter(|(id, pod)| !pod.host_network && policy::speaks_for(input.world, rule, *id));
    let selected: Vec<_> = selected.map(|(id, _)| id).collect();
    let section = locate::section(written, opening.direction)?;
    (selects_by_labels && selected == opening.ids && section.items().len() > 0)
        .then_some((written, section))
}

/// Whether a rule's peers are just the other end.
fn is_of_peer(input: &Input<'_>, opening: &Opening, rule: &Rule) -> bool {
    let Peers::OneOf(peers) = &rule.peers else { return false };
    match &opening.peer {
        Peer::Pods { ids, .. } => {
            let is_pods = |peer: &model::Peer| matches!(peer, model::Peer::Pods { .. });
            let world = input.world;
            let selected = world.pods().filter(|(_, pod)| {
                !pod.host_network
                    && peers.iter().any(|peer| match peer {
                        model::Peer::Pods { namespaces, pods } => {
                            pods.matches(&pod.labels)
                                && namespaces.matches(world.namespace_labels(&pod.namespace))
                        }
                        model::Peer::Block(_) | model::Peer::Nodes(_) | model::Peer::Domain(_) => {
                            false
                        }
                    })
            });
            peers.iter().all(is_pods) && selected.map(|(id, _)| id).eq(ids.iter().copied())
        }
        Peer::Address { address, .. } => {
            let own = model::Peer::Block(model::Block::whole(IpNet::from(*address)));
            peers.as_slice() == [own]
        }
    }
}

/// Whether a rule is about this traffic and nothing else.
fn is_on_port(rule: &Rule, traffic: Traffic) -> bool {
    let Ports::OneOf(ports) = &rule.ports else { return false };
    !ports.is_empty()
        && ports.iter().all(|port| match port {
            PortMatch::Numbers { protocol, range } => {
                range.first() == range.last() && Traffic::Port(*protocol, range.first()) == traffic
            }
            PortMatch::Named { .. } => false,
        })
}

/// A policy of its own for the subject.
pub(crate) fn of_its_own(
    input: &Input<'_>,
    opening: &Opening,
    peer: &Yaml,
    others: &[Insertion],
) -> Result<Candidate, Refusal> {
    let namespace = opening.subject.namespace().unwrap_or_default();
    let selector = label::labelled(input.world, &opening.subject, &opening.ids)?;
    let name = name(input, opening, namespace);
    let (section, word) = match opening.direction {
        Direction::Egress => ("egress", "Egress"),
        Direction::Ingress => ("ingress", "Ingress"),
    };
    let rule = rule(opening.direction, peer, &port(opening));
    let metadata =
        Yaml::of([("name", Yaml::text(name.as_str())), ("namespace", Yaml::text(namespace))]);
    let spec = Yaml::of([
        ("podSelector", selector.yaml()),
        ("policyTypes", Yaml::List(vec![Yaml::text(word)])),
        (section, Yaml::List(vec![rule])),
    ]);
    let object = Yaml::of([
        ("apiVersion", Yaml::text("networking.k8s.io/v1")),
        ("kind", Yaml::text("NetworkPolicy")),
        ("metadata", metadata),
        ("spec", spec),
    ]);
    let beside = beside(input, opening);
    let document = beside.and_then(|at| input.documents.get(at as usize));
    let file = document.map(|document| document.name.to_string()).unwrap_or_default();
    let insertion = beside
        .and_then(|beside| edit::add_object(input.documents, beside, &name, &object, others))
        .ok_or_else(|| Refusal::Text { name: file.clone() })?;
    let file = match &insertion.target {
        edit::Target::Document(_) => file,
        edit::Target::New(name) => name.to_string(),
    };
    let also = match opens_itself(input, opening) {
        true => format!(
            "; {} may then reach itself through a Service, which no NetworkPolicy forbids",
            opening.subject
        ),
        false => String::new(),
    };
    let says = format!("adds NetworkPolicy {namespace}/{name} ({file}){also}");
    Ok(Candidate { insertion, says })
}

/// Whether the Baseline tier, which a first NetworkPolicy ends, denies a pod of the subject the way
/// back to itself (ruling N14). No pair tells: it is the pod's own.
fn opens_itself(input: &Input<'_>, opening: &Opening) -> bool {
    let world = input.world;
    let denies = |rule: &&Rule| rule.tier == Tier::Baseline && rule.action == Action::Deny;
    opening.isolating.is_empty()
        && input.rules.iter().filter(denies).any(|rule| {
            rule.direction() == opening.direction
                && opening
                    .ids
                    .iter()
                    .any(|id| policy::speaks_for(world, rule, *id) && may_match(world, rule, *id))
        })
}

/// Whether some peer of a rule is this pod, in either family.
fn may_match(world: &World, rule: &Rule, id: PodId) -> bool {
    let Peers::OneOf(peers) = &rule.peers else { return true };
    [Family::V4, Family::V6].into_iter().any(|family| {
        let end = world.pod_end(id, family);
        peers.iter().any(|peer| policy::peer_matches(world, rule.action, peer, &end, family))
    })
}

/// The document of the first isolating policy, else of the workload, else any of the namespace.
fn beside(input: &Input<'_>, opening: &Opening) -> Option<u32> {
    let policy = opening.isolating.first().and_then(|policy| locate::policy(input, policy));
    let workload = || {
        let (kind, name) = match &opening.subject {
            analysis::Name::Workload { kind, name, .. } => (&**kind, &**name),
            analysis::Name::Pod { name, .. } => ("Pod", &**name),
            analysis::Name::Namespace(_) | analysis::Name::Node(_) => return None,
        };
        locate::named(input.written, kind, opening.subject.namespace(), name).next()
    };
    let namespace = opening.subject.namespace().unwrap_or_default();
    let any = || input.written.iter().find(|object| object.namespace == namespace);
    policy.or_else(workload).or_else(any).map(|object| object.span.document)
}

/// A name that says what the policy is for and that nobody has.
fn name(input: &Input<'_>, opening: &Opening, namespace: &str) -> String {
    let subject = last(&opening.subject);
    let peer = match &opening.peer {
        Peer::Pods { name, .. } if name.namespace() == Some(namespace) => last(name).to_owned(),
        Peer::Pods { name, .. } => {
            format!("{}-{}", name.namespace().unwrap_or_default(), last(name))
        }
        Peer::Address { address, .. } => address.to_string().replace(['.', ':'], "-"),
    };
    let way = match opening.direction {
        Direction::Egress => "to",
        Direction::Ingress => "from",
    };
    let mut base = format!("{subject}-{way}-{peer}-{}-{}", opening.port, opening.protocol);
    base.truncate(NAME_MAX - 4);
    let is_taken = |name: &str| {
        let taken = locate::named(input.written, "NetworkPolicy", Some(namespace), name);
        taken.count() > 0
    };
    let numbered = (2..).map(|number: u32| format!("{base}-{number}"));
    let mut names = std::iter::once(base.clone()).chain(numbered);
    names.find(|name| !is_taken(name)).unwrap_or(base)
}

fn last(name: &analysis::Name) -> &str {
    match name {
        analysis::Name::Workload { name, .. }
        | analysis::Name::Pod { name, .. }
        | analysis::Name::Node(name)
        | analysis::Name::Namespace(name) => name,
    }
}

/// The other end as a peer of a rule.
pub(crate) fn peer(input: &Input<'_>, opening: &Opening) -> Result<Yaml, Refusal> {
    match &opening.peer {
        Peer::Address { address, .. } => {
            let cidr = Yaml::text(IpNet::from(*address).to_string());
            Ok(Yaml::of([("ipBlock", Yaml::of([("cidr", cidr)]))]))
        }
        Peer::Pods { name, ids } => {
            let pods = ("podSelector", label::labelled(input.world, name, ids)?.yaml());
            let namespace = name.namespace().unwrap_or_default();
            if opening.subject.namespace() == Some(namespace) {
                return Ok(Yaml::of([pods]));
            }
            let label = Yaml::of([(NAMESPACE_NAME, Yaml::text(namespace))]);
            let namespaces = ("namespaceSelector", Yaml::of([("matchLabels", label)]));
            Ok(Yaml::of([namespaces, pods]))
        }
    }
}

fn port(opening: &Opening) -> Yaml {
    let protocol = Yaml::text(opening.protocol.name().to_ascii_uppercase());
    Yaml::of([("protocol", protocol), ("port", Yaml::Number(opening.port))])
}

fn rule(direction: Direction, peer: &Yaml, port: &Yaml) -> Yaml {
    let peers = match direction {
        Direction::Egress => "to",
        Direction::Ingress => "from",
    };
    Yaml::of([(peers, Yaml::List(vec![peer.clone()])), ("ports", Yaml::List(vec![port.clone()]))])
}
