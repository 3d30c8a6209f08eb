//! What stands open although somebody wrote policy: databases, and the metadata service.
//!
//! Each is judged by all policies of the pod together, because another one may close it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::{Action, Direction, End, Peer, Peers, PodId, Protocol, Rule, Tier, Traffic};

use crate::facts::Facts;
use crate::found::Found;

/// Where clouds give credentials to whoever asks.
const METADATA: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// Ports of databases and of administration, over TCP.
const SENSITIVE: [(u16, &str); 24] = [
    (22, "SSH"),
    (1433, "SQL Server"),
    (1521, "Oracle"),
    (2379, "etcd"),
    (2380, "etcd"),
    (3306, "MySQL"),
    (3389, "RDP"),
    (5432, "PostgreSQL"),
    (5900, "VNC"),
    (5984, "CouchDB"),
    (6379, "Redis"),
    (6443, "the API server"),
    (7000, "Cassandra"),
    (8086, "InfluxDB"),
    (8500, "Consul"),
    (9042, "Cassandra"),
    (9092, "Kafka"),
    (9200, "Elasticsearch"),
    (9300, "Elasticsearch"),
    (10250, "the kubelet"),
    (11211, "memcached"),
    (15672, "RabbitMQ"),
    (26257, "CockroachDB"),
    (27017, "MongoDB"),
];

/// RF020.
pub(crate) fn metadata(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    let mut by_namespace: BTreeMap<&str, Vec<PodId>> = BTreeMap::new();
    for id in facts.index.all().filter(|id| reaches_metadata(facts, *id)) {
        by_namespace.entry(&facts.world.pod(id).namespace).or_default().push(id);
    }
    for (namespace, pods) in by_namespace {
        let names: BTreeSet<String> = pods.iter().map(|id| facts.workload(*id)).collect();
        let names: Vec<String> = names.into_iter().collect();
        let origin = pods.first().and_then(|id| facts.origin(*id));
        let at = origin.map_or_else(Default::default, |object| facts.name_at(object));
        let message = format!("may ask the metadata service for credentials: {}", names.join(", "));
        found.at(origin, at, message).about(namespace);
    }
}

fn reaches_metadata(facts: &Facts<'_>, id: PodId) -> bool {
    let by_block = |rule: &Rule, address| {
        rule.action == Action::Allow
            && rule.tier == Tier::NetworkPolicy
            && matches!(&rule.peers, Peers::OneOf(peers) if peers.iter().any(|peer| takes_in(peer, address)))
    };
    METADATA.into_iter().any(|address| {
        let mut rules = facts.effective.rules(id, Direction::Egress);
        let traffic = Traffic::Port(Protocol::Tcp, 80);
        rules.any(|rule| by_block(rule, address))
            && facts.effective.sends(id, End::External { address }, traffic)
    })
}

/// A block of that one address says that it is meant.
fn takes_in(peer: &Peer, address: IpAddr) -> bool {
    match peer {
        Peer::Block(block) => {
            block.contains(address) && block.cidr().prefix_len() < block.cidr().max_prefix_len()
        }
        Peer::Pods { .. } | Peer::Nodes(_) | Peer::Domain(_) => false,
    }
}

/// RF033: everybody may come in, and a policy says so.
pub(crate) fn database(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    let mut seen = BTreeSet::new();
    for id in facts.index.all() {
        let ports = facts.world.pod(id).ports.iter().filter(|port| port.protocol == Protocol::Tcp);
        let named = ports.filter_map(|port| SENSITIVE.iter().find(|row| row.0 == port.number));
        for (number, what) in named {
            if !facts.effective.is_isolated(id, Direction::Ingress) {
                continue;
            }
            let traffic = Traffic::Port(Protocol::Tcp, *number);
            if facts.effective.receives(id, facts.stranger_end(), traffic) {
                let origin = facts.origin(id);
                if seen.insert((origin, *number)) {
                    let message =
                        format!("every pod of the cluster may reach {what} ({number}/tcp)");
                    let at = origin.map_or_else(Default::default, |object| facts.name_at(object));
                    let allowing = allowing(facts, id, traffic);
                    found.at(origin, at, message).and_at(allowing);
                }
            }
        }
    }
}

/// Where the rule stands that lets a stranger in.
fn allowing(facts: &Facts<'_>, id: PodId, traffic: Traffic) -> Option<manifest::Span> {
    let reason = facts.effective.receives_because(id, facts.stranger_end(), traffic)?;
    let policy = facts.policies.iter().find(|policy| *policy.reference == reason.policy)?;
    policy.rules.iter().find(|written| written.rule.origin == reason).map(|written| written.at)
}
