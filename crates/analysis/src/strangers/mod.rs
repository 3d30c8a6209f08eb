//! Pods and nodes that do not exist yet, one of each kind that some rules can tell apart.
//!
//! They are added to the world, so that what is true of everybody in it is true of everybody who
//! could come.

mod binding;
mod kinds;

use std::collections::{BTreeMap, BTreeSet};

use compile::Member;
use model::{
    ContainerPort, Labels, Node, Peer, Peers, Pod, Rule, Rules, Selector, World, WorldParts,
};
use roaring::RoaringBitmap;

use kinds::{Admits, Anything, Kind, kinds};

/// The namespace's own name, which it always carries (ruling N21).
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";
/// At most so many kinds are told apart in one namespace.
const KINDS_MAX: usize = 2_000;
/// At most so many strangers are added.
const STRANGERS_MAX: usize = 250_000;

/// A world with strangers in it.
pub(crate) struct Strangers {
    /// The world; who was there keeps its number among the pods.
    pub(crate) world: World,
    /// How many pods were there.
    pub(crate) pods: u32,
    /// How many nodes were there.
    nodes: u32,
    /// Whether every kind is there.
    pub(crate) complete: bool,
}

impl Strangers {
    /// Those that `rules` can tell apart.
    pub(crate) fn among(world: &World, rules: &[&Rules]) -> Self {
        let rules: Vec<&Rule> = rules.iter().flat_map(|rules| rules.iter()).collect();
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let (pods, nodes) = (count(world.pods().count()), count(world.nodes().count()));
        let mut added = Added::default();
        added.pods(world, &rules);
        added.nodes(&rules);
        let mut parts: WorldParts = world.clone().into_parts();
        let (added_pods, added_nodes) = (added.pods, added.nodes);
        parts.namespaces.extend(added.namespaces);
        parts.pods.extend(added_pods);
        parts.nodes.extend(added_nodes);
        match World::new(parts) {
            Ok(world) => Self { world, pods, nodes, complete: added.complete },
            // Somebody chose the very names that strangers get.
            Err(_) => Self { world: world.clone(), pods, nodes, complete: false },
        }
    }

    /// Whether `member` does not exist yet.
    pub(crate) fn is_stranger(&self, member: Member) -> bool {
        match member {
            Member::Pod(id) => id.0 >= self.pods,
            Member::Node(id, _) => id.0 >= self.nodes,
        }
    }

    /// The numbers of strangers in a roster of this world.
    pub(crate) fn numbers(&self, roster: &compile::Roster) -> RoaringBitmap {
        let is = |number: &u32| roster.member(*number).is_some_and(|it| self.is_stranger(it));
        (0..roster.len()).filter(is).collect()
    }
}

/// What is added to a world.
struct Added {
    namespaces: BTreeMap<String, Labels>,
    pods: Vec<Pod>,
    nodes: Vec<Node>,
    complete: bool,
}

impl Default for Added {
    fn default() -> Self {
        let (namespaces, pods, nodes) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { namespaces, pods, nodes, complete: true }
    }
}

/// Pod selectors by the namespaces that they are for.
type ByNamespaces<'r> = BTreeMap<&'r Selector, BTreeSet<&'r Selector>>;

impl Added {
    fn pods(&mut self, world: &World, rules: &[&Rule]) {
        let by_namespaces = selectors(rules);
        let names = binding::Names::new(rules);
        for (name, labels) in world.namespaces() {
            self.in_namespace(name, labels, &by_namespaces, &names);
        }
        let spaces: Vec<&Selector> = by_namespaces.keys().copied().collect();
        let taken: BTreeSet<&str> = world.namespaces().map(|(name, _)| name).collect();
        let Some(new) = kinds(&spaces, &NewNamespace { taken: &taken }, KINDS_MAX) else {
            self.complete = false;
            return;
        };
        let mut fresh = (1..)
            .map(|number: u32| format!("new-namespace-{number}"))
            .filter(|name| !taken.contains(name.as_str()));
        for Kind { labels, satisfied } in new {
            // Where no rule asks for the name, the example has none.
            let named = labels.get(NAMESPACE_NAME);
            let named = named.filter(|name| !self.namespaces.contains_key(*name));
            let Some(name) = named.map(str::to_owned).or_else(|| fresh.next()) else { return };
            let labels = labels.with(NAMESPACE_NAME, name.as_str());
            let is_kind = (0..).zip(&spaces).filter(|(_, space)| space.matches(&labels));
            // One name cannot have two label sets at once, so some kinds exclude each other.
            self.complete &= is_kind.map(|(at, _)| at).eq(satisfied);
            self.in_namespace(&name, &labels, &by_namespaces, &names);
            self.namespaces.insert(name, labels);
        }
    }

