//! Name resolution, which nobody mentions until it is cut.
//!
//! Nearly every connection begins with a question to DNS, so these judge all policies of a pod.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Action, Direction, Peer, Peers, PodId, PortMatch, Ports, Protocol, Rule, Tier, Traffic,
};

use crate::facts::Facts;
use crate::found::Found;

const PORT: u16 = 53;
/// Labels of the DNS pods of clusters whose Service is not in the input.
const LABELS: [(&str, &str); 3] =
    [("k8s-app", "kube-dns"), ("k8s-app", "coredns"), ("app.kubernetes.io/name", "coredns")];

/// The DNS pods of the input with the UDP port that each answers on.
fn servers(facts: &Facts<'_>) -> BTreeMap<PodId, u16> {
    let mut servers = BTreeMap::new();
    for service in facts.world.services() {
        for port in
            service.ports.iter().filter(|it| it.port == PORT && it.protocol == Protocol::Udp)
        {
            for id in facts.pods_of(service) {
                servers.extend(facts.target(id, port).map(|target| (id, target)));
            }
        }
    }
    for id in facts.index.all() {
        let labels = &facts.world.pod(id).labels;
        if LABELS.iter().any(|(key, value)| labels.get(key) == Some(value)) {
            servers.entry(id).or_insert(PORT);
        }
    }
    servers
}

/// RF014: a pod that may talk to somebody, and not ask for anybody's address.
pub(crate) fn cut(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    let servers = servers(facts);
    let mut by_namespace: BTreeMap<&str, Vec<PodId>> = BTreeMap::new();
    for id in facts.index.all() {
        if is_cut(facts, id, &servers) {
            by_namespace.entry(&facts.world.pod(id).namespace).or_default().push(id);
        }
    }
    for (namespace, pods) in by_namespace {
        let names: BTreeSet<String> = pods.iter().map(|id| facts.workload(*id)).collect();
        let Some(origin) = pods.first().map(|id| facts.origin(*id)) else { continue };
        let at = origin.map_or_else(Default::default, |object| facts.name_at(object));
        let names: Vec<String> = names.into_iter().collect();
        let message = format!("may reach others but no DNS server: {}", names.join(", "));
        found.at(origin, at, message).about(namespace);
    }
}

fn is_cut(facts: &Facts<'_>, id: PodId, servers: &BTreeMap<PodId, u16>) -> bool {
    if !facts.effective.is_isolated(id, Direction::Egress) {
        return false;
    }
    let allows = |rule: &&Rule| rule.action == Action::Allow && !is_nobody(rule);
    let mut rules = facts.effective.rules(id, Direction::Egress).filter(allows).peekable();
    if rules.peek().is_none() || rules.any(may_be_dns) {
        return false;
    }
    !servers.iter().any(|(server, port)| {
        facts.effective.sends(id, facts.end(*server), Traffic::Port(Protocol::Udp, *port))
    })
}

fn is_nobody(rule: &Rule) -> bool {
    matches!(&rule.peers, Peers::OneOf(peers) if peers.is_empty())
}

/// Whether UDP 53, or a port that is named like it, is among the rule's ports.
fn may_be_dns(rule: &Rule) -> bool {
    match &rule.ports {
        Ports::Any => match &rule.peers {
            Peers::Any => true,
            // All ports of some peers: whether they are DNS servers, the oracle says.
            Peers::OneOf(_) => false,
        },
        Ports::OneOf(ports) => ports.iter().any(|port| match port {
            PortMatch::Numbers { protocol, range } => {
                *protocol == Protocol::Udp && range.contains(PORT)
            }
            PortMatch::Named { protocol, name } => {
                protocol.is_none_or(|it| it == Protocol::Udp) && name.starts_with("dns")
            }
        }),
    }
}

/// RF016: DNS pods that some namespace cannot ask.
pub(crate) fn isolated(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    let servers = servers(facts);
    let mut seen = BTreeSet::new();
    for (server, port) in &servers {
        if facts.effective.rules(*server, Direction::Ingress).next().is_none() {
            continue;
        }
        let traffic = Traffic::Port(Protocol::Udp, *port);
        let cannot = facts.world.namespaces().filter(|(namespace, _)| {
            let mut clients = facts.index.of_namespace(namespace).iter();
            let client = clients.find(|id| !servers.contains_key(id));
            client.is_some_and(|id| !facts.effective.receives(*server, facts.end(*id), traffic))
        });
        let cannot: Vec<&str> = cannot.map(|(namespace, _)| namespace).collect();
        let origin = facts.origin(*server);
        if !cannot.is_empty() && seen.insert(origin) {
            let shown: Vec<&str> = cannot.iter().copied().take(8).collect();
            let more = cannot.len() - shown.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let message =
                format!("these DNS pods do not let in namespaces {}{more}", shown.join(", "));
            let at = origin.map_or_else(Default::default, |object| facts.name_at(object));
            let namespace = &facts.world.pod(*server).namespace;
            found.at(origin, at, message).about(namespace);
        }
    }
}

/// RF048 (ruling N15): DNS is open to pods alone, and a cache on the node would be cut off.
pub(crate) fn node_local(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for policy in &facts.policies {
        let opens = policy.rules.iter().filter(|written| opens_dns(written.rule));
        let beyond_pods = opens.clone().any(|written| match &written.rule.peers {
            Peers::Any => true,
            Peers::OneOf(peers) => peers.iter().any(|peer| !matches!(peer, Peer::Pods { .. })),
        });
        if let Some(written) = opens.clone().next().filter(|_| !beyond_pods) {
            let message = "port 53 is open to pods only: a DNS cache on the node needs a rule for its address";
            found.at(policy.object, written.at, message);
        }
    }
}

fn opens_dns(rule: &Rule) -> bool {
    let named = match &rule.ports {
        Ports::Any => false,
        Ports::OneOf(ports) => ports.iter().any(|port| match port {
            PortMatch::Numbers { protocol, range } => {
                *protocol == Protocol::Udp && range.first() == PORT && range.last() == PORT
            }
            PortMatch::Named { .. } => false,
        }),
    };
    let is_isolating = rule.tier == Tier::NetworkPolicy && rule.direction() == Direction::Egress;
    named && is_isolating && rule.action == Action::Allow
}
