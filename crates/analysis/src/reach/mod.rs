//! Reach: who reaches whom on what, in a whole cluster at once.
//!
//! The answer is a list of edges between groups, small where everything is open and small where
//! little is; every pair can be had from it, but is never stored.

mod because;
mod edge;
mod focus;
mod outside;
mod pairs;
mod report;

use compile::{Tables, tables};
use model::{Family, Rules, World};
use roaring::RoaringBitmap;

pub(crate) use because::Because;
pub use edge::Edge;
pub use focus::{Focus, Who};
pub use outside::{OutsideEdge, Outsiders};
pub use pairs::Pair;
pub use report::{BothReasons, Connection, OutsideConnection, Report};

use crate::TrafficSet;

/// How reach is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The families to look at; where empty, those of the addresses that the world knows, and IPv4
    /// where it knows none.
    pub families: Vec<Family>,
}

/// Who reaches whom.
#[derive(Clone, Debug)]
pub struct Reach {
    tables: Tables,
    families: Vec<Family>,
    edges: Vec<Edge>,
    outside: Vec<OutsideEdge>,
}

/// Computes who reaches whom.
#[must_use]
pub fn reach(world: &World, rules: &Rules, options: &Options) -> Reach {
    let tables = tables(world, rules);
    let families = match options.families.as_slice() {
        [] => known_families(world),
        stated => [Family::V4, Family::V6].into_iter().filter(|it| stated.contains(it)).collect(),
    };
    let edges = edge::edges(&tables, &families);
    let outside = outside::outside(&tables);
    Reach { tables, families, edges, outside }
}

/// The families of the addresses that a world knows, or IPv4.
pub(crate) fn known_families(world: &World) -> Vec<Family> {
    let pods = world.pods().flat_map(|(_, pod)| pod.addresses.iter().copied());
    let nodes = world.nodes().flat_map(|(_, node)| node.addresses.iter().copied());
    let networks = world.pod_networks().iter().map(ipnet::IpNet::addr);
    let known: std::collections::BTreeSet<Family> =
        pods.chain(nodes).chain(networks).map(Family::of).collect();
    if known.is_empty() { vec![Family::V4] } else { known.into_iter().collect() }
}

impl Reach {
    /// The tables that the answer comes from.
    #[must_use]
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The families that were looked at.
    #[must_use]
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// Who reaches whom inside the cluster, in a fixed order. Edges overlap; for each pair some
    /// edge states all of its traffic.
    #[must_use]
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// Who reaches and is reached from addresses that are nobody's in the cluster.
    #[must_use]
    pub fn outside(&self) -> &[OutsideEdge] {
        &self.outside
    }

    /// On what `from` reaches `to`, two numbers of the roster, in `family`.
    #[must_use]
    pub fn between(&self, from: u32, to: u32, family: Family) -> TrafficSet {
        let states = |edge: &&Edge| {
            edge.families.contains(&family) && edge.from.contains(from) && edge.to.contains(to)
        };
        let edges = self.edges.iter().filter(states);
        edges.fold(TrafficSet::NONE, |all, edge| all.union(&edge.traffic))
    }

    /// Everybody who takes part in flows of a family that was looked at.
    #[must_use]
    pub fn present(&self) -> RoaringBitmap {
        let present = self.families.iter().map(|family| self.tables.roster().present(*family));
        present.fold(RoaringBitmap::new(), |all, some| all | some)
    }
}