    fn in_namespace(
        &mut self,
        name: &str,
        labels: &Labels,
        by_namespaces: &ByNamespaces<'_>,
        names: &binding::Names<'_>,
    ) {
        let here = by_namespaces.iter().filter(|(spaces, _)| spaces.matches(labels));
        let selectors: BTreeSet<&Selector> = here.flat_map(|(_, pods)| pods).copied().collect();
        let selectors: Vec<&Selector> = selectors.into_iter().collect();
        let Some(kinds) = kinds(&selectors, &Anything, KINDS_MAX) else {
            self.complete = false;
            return;
        };
        let mut speaking = names.speaking_in(labels);
        for kind in kinds {
            let (ways, complete) = speaking.ways(&kind.labels);
            self.complete &= complete;
            for ports in ways {
                if self.pods.len() >= STRANGERS_MAX {
                    self.complete = false;
                    return;
                }
                let number = self.pods.len() + 1;
                self.pods.push(pod(name, number, kind.labels.clone(), ports));
            }
        }
    }

    fn nodes(&mut self, rules: &[&Rule]) {
        let selectors: BTreeSet<&Selector> = peers(rules)
            .filter_map(|peer| match peer {
                Peer::Nodes(selector) => Some(selector),
                Peer::Pods { .. } | Peer::Block(_) | Peer::Domain(_) => None,
            })
            .collect();
        let selectors: Vec<&Selector> = selectors.into_iter().collect();
        match kinds(&selectors, &Anything, KINDS_MAX) {
            None => self.complete = false,
            Some(_) if selectors.is_empty() => {}
            Some(kinds) => {
                let numbered = (1..).zip(kinds);
                self.nodes.extend(numbered.map(|(number, kind): (u32, Kind)| Node {
                    name: format!("new-node-{number}"),
                    labels: kind.labels,
                    addresses: Vec::new(),
                }));
            }
        }
    }
}

fn pod(namespace: &str, number: usize, labels: Labels, ports: Vec<ContainerPort>) -> Pod {
    Pod {
        namespace: namespace.to_owned(),
        name: format!("new-pod-{number}"),
        labels,
        owner: None,
        node: None,
        addresses: Vec::new(),
        host_network: false,
        containers: vec!["main".to_owned()],
        ports,
    }
}

fn peers<'r>(rules: &[&'r Rule]) -> impl Iterator<Item = &'r Peer> {
    rules.iter().flat_map(|rule| match &rule.peers {
        Peers::Any => &[],
        Peers::OneOf(peers) => peers.as_slice(),
    })
}

/// What subjects and peers ask of labels.
fn selectors<'r>(rules: &[&'r Rule]) -> ByNamespaces<'r> {
    let subjects = rules.iter().map(|rule| (&rule.subject.namespaces, &rule.subject.pods));
    let peers = peers(rules).filter_map(|peer| match peer {
        Peer::Pods { namespaces, pods } => Some((namespaces, pods)),
        Peer::Block(_) | Peer::Nodes(_) | Peer::Domain(_) => None,
    });
    let mut by_namespaces = ByNamespaces::new();
    for (namespaces, pods) in subjects.chain(peers) {
        by_namespaces.entry(namespaces).or_default().insert(pods);
    }
    by_namespaces
}

/// A new namespace has a name, and none that is taken.
struct NewNamespace<'a> {
    taken: &'a BTreeSet<&'a str>,
}

impl Admits for NewNamespace<'_> {
    fn admits(&self, key: &str, value: Option<&str>) -> bool {
        key != NAMESPACE_NAME || value.is_some_and(|value| !self.taken.contains(value))
    }
}
