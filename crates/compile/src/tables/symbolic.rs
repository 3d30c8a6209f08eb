//! What sets say of pods that do not exist yet, by the conditions that such pods would satisfy.
//!
//! The painter paints conditions as it paints columns. Such a pod has no address yet, so blocks
//! count as ruling N10 says; its port names stand for what they stand for somewhere in the world.

use std::collections::BTreeSet;
use std::sync::Arc;

use ipnet::IpNet;
use model::{Family, Peer, Peers, Selector, Verdict, World};
use roaring::RoaringBitmap;

use crate::atom::{Atom, Atoms};
use crate::canvas::{Area, Match};
use crate::column::Columns;
use crate::paint::{Covered, Painter};
use crate::set::{PolicySet, SetPort, SetPorts, SetRule};
use crate::tables::build::spans;
use crate::tables::cube::{Cube, Tile, Tiles};
use crate::tables::index::PeerIndex;
use crate::tables::roster::whereabouts;
use crate::tables::simplify::simplified;
use crate::tables::table::Span;
use crate::tables::witness::{Found, Taken, find};

/// What a pod that does not exist yet may satisfy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// The labels of its namespace and its own.
    Labels {
        /// Selects its namespace.
        namespaces: Selector,
        /// Selects it.
        pods: Selector,
    },
    /// It calls this port by this name.
    PortName {
        /// The name.
        name: String,
        /// The protocol.
        protocol: model::Protocol,
        /// The number.
        number: u16,
    },
}

/// Pods that satisfy all of some conditions and none of others, and some traffic.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// The traffic.
    pub traffic: Vec<Span>,
    /// What the pods satisfy.
    pub all_of: Vec<Condition>,
    /// What they do not.
    pub none_of: Vec<Condition>,
}

/// The conditions and the traffic that some sets tell apart, so that these can be compared.
pub struct Space<'w> {
    world: &'w World,
    atoms: Atoms,
    columns: Columns,
    networks: Vec<IpNet>,
    taken: Taken,
}

impl<'w> Space<'w> {
    pub(crate) fn new(
        world: &'w World,
        sets: &[&PolicySet],
        index: &PeerIndex<'w>,
        family: Family,
    ) -> Self {
        let bindings = |name: &str| index.bindings(name).collect::<Vec<_>>().into_iter();
        let atoms = Atoms::of_sets(sets, bindings);
        let columns = Columns::of(&atoms);
        let (networks, taken) = (whereabouts(world, family, true), Arc::clone(&index.taken));
        Self { world, atoms, columns, networks, taken }
    }

    /// What `set` allows with pods that do not exist yet: few regions that may overlap, each of
    /// which some pod could satisfy.
    #[must_use]
    pub fn allowed(&self, set: &PolicySet) -> Vec<Region> {
        let tiles = simplified(self.painted(set, Verdict::Allow), &self.atoms);
        let tiles = tiles.into_iter().filter(|tile| self.witness(&tile.cube) != Found::Nobody);
        tiles.map(|tile| self.region(&tile)).collect()
    }

    /// Some pod and traffic that `set` allows and `other` denies.
    #[must_use]
    pub fn allowed_only_by(&self, set: &PolicySet, other: &PolicySet) -> Option<(Region, Found)> {
        let more = self.painted(set, Verdict::Allow).both(&self.painted(other, Verdict::Deny));
        more.0.into_iter().find_map(|tile| {
            let found = self.witness(&tile.cube);
            (found != Found::Nobody).then(|| (self.region(&tile), found))
        })
    }

    fn painted(&self, set: &PolicySet, verdict: Verdict) -> Tiles {
        let painter = Painter::new(set, &self.atoms, &self.columns);
        let covered = painter.covered(&self.networks);
        let rules = set.rules.iter().enumerate();
        let matched = rules
            .flat_map(|(at, rule)| self.matches(at, rule, &painter, &covered))
            .collect::<Vec<_>>();
        let columns: RoaringBitmap = (0..self.columns.count()).collect();
        let painted = painter.combine(Tiles::one(columns, Cube::default()), matched);
        let wanted = painted.into_iter().filter(|(_, said)| said.verdict == verdict);
        Tiles(wanted.flat_map(|(tiles, _)| tiles.0).collect())
    }

