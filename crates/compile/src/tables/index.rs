//! Which peers satisfy an atom, found by label, namespace and address, once for each atom.
//!
//! The classes of a node ask each peer for its atoms; a whole cluster has too many peers for that,
//! and most sets speak of few of them.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use model::{Block, End, Family, Labels, Node, NodeId, Protocol, Requirement, Selector, World};
use roaring::RoaringBitmap;

use crate::atom::Atom;
use crate::subject_index::only_namespace;
use crate::tables::roster::{FAMILIES, Roster, place};
use crate::tables::witness::{Taken, taken};

/// The peers of one atom, by family.
pub(crate) type Peers = [Arc<RoaringBitmap>; 2];

/// The peers of a world, by everything that an atom can ask.
pub(crate) struct PeerIndex<'w> {
    world: &'w World,
    pods: LabelIndex<'w>,
    by_namespace: HashMap<&'w str, RoaringBitmap>,
    by_binding: HashMap<&'w str, BTreeMap<(Protocol, u16), RoaringBitmap>>,
    hosts: Vec<(u32, NodeId)>,
    by_address: [Vec<(IpAddr, u32)>; 2],
    /// Who can take part in the family but has no known address.
    pub(crate) unaddressed: [Unaddressed; 2],
    known: HashMap<Atom, Peers>,
    /// The names that no new namespace can have.
    pub(crate) taken: Taken,
}

/// Who has no known address: pods, and hosts.
#[derive(Default)]
pub(crate) struct Unaddressed {
    pub(crate) pods: RoaringBitmap,
    pub(crate) hosts: RoaringBitmap,
}

impl<'w> PeerIndex<'w> {
    pub(crate) fn new(world: &'w World, roster: &Roster) -> Self {
        let mut index = Self {
            world,
            pods: LabelIndex::default(),
            by_namespace: HashMap::new(),
            by_binding: HashMap::new(),
            hosts: Vec::new(),
            by_address: [Vec::new(), Vec::new()],
            unaddressed: [Unaddressed::default(), Unaddressed::default()],
            known: HashMap::new(),
            taken: taken(world),
        };
        index.add_pods(world);
        for number in 0..roster.len() {
            for family in FAMILIES {
                index.add_end(number, roster.end(number, family), family);
            }
        }
        index.hosts.dedup();
        index.by_address.iter_mut().for_each(|addresses| addresses.sort_unstable());
        index
    }

    /// Host-network pods are no pods to a selector (ruling N16).
    fn add_pods(&mut self, world: &'w World) {
        for (id, pod) in world.pods().filter(|(_, pod)| !pod.host_network) {
            self.pods.add(id.0, &pod.labels);
            self.by_namespace.entry(&pod.namespace).or_default().insert(id.0);
            for port in &pod.ports {
                let Some(name) = port.name.as_deref() else { continue };
                let Some(number) = pod.named_port(name, port.protocol) else { continue };
                let bindings = self.by_binding.entry(name).or_default();
                bindings.entry((port.protocol, number)).or_default().insert(id.0);
            }
        }
    }

    fn add_end(&mut self, number: u32, end: Option<&End>, family: Family) {
        let at = place(family);
        let (Some(addresses), Some(unaddressed)) =
            (self.by_address.get_mut(at), self.unaddressed.get_mut(at))
        else {
            return;
        };
        match end {
            Some(End::Pod { address: None, .. }) => {
                unaddressed.pods.insert(number);
            }
            Some(End::Host { address: None, .. }) => {
                unaddressed.hosts.insert(number);
            }
            Some(end) => addresses.extend(end.address().map(|address| (address, number))),
            None => {}
        }
        if let Some(End::Host { node: Some(node), .. }) = end {
            self.hosts.push((number, *node));
        }
    }

    /// What `name` stands for on the pods of the world.
    pub(crate) fn bindings(&self, name: &str) -> impl Iterator<Item = Atom> {
        let bindings = self.by_binding.get(name).into_iter().flatten();
        bindings.map(|((protocol, number), _)| Atom::NamedPort {
            name: name.to_owned(),
            protocol: *protocol,
            number: *number,
        })
    }

    /// The peers that satisfy `atom`, by family.
    pub(crate) fn peers(&mut self, atom: &Atom) -> Peers {
        if let Some(peers) = self.known.get(atom) {
            return peers.clone();
        }
        let peers = self.find(atom);
        self.known.insert(atom.clone(), peers.clone());
        peers
    }

