//! Who reaches, or is reached from, addresses that are nobody's in the cluster.
//!
//! Such an address has no policy of its own, so one end decides.

use std::collections::BTreeMap;
use std::sync::Arc;

use compile::{AddressRange, Table, Tables};
use ipnet::IpNet;
use model::{Direction, Family};
use roaring::RoaringBitmap;

use crate::TrafficSet;
use crate::clause::{allowed, subjects_by_set};
use crate::intern::{TrafficId, Traffics};
use crate::network::{joined, networks};

/// Whose addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outsiders {
    /// Addresses outside of the pod networks.
    External,
    /// Addresses of the pod networks that no known pod has (ruling N34).
    UnknownPods,
}

/// Everybody in `pods` and all addresses of `ranges` may talk on `traffic`.
#[derive(Clone, Debug, PartialEq)]
pub struct OutsideEdge {
    /// Egress: the pods reach the addresses. Ingress: the addresses reach the pods.
    pub direction: Direction,
    /// Whose addresses they are.
    pub outsiders: Outsiders,
    /// The pods, by their numbers in the roster.
    pub pods: Arc<RoaringBitmap>,
    /// The addresses, as disjoint ranges in order, never empty.
    pub ranges: Vec<AddressRange>,
    /// On what.
    pub traffic: Arc<TrafficSet>,
}

impl OutsideEdge {
    /// The fewest networks that say the same as the ranges.
    #[must_use]
    pub fn networks(&self) -> Vec<IpNet> {
        networks(&self.ranges)
    }
}

type Key = (Outsiders, TrafficId, Vec<AddressRange>);

/// All of them, each once, in a fixed order. What has an address of one family only meets no other.
pub(crate) fn outside(tables: &Tables) -> Vec<OutsideEdge> {
    let roster = tables.roster();
    let [v4, v6] = [Family::V4, Family::V6].map(|family| roster.present(family));
    let parts = [
        (roster.subjects() & v4 & v6, vec![Family::V4, Family::V6]),
        ((roster.subjects() & v4) - v6, vec![Family::V4]),
        ((roster.subjects() & v6) - v4, vec![Family::V6]),
    ];
    let mut traffics = Traffics::default();
    let mut all = Vec::new();
    for direction in Direction::ALL {
        let mut pods: BTreeMap<Key, RoaringBitmap> = BTreeMap::new();
        for (part, families) in &parts {
            for (set, subjects) in subjects_by_set(tables, direction, part) {
                for key in of_table(tables.table(set), families, &mut traffics) {
                    *pods.entry(key).or_default() |= &subjects;
                }
            }
        }
        all.extend(pods.into_iter().map(|((outsiders, traffic, ranges), pods)| OutsideEdge {
            direction,
            outsiders,
            pods: Arc::new(pods),
            ranges,
            traffic: Arc::clone(traffics.get(traffic)),
        }));
    }
    all
}

fn of_table(table: &Table, families: &[Family], traffics: &mut Traffics) -> Vec<Key> {
    let allowed = allowed(table, traffics);
    let mut by_traffic: BTreeMap<(Outsiders, TrafficId), Vec<AddressRange>> = BTreeMap::new();
    let external = table.external().iter().map(|range| (Outsiders::External, range));
    let unknown = table.unknown().iter().map(|range| (Outsiders::UnknownPods, range));
    for (outsiders, (range, row)) in external.chain(unknown) {
        let traffic = allowed.get(*row as usize).filter(|id| !traffics.get(**id).is_empty());
        if let Some(traffic) = traffic.filter(|_| families.contains(&range.family)) {
            by_traffic.entry((outsiders, *traffic)).or_default().push(*range);
        }
    }
    let key = |((outsiders, traffic), ranges)| (outsiders, traffic, joined(ranges));
    by_traffic.into_iter().map(key).collect()
}
