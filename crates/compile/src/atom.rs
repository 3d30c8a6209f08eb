//! Atoms: every predicate on a peer or a port that some set of this table can test.
//!
//! Peers that no atom tells apart share a class; ports that no atom tells apart share a column.

use std::collections::{BTreeMap, BTreeSet};

use model::{Block, Peer, Peers, PortRange, Protocol, Selector, World};

use crate::set::{PolicySet, SetPort, SetPorts, SetRule, Sets};

/// A predicate on a peer. The order is the order of ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Atom {
    /// Pods by labels.
    Pods { namespaces: Selector, pods: Selector },
    /// Anybody by address.
    Block(Block),
    /// Nodes by labels.
    Nodes(Selector),
    /// Pods on which a port name stands for this number.
    NamedPort { name: String, protocol: Protocol, number: u16 },
}

/// A predicate on a destination port.
pub(crate) type PortAtom = (Protocol, PortRange);

/// All atoms of a table, by id.
#[derive(Debug, Default)]
pub(crate) struct Atoms {
    pub(crate) peers: Vec<Atom>,
    pub(crate) ports: Vec<PortAtom>,
    ids: BTreeMap<Atom, u32>,
    port_ids: BTreeMap<PortAtom, u32>,
}

impl Atoms {
    /// Of every set of a node.
    pub(crate) fn of(world: &World, sets: &Sets<'_>) -> Self {
        let rules = || sets.iter().flat_map(|(set, _)| &set.rules);
        let names = rules().flat_map(port_names).collect::<BTreeSet<_>>();
        Self::of_rules(rules, &bindings(world, &names))
    }

    /// Of some sets; `bindings` says what a port name stands for.
    pub(crate) fn of_sets<B: Iterator<Item = Atom>>(
        sets: &[&PolicySet],
        bindings: impl Fn(&str) -> B,
    ) -> Self {
        let rules = || sets.iter().flat_map(|set| &set.rules);
        let names = rules().flat_map(port_names).collect::<BTreeSet<_>>();
        Self::of_rules(rules, &names.into_iter().flat_map(bindings).collect())
    }

    fn of_rules<'r, R: Iterator<Item = &'r SetRule>>(
        rules: impl Fn() -> R,
        bindings: &BTreeSet<Atom>,
    ) -> Self {
        let peers: BTreeSet<Atom> =
            rules().flat_map(peer_atoms).chain(bindings.iter().cloned()).collect();
        let ports: BTreeSet<PortAtom> =
            rules().flat_map(port_atoms).chain(bindings.iter().filter_map(binding_port)).collect();
        Self {
            ids: (0..).zip(&peers).map(|(id, atom)| (atom.clone(), id)).collect(),
            port_ids: (0..).zip(&ports).map(|(id, atom)| (*atom, id)).collect(),
            peers: peers.into_iter().collect(),
            ports: ports.into_iter().collect(),
        }
    }

    /// The ids of a rule's peers; absent peers are no atoms at all.
    pub(crate) fn of_peers(&self, peers: &[Peer]) -> Vec<u32> {
        peers.iter().filter_map(atom_of).filter_map(|atom| self.ids.get(&atom).copied()).collect()
    }

    /// Whether some atom is about addresses.
    pub(crate) fn has_blocks(&self) -> bool {
        self.peers.iter().any(|atom| matches!(atom, Atom::Block(_)))
    }

    /// The id of a peer atom.
    pub(crate) fn id(&self, atom: &Atom) -> Option<u32> {
        self.ids.get(atom).copied()
    }

    /// The id of a port atom.
    pub(crate) fn port(&self, atom: PortAtom) -> Option<u32> {
        self.port_ids.get(&atom).copied()
    }

    /// Each binding of a port name: the atom of the peers that have it, and the port atom.
    pub(crate) fn bindings<'a>(
        &'a self,
        wanted: &'a str,
        of: Option<Protocol>,
    ) -> impl Iterator<Item = (u32, u32)> + 'a {
        (0..).zip(&self.peers).filter_map(move |(id, atom)| match atom {
            Atom::NamedPort { name, protocol, number }
                if name == wanted && of.is_none_or(|of| of == *protocol) =>
            {
                Some((id, self.port((*protocol, PortRange::single(*number)))?))
            }
            Atom::NamedPort { .. } | Atom::Pods { .. } | Atom::Block(_) | Atom::Nodes(_) => None,
        })
    }

    /// The ids of the atoms that a set tests.
    pub(crate) fn of_set(&self, set: &PolicySet) -> BTreeSet<u32> {
        let named = set.rules.iter().flat_map(port_names);
        let named: Vec<u32> =
            named.flat_map(|name| self.bindings(name, None)).map(|(id, _)| id).collect();
        set.rules
            .iter()
            .flat_map(peer_atoms)
            .filter_map(|atom| self.ids.get(&atom).copied())
            .chain(named)
            .collect()
    }
}

fn peer_atoms(rule: &SetRule) -> Vec<Atom> {
    match &rule.peers {
        Peers::Any => Vec::new(),
        Peers::OneOf(peers) => peers.iter().filter_map(atom_of).collect(),
    }
}

/// A DNS name has no atom yet: until names are enforced it matches nobody (ruling C8).
pub(crate) fn atom_of(peer: &Peer) -> Option<Atom> {
    match peer {
        Peer::Pods { namespaces, pods } => {
            Some(Atom::Pods { namespaces: namespaces.clone(), pods: pods.clone() })
        }
        Peer::Block(block) => Some(Atom::Block(block.clone())),
        Peer::Nodes(selector) => Some(Atom::Nodes(selector.clone())),
        Peer::Domain(_) => None,
    }
}

fn set_ports(rule: &SetRule) -> &[SetPort] {
    match &rule.ports {
        SetPorts::Any => &[],
        SetPorts::OneOf(ports) => ports,
    }
}

fn port_names(rule: &SetRule) -> impl Iterator<Item = &str> {
    set_ports(rule).iter().filter_map(|port| match port {
        SetPort::OnPeer(_, name) => Some(name.as_str()),
        SetPort::Numbers(..) => None,
    })
}

fn port_atoms(rule: &SetRule) -> impl Iterator<Item = PortAtom> {
    set_ports(rule).iter().filter_map(|port| match port {
        SetPort::Numbers(protocol, range) => Some((*protocol, *range)),
        SetPort::OnPeer(..) => None,
    })
}

/// What the names stand for on the pods of the world.
fn bindings(world: &World, names: &BTreeSet<&str>) -> BTreeSet<Atom> {
    if names.is_empty() {
        return BTreeSet::new();
    }
    let pods = world.pods().filter(|(_, pod)| !pod.host_network);
    pods.flat_map(|(_, pod)| {
        pod.ports.iter().filter_map(|port| {
            let name = port.name.as_deref().filter(|name| names.contains(name))?;
            let number = pod.named_port(name, port.protocol)?;
            Some(Atom::NamedPort { name: name.to_owned(), protocol: port.protocol, number })
        })
    })
    .collect()
}

fn binding_port(atom: &Atom) -> Option<PortAtom> {
    match atom {
        Atom::NamedPort { protocol, number, .. } => Some((*protocol, PortRange::single(*number))),
        Atom::Pods { .. } | Atom::Block(_) | Atom::Nodes(_) => None,
    }
}
