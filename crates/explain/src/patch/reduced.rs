//! A smaller world in which the same rules say the same: of pods that they cannot tell apart, one.
//!
//! A change of one workload's policies is compared in no time then, however large the cluster is.

use std::collections::BTreeSet;
use std::net::IpAddr;

use model::{
    Block, Family, Peer, Peers, Pod, PodId, PortMatch, Ports, Protocol, Requirement, Rule, Rules,
    Selector, World, WorldParts,
};

/// A label that nobody can have, because this is no name.
const MARK: &str = "#";

/// Everything that the rules can ask of a peer.
struct Asked<'r> {
    selectors: BTreeSet<(&'r Selector, &'r Selector)>,
    blocks: BTreeSet<&'r Block>,
    names: BTreeSet<&'r str>,
}

/// What a pod answers.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Answers {
    host_network: bool,
    selected: Vec<bool>,
    blocked: Vec<Option<bool>>,
    named: Vec<Option<u16>>,
}

/// `subjects`, marked, and `peers` as they are, and one of each kind of all others; nothing where
/// they make no world.
pub(crate) fn reduced<'r>(
    world: &World,
    subjects: &BTreeSet<PodId>,
    peers: &[PodId],
    rules: impl Iterator<Item = &'r Rule>,
) -> Option<World> {
    let asked = Asked::by(rules);
    let mut kinds: BTreeSet<Answers> = BTreeSet::new();
    let mut pods = Vec::new();
    for (id, pod) in world.pods() {
        let is_subject = subjects.contains(&id);
        if is_subject || peers.contains(&id) {
            pods.push(if is_subject { marked(pod) } else { pod.clone() });
        } else if kinds.insert(asked.of(world, pod)) {
            pods.push(pod.clone());
        }
    }
    let named: BTreeSet<&str> = pods.iter().map(|pod| pod.namespace.as_str()).collect();
    let namespaces = world.namespaces().filter(|(name, _)| named.contains(name));
    let namespaces = namespaces.map(|(name, labels)| (name.to_owned(), labels.clone()));
    let parts = WorldParts {
        namespaces: namespaces.collect(),
        nodes: world.nodes().map(|(_, node)| node.clone()).collect(),
        services: Vec::new(),
        pod_networks: world.pod_networks().to_vec(),
        pods,
    };
    World::new(parts).ok()
}

fn marked(pod: &Pod) -> Pod {
    Pod { labels: pod.labels.clone().with(MARK, ""), ..pod.clone() }
}

/// The same rules, for nobody without the mark.
pub(crate) fn for_marked<'r>(rules: impl Iterator<Item = &'r Rule>) -> Rules {
    let mark = Requirement::Exists { key: MARK.to_owned() };
    let marked = rules.cloned().map(|mut rule| {
        let own = rule.subject.pods.requirements().cloned();
        rule.subject.pods = own.chain([mark.clone()]).collect();
        rule
    });
    Rules::new(marked.collect())
}

impl<'r> Asked<'r> {
    fn by(rules: impl Iterator<Item = &'r Rule>) -> Self {
        let (mut selectors, mut blocks, mut names) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for rule in rules {
            if let Peers::OneOf(peers) = &rule.peers {
                for peer in peers {
                    match peer {
                        Peer::Pods { namespaces, pods } => {
                            selectors.insert((namespaces, pods));
                        }
                        Peer::Block(block) => {
                            blocks.insert(block);
                        }
                        Peer::Nodes(_) | Peer::Domain(_) => {}
                    }
                }
            }
            if let Ports::OneOf(ports) = &rule.ports {
                names.extend(ports.iter().filter_map(|port| match port {
                    PortMatch::Named { name, .. } => Some(name.as_str()),
                    PortMatch::Numbers { .. } => None,
                }));
            }
        }
        Self { selectors, blocks, names }
    }

    fn of(&self, world: &World, pod: &Pod) -> Answers {
        let labels = world.namespace_labels(&pod.namespace);
        let selected = self
            .selectors
            .iter()
            .map(|(namespaces, pods)| pods.matches(&pod.labels) && namespaces.matches(labels));
        let families = [Family::V4, Family::V6].map(|family| pod.address(family));
        let blocked = families.into_iter().flat_map(|address: Option<IpAddr>| {
            // Without an address, whether there is one is all that differs.
            let own = std::iter::once(address.map(|_| true));
            let within = move |block: &&'r Block| address.map(|address| block.contains(address));
            own.chain(self.blocks.iter().map(within))
        });
        let named = self
            .names
            .iter()
            .flat_map(|name| Protocol::ALL.map(|protocol| pod.named_port(name, protocol)));
        Answers {
            host_network: pod.host_network,
            selected: selected.collect(),
            blocked: blocked.collect(),
            named: named.collect(),
        }
    }
}
