//! Peer classes: all addresses that satisfy the same atoms.
//!
//! A class takes its id from the atoms it satisfies, not from those it does not: a new atom moves
//! only the peers that satisfy it, and the rest keep their class.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use abi::{Address, PrefixKey};
use ipnet::IpNet;
use model::{Labels, Node, Pod, Requirement, Selector, World};

use crate::atom::{Atom, Atoms};
use crate::name::{content_id, free_id};
use crate::region::Regions;
use crate::subject_index::only_namespace;

/// What a class satisfies.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Signature {
    /// An address of the pod networks that no pod has (ruling N34).
    pub(crate) unknown: bool,
    /// Atom ids, sorted.
    pub(crate) atoms: Vec<u32>,
}

/// Which class every address has.
pub(crate) struct Classes {
    peers: BTreeMap<Address, Signature>,
    prefixes: BTreeMap<IpNet, Signature>,
    ids: BTreeMap<Signature, u32>,
}

impl Classes {
    pub(crate) fn of(world: &World, atoms: &Atoms) -> Self {
        let regions = Regions::of(world, atoms);
        let peers: BTreeMap<Address, Signature> =
            pods(world, atoms, &regions).chain(nodes(world, atoms, &regions)).collect();
        let prefixes = prefixes(world, &regions);
        let signatures: BTreeSet<&Signature> = peers.values().chain(prefixes.values()).collect();
        let ids = ids(signatures, atoms);
        Self { peers, prefixes, ids }
    }

    /// All classes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Signature, u32)> {
        self.ids.iter().map(|(signature, id)| (signature, *id))
    }

    pub(crate) fn peers(&self) -> BTreeMap<Address, u32> {
        self.peers.iter().map(|(address, signature)| (*address, self.id(signature))).collect()
    }

    pub(crate) fn prefixes(&self) -> BTreeMap<PrefixKey, u32> {
        let key = |prefix: &IpNet| PrefixKey::new(prefix.addr(), prefix.prefix_len());
        self.prefixes.iter().map(|(prefix, signature)| (key(prefix), self.id(signature))).collect()
    }

    fn id(&self, signature: &Signature) -> u32 {
        self.ids.get(signature).copied().unwrap_or(0)
    }
}

fn ids(signatures: BTreeSet<&Signature>, atoms: &Atoms) -> BTreeMap<Signature, u32> {
    let mut taken = BTreeSet::new();
    let mut ids = BTreeMap::new();
    for signature in signatures {
        let contents: Vec<&Atom> = satisfied(signature, atoms).collect();
        let wanted = content_id("class", &(signature.unknown, contents));
        let id = free_id(wanted, u32::MAX, |id| taken.contains(&id));
        taken.insert(id);
        ids.insert(signature.clone(), id);
    }
    ids
}

fn satisfied<'a>(signature: &'a Signature, atoms: &'a Atoms) -> impl Iterator<Item = &'a Atom> {
    signature.atoms.iter().filter_map(|id| atoms.peers.get(*id as usize))
}

/// Every pod with a network and an address. Pods alike in namespace, labels and ports are matched
/// once, and only against the atoms that could be about their namespace.
fn pods<'a>(
    world: &'a World,
    atoms: &'a Atoms,
    regions: &'a Regions,
) -> impl Iterator<Item = (Address, Signature)> + 'a {
    let index = AtomIndex::new(atoms);
    let mut known: HashMap<(&str, &Labels, &[model::ContainerPort]), Vec<u32>> = HashMap::new();
    let pods = world.pods().filter(|(_, pod)| !pod.host_network && !pod.addresses.is_empty());
    pods.flat_map(move |(_, pod)| {
        let key = (pod.namespace.as_str(), &pod.labels, pod.ports.as_slice());
        let own = known.entry(key).or_insert_with(|| index.satisfied_by(world, pod));
        let own = own.clone();
        pod.addresses
            .iter()
            .map(move |address| (Address::from(*address), sign(&own, regions, *address)))
    })
}

/// Every address of a node, host-network pods' included.
fn nodes<'a>(
    world: &'a World,
    atoms: &'a Atoms,
    regions: &'a Regions,
) -> impl Iterator<Item = (Address, Signature)> + 'a {
    let listed = world.nodes().flat_map(|(_, node)| {
        let own = satisfied_by_node(node, atoms);
        node.addresses.iter().map(move |address| (*address, own.clone()))
    });
    let listed: BTreeMap<IpAddr, Vec<u32>> = listed.collect();
    let shared = world.pods().filter(|(_, pod)| pod.host_network);
    let shared = shared.flat_map(|(_, pod)| pod.addresses.iter().copied());
    let mut all: BTreeMap<IpAddr, Vec<u32>> = shared.map(|address| (address, Vec::new())).collect();
    all.extend(listed);
    all.into_iter().map(|(address, own)| (Address::from(address), sign(&own, regions, address)))
}