    /// Where a rule matches for certain, and where it depends on an address.
    fn matches<'s>(
        &self,
        at: usize,
        rule: &'s SetRule,
        painter: &Painter<'_>,
        covered: &Covered,
    ) -> Vec<Match<'s, Tiles>> {
        let cubes: Vec<Cube> = match &rule.peers {
            Peers::Any => vec![Cube::default()],
            Peers::OneOf(_) if covered.is_whole(at) => vec![Cube::default()],
            Peers::OneOf(peers) => peers.iter().filter_map(|peer| self.cube(peer)).collect(),
        };
        let tiles = |cubes: &[Cube]| {
            let tiles = cubes.iter().flat_map(|cube| self.tiles(at, rule, cube, painter));
            tiles.fold(Tiles::default(), |all, tile| all.either(&Tiles(vec![tile])))
        };
        let position = u32::try_from(at).unwrap_or(u32::MAX);
        let certain = Match { at: position, rule, area: tiles(&cubes), undetermined: false };
        let maybe = covered.is_part(at).then(|| {
            let area = tiles(&[Cube::default()]);
            Match { at: position, rule, area, undetermined: true }
        });
        [Some(certain), maybe].into_iter().flatten().filter(|it| !it.area.is_empty()).collect()
    }

    fn cube(&self, peer: &Peer) -> Option<Cube> {
        match peer {
            Peer::Pods { .. } => {
                let all_of = self.atoms.of_peers(std::slice::from_ref(peer));
                Some(Cube { all_of, none_of: Vec::new() })
            }
            Peer::Block(_) | Peer::Nodes(_) | Peer::Domain(_) => None,
        }
    }

    fn tiles(&self, at: usize, rule: &SetRule, cube: &Cube, painter: &Painter<'_>) -> Vec<Tile> {
        let ports: &[SetPort] = match &rule.ports {
            SetPorts::Any => &[],
            SetPorts::OneOf(ports) => ports,
        };
        let named = ports.iter().flat_map(|port| match port {
            SetPort::Numbers(..) => Vec::new(),
            SetPort::OnPeer(protocol, name) => self.atoms.bindings(name, *protocol).collect(),
        });
        let named = named.filter_map(|(peer, port)| {
            let columns = self.columns.of_atom(port)?.clone();
            Some(Tile { columns, cube: cube.with(peer)? })
        });
        let fixed = Tile { columns: painter.fixed(at), cube: cube.clone() };
        named.chain([fixed]).filter(|tile| !tile.columns.is_empty()).collect()
    }

    fn region(&self, tile: &Tile) -> Region {
        let traffic = spans(&self.columns).into_iter();
        let traffic = traffic.filter(|(_, column)| tile.columns.contains(*column));
        Region {
            traffic: traffic.map(|(span, _)| span).collect(),
            all_of: self.conditions(&tile.cube.all_of),
            none_of: self.conditions(&tile.cube.none_of),
        }
    }

    fn conditions(&self, atoms: &[u32]) -> Vec<Condition> {
        let atoms = atoms.iter().filter_map(|id| self.atoms.peers.get(*id as usize));
        atoms.filter_map(condition).collect()
    }

    /// Somebody in a cube, as small as can be.
    fn witness(&self, cube: &Cube) -> Found {
        find(
            self.world,
            &self.taken,
            &self.conditions(&cube.all_of),
            &self.conditions(&cube.none_of),
        )
    }
}

fn condition(atom: &Atom) -> Option<Condition> {
    match atom {
        Atom::Pods { namespaces, pods } => {
            Some(Condition::Labels { namespaces: namespaces.clone(), pods: pods.clone() })
        }
        Atom::NamedPort { name, protocol, number } => {
            Some(Condition::PortName { name: name.clone(), protocol: *protocol, number: *number })
        }
        Atom::Block(_) | Atom::Nodes(_) => None,
    }
}

impl Space<'_> {
    /// Every condition that some set of this space tests.
    #[must_use]
    pub fn all_conditions(&self) -> BTreeSet<Condition> {
        self.atoms.peers.iter().filter_map(condition).collect()
    }
}
