//! The answer to show: groups with names, connections between them, at the grain asked for.
//!
//! It is plain data in a fixed order; whoever prints it decides nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use ipnet::IpNet;
use model::{Direction, Family, Reason, Verdict, World};
use roaring::RoaringBitmap;
use serde::{Serialize, Serializer};

use crate::group::{Group, Groups};
use crate::name::{By, Name, Names, Present};
use crate::reach::because::Because;
use crate::reach::{Focus, Outsiders, Reach};
use crate::{TrafficSet, words};

/// Who reaches whom, with names.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The grain.
    pub by: By,
    /// The families that were looked at.
    #[serde(serialize_with = "words::families")]
    pub families: Vec<Family>,
    /// Everybody that the answer is about, in order.
    pub everybody: Vec<Name>,
    /// The groups that connections refer to by position.
    pub groups: Vec<Group>,
    /// Who reaches whom inside the cluster. They overlap: of one pair all that hold add up, and one
    /// of them says everything. A member never stands for its way to itself.
    pub connections: Vec<Connection>,
    /// Who reaches and is reached from addresses that are nobody's in the cluster.
    pub outside: Vec<OutsideConnection>,
    #[serde(skip)]
    pub(super) names: Names,
}

/// Every member of one group reaches every member of another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Connection {
    /// The sources' group.
    pub from: usize,
    /// The destinations' group.
    pub to: usize,
    /// On what.
    pub ports: Arc<TrafficSet>,
    /// In which families.
    #[serde(serialize_with = "words::families")]
    pub families: Vec<Family>,
    /// Only some pods behind these names do: namespaces say less than pods.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// Why, if that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<BothReasons>,
}

/// The rules that let a connection pass at its ends, each once, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BothReasons {
    /// What the sources' policies say.
    #[serde(serialize_with = "words::all_shown")]
    pub egress: Vec<Reason>,
    /// What the destinations' policies say.
    #[serde(serialize_with = "words::all_shown")]
    pub ingress: Vec<Reason>,
    /// There are so many different pods that not all of them were asked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
}

/// Every member of a group may talk with every address of some networks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutsideConnection {
    /// Egress: the group reaches the networks. Ingress: the networks reach the group.
    #[serde(serialize_with = "words::shown")]
    pub direction: Direction,
    /// Whose addresses they are.
    pub outsiders: Outsiders,
    /// The group.
    pub group: usize,
    /// The fewest networks that say it.
    pub networks: Vec<IpNet>,
    /// On what.
    pub ports: Arc<TrafficSet>,
    /// Only some pods behind these names do.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// Why, if that was asked.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "some_reasons")]
    pub because: Option<Vec<Reason>>,
}

fn some_reasons<S: Serializer>(all: &Option<Vec<Reason>>, to: S) -> Result<S::Ok, S::Error> {
    words::all_shown(all.as_deref().unwrap_or_default(), to)
}

impl Reach {
    /// Names what `focus` leaves. `world` is the one that reach was computed of; `explain` adds the
    /// deciding rules.
    #[must_use]
    pub fn report(&self, world: &World, by: By, focus: &Focus, explain: bool) -> Report {
        let names = Names::of(world, self.tables().roster(), by);
        let mut groups = Groups::new(&names, &self.present());
        let connections = self.connections(&names, &mut groups, focus, explain);
        let outside = self.outside_connections(&names, &mut groups, focus, explain);
        let (everybody, groups) = groups.finish();
        let families = self.families().to_vec();
        Report { by, families, everybody, groups, connections, outside, names }
    }

    fn connections(
        &self,
        names: &Names,
        groups: &mut Groups<'_>,
        focus: &Focus,
        explain: bool,
    ) -> Vec<Connection> {
        let mut all: BTreeMap<ConnectionKey, Meant> = BTreeMap::new();
        let mut present: BTreeMap<Vec<Family>, Present> = BTreeMap::new();
        for edge in self.edges().iter().filter_map(|edge| focus.edge(edge)) {
            let present = present
                .entry(edge.families.clone())
                .or_insert_with_key(|families| names.present(&self.present_in(families)));
            let (from, from_partial) = groups.group(&edge.from, present);
            let (to, to_partial) = groups.group(&edge.to, present);
            let ports = Arc::clone(&edge.traffic);
            let key = ConnectionKey { from, to, ports, families: edge.families.clone() };
            let meant = all.entry(key).or_default();
            meant.is_partial |= from_partial || to_partial;
            meant.from |= edge.from.as_ref();
            meant.to |= edge.to.as_ref();
        }
        let connection = |(key, meant): (ConnectionKey, Meant)| {
            let because = explain.then(|| {
                Because {
                    reach: self,
                    traffic: &key.ports,
                    families: &key.families,
                    verdict: Verdict::Allow,
                    sets_max: usize::MAX,
                }
                .both(&meant.from, &meant.to)
            });
            let ConnectionKey { from, to, ports, families } = key;
            Connection { from, to, ports, families, partial: meant.is_partial, because }
        };
        all.into_iter().map(connection).collect()
    }

    fn outside_connections(
        &self,
        names: &Names,
        groups: &mut Groups<'_>,
        focus: &Focus,
        explain: bool,
    ) -> Vec<OutsideConnection> {
        let present = names.present(self.tables().roster().subjects());
        let edges = self.outside().iter().filter_map(|edge| focus.outside(edge));
        edges
            .map(|edge| {
                let (group, partial) = groups.group(&edge.pods, &present);
                let because = explain.then(|| {
                    let (traffic, families) = (&edge.traffic, self.families());
                    Because {
                        reach: self,
                        traffic,
                        families,
                        verdict: Verdict::Allow,
                        sets_max: usize::MAX,
                    }
                    .outside(&edge)
                    .0
                });
                OutsideConnection {
                    direction: edge.direction,
                    outsiders: edge.outsiders,
                    group,
                    networks: edge.networks(),
                    ports: edge.traffic,
                    partial,
                    because,
                }
            })
            .collect()
    }

    fn present_in(&self, families: &[Family]) -> RoaringBitmap {
        let roster = self.tables().roster();
        families.iter().fold(RoaringBitmap::new(), |all, family| all | roster.present(*family))
    }
}

/// What makes edges one connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ConnectionKey {
    from: usize,
    to: usize,
    ports: Arc<TrafficSet>,
    families: Vec<Family>,
}

/// The members that a connection is about.
#[derive(Default)]
struct Meant {
    from: RoaringBitmap,
    to: RoaringBitmap,
    is_partial: bool,
}