fn sign(own: &[u32], regions: &Regions, address: IpAddr) -> Signature {
    let mut atoms = [own, regions.blocks_at(address)].concat();
    atoms.sort_unstable();
    Signature { unknown: false, atoms }
}

fn satisfied_by_node(node: &Node, atoms: &Atoms) -> Vec<u32> {
    let selects = |atom: &Atom| match atom {
        Atom::Nodes(selector) => selector.matches(&node.labels),
        Atom::Pods { .. } | Atom::Block(_) | Atom::NamedPort { .. } => false,
    };
    (0..).zip(&atoms.peers).filter(|(_, atom)| selects(atom)).map(|(id, _)| id).collect()
}

/// Prefixes whose class differs from that of the prefix around them.
fn prefixes(world: &World, regions: &Regions) -> BTreeMap<IpNet, Signature> {
    let all: BTreeMap<IpNet, Signature> = regions
        .iter()
        .map(|(prefix, blocks)| {
            let unknown = world.pod_networks().iter().any(|network| network.contains(&prefix));
            (prefix, Signature { unknown, atoms: blocks.to_vec() })
        })
        .collect();
    let differs = |prefix: IpNet, signature: &Signature| {
        regions.parent(prefix).and_then(|parent| all.get(&parent)) != Some(signature)
    };
    let needed = all.iter().filter(|(prefix, signature)| differs(**prefix, signature));
    needed.map(|(prefix, signature)| (*prefix, signature.clone())).collect()
}

/// Pod atoms by the one label or namespace they ask for, and the rest.
struct AtomIndex<'a> {
    atoms: &'a Atoms,
    by_label: HashMap<(&'a str, &'a str), Vec<u32>>,
    by_namespace: HashMap<&'a str, Vec<u32>>,
    rest: Vec<u32>,
}

impl<'a> AtomIndex<'a> {
    fn new(atoms: &'a Atoms) -> Self {
        let (by_label, by_namespace, rest) = (HashMap::new(), HashMap::new(), Vec::new());
        let mut index = Self { atoms, by_label, by_namespace, rest };
        for (id, atom) in (0..).zip(&atoms.peers) {
            match atom {
                Atom::Pods { namespaces, pods } => index.add(id, namespaces, pods),
                Atom::NamedPort { .. } => index.rest.push(id),
                Atom::Block(_) | Atom::Nodes(_) => {}
            }
        }
        index
    }

    /// Under a label of the pod if the atom demands one, else under its namespace.
    fn add(&mut self, id: u32, namespaces: &'a Selector, pods: &'a Selector) {
        match (only_label(pods), only_namespace(namespaces)) {
            (Some(label), _) => self.by_label.entry(label).or_default().push(id),
            (None, Some(name)) => self.by_namespace.entry(name).or_default().push(id),
            (None, None) => self.rest.push(id),
        }
    }

    fn satisfied_by(&self, world: &World, pod: &Pod) -> Vec<u32> {
        let of_labels = pod.labels.iter().filter_map(|label| self.by_label.get(&label)).flatten();
        let own = self.by_namespace.get(pod.namespace.as_str()).into_iter().flatten();
        let candidates = own.chain(of_labels).chain(&self.rest).copied();
        candidates.filter(|id| self.is_satisfied(*id, world, pod)).collect()
    }

    fn is_satisfied(&self, id: u32, world: &World, pod: &Pod) -> bool {
        match self.atoms.peers.get(id as usize) {
            Some(Atom::Pods { namespaces, pods }) => {
                pods.matches(&pod.labels)
                    && namespaces.matches(world.namespace_labels(&pod.namespace))
            }
            Some(Atom::NamedPort { name, protocol, number }) => {
                pod.named_port(name, *protocol) == Some(*number)
            }
            Some(Atom::Block(_) | Atom::Nodes(_)) | None => false,
        }
    }
}

/// A label that `selector` demands, if it demands one with one value.
fn only_label(selector: &Selector) -> Option<(&str, &str)> {
    selector.requirements().find_map(|requirement| match requirement {
        Requirement::In { key, values } => {
            let mut values = values.iter();
            let first = values.next()?;
            values.next().is_none().then_some((key.as_str(), first))
        }
        Requirement::NotIn { .. }
        | Requirement::Exists { .. }
        | Requirement::DoesNotExist { .. } => None,
    })
}