    fn find(&self, atom: &Atom) -> Peers {
        let both = |peers: RoaringBitmap| {
            let peers = Arc::new(peers);
            [Arc::clone(&peers), peers]
        };
        match atom {
            Atom::Pods { namespaces, pods } => both(self.select(namespaces, pods)),
            Atom::Nodes(selector) => {
                let selects = |node: &Node| selector.matches(&node.labels);
                let hosts = self.hosts.iter().filter(|(_, id)| selects(self.world.node(*id)));
                both(hosts.map(|(number, _)| *number).collect())
            }
            Atom::NamedPort { name, protocol, number } => {
                let bindings = self.by_binding.get(name.as_str());
                let peers = bindings.and_then(|bindings| bindings.get(&(*protocol, *number)));
                both(peers.cloned().unwrap_or_default())
            }
            Atom::Block(block) => {
                let [v4, v6] = &self.by_address;
                [v4, v6].map(|addresses| Arc::new(inside(addresses, block)))
            }
        }
    }

    /// The pods that both selectors select.
    pub(crate) fn select(&self, namespaces: &Selector, pods: &Selector) -> RoaringBitmap {
        let of_namespaces = match only_namespace(namespaces) {
            Some(name) if !namespaces.matches(self.world.namespace_labels(name)) => {
                return RoaringBitmap::new();
            }
            Some(name) => Some(self.by_namespace.get(name).cloned().unwrap_or_default()),
            None if namespaces.requirements().next().is_none() => None,
            None => Some(self.in_namespaces(namespaces)),
        };
        self.pods.select(of_namespaces, pods)
    }

    fn in_namespaces(&self, selector: &Selector) -> RoaringBitmap {
        let selected = self.world.namespaces().filter(|(_, labels)| selector.matches(labels));
        let pods = selected.filter_map(|(name, _)| self.by_namespace.get(name));
        pods.fold(RoaringBitmap::new(), |all, pods| all | pods)
    }
}

/// Label sets by their keys and values.
#[derive(Default)]
struct LabelIndex<'w> {
    all: RoaringBitmap,
    by_key: HashMap<&'w str, RoaringBitmap>,
    by_label: HashMap<(&'w str, &'w str), RoaringBitmap>,
}

impl<'w> LabelIndex<'w> {
    fn add(&mut self, number: u32, labels: &'w Labels) {
        self.all.insert(number);
        for (key, value) in labels.iter() {
            self.by_key.entry(key).or_default().insert(number);
            self.by_label.entry((key, value)).or_default().insert(number);
        }
    }

    /// Those of `among`, or of all, that `selector` selects: first what it demands, which leaves
    /// few, then what it excludes.
    fn select(&self, among: Option<RoaringBitmap>, selector: &Selector) -> RoaringBitmap {
        let (excluding, demanding): (Vec<_>, Vec<_>) = selector.requirements().partition(|it| {
            matches!(it, Requirement::NotIn { .. } | Requirement::DoesNotExist { .. })
        });
        let demanded = demanding.into_iter().fold(among, |found, requirement| {
            Some(match found {
                Some(found) => found & self.named(requirement),
                None => self.named(requirement),
            })
        });
        let found = demanded.unwrap_or_else(|| self.all.clone());
        excluding.into_iter().fold(found, |found, requirement| found - self.named(requirement))
    }

    /// Those with a label that `requirement` names.
    fn named(&self, requirement: &Requirement) -> RoaringBitmap {
        match requirement {
            Requirement::In { key, values } | Requirement::NotIn { key, values } => {
                let of_values =
                    values.iter().filter_map(|it| self.by_label.get(&(key.as_str(), it)));
                of_values.fold(RoaringBitmap::new(), |all, some| all | some)
            }
            Requirement::Exists { key } | Requirement::DoesNotExist { key } => {
                self.by_key.get(key.as_str()).cloned().unwrap_or_default()
            }
        }
    }
}

/// The numbers of the addresses inside a block.
fn inside(addresses: &[(IpAddr, u32)], block: &Block) -> RoaringBitmap {
    let network = block.cidr();
    let start = addresses.partition_point(|(address, _)| *address < network.network());
    let tail = addresses.get(start..).unwrap_or_default();
    let within = tail.iter().take_while(|(address, _)| *address <= network.broadcast());
    let within = within.filter(|(address, _)| block.contains(*address));
    within.map(|(_, number)| *number).collect()
}
