//! The answer of exposure, with names.
//!
//! Workloads that are exposed alike are one entry.

use std::collections::BTreeMap;

use compile::{Condition, Tables};
use model::{Direction, Family, World};
use roaring::RoaringBitmap;
use serde::Serialize;

use crate::exposure::{Conditional, Open};
use crate::name::{By, Name, Names};
use crate::{TrafficSet, words};

/// What workloads are exposed to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exposure {
    /// Those who are exposed alike, in one direction.
    pub exposed: Vec<Exposed>,
}

/// Workloads, and what they are exposed to in one direction.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exposed {
    /// Ingress: who could reach them. Egress: whom they could reach.
    #[serde(serialize_with = "words::shown")]
    pub direction: Direction,
    /// In which families this holds.
    #[serde(serialize_with = "words::families")]
    pub families: Vec<Family>,
    /// The workloads, in order.
    pub workloads: Vec<Name>,
    /// No policy is about this direction, so everything is allowed.
    pub unprotected: bool,
    /// On what with every pod of the cluster, whatever its labels, namespaces that do not exist yet
    /// included.
    pub cluster: TrafficSet,
    /// On what with the internet, for which one public address stands.
    pub internet: TrafficSet,
    /// On what with pods that satisfy conditions; they overlap and add up.
    pub pods: Vec<Pods>,
}

/// Pods by what they would need to satisfy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pods {
    /// All of these.
    #[serde(serialize_with = "words::conditions")]
    pub all_of: Vec<Condition>,
    /// And none of these.
    #[serde(serialize_with = "words::conditions", skip_serializing_if = "Vec::is_empty")]
    pub none_of: Vec<Condition>,
    /// On what.
    pub ports: TrafficSet,
}

impl From<Conditional> for Pods {
    fn from(conditional: Conditional) -> Self {
        let Conditional { all_of, none_of, traffic: ports } = conditional;
        Self { all_of, none_of, ports }
    }
}

pub(super) fn report(
    world: &World,
    tables: &Tables,
    all: BTreeMap<Open, BTreeMap<Family, RoaringBitmap>>,
) -> Exposure {
    let names = Names::of(world, tables.roster(), By::Workload);
    let (mut exposed, mut present) = (Vec::new(), BTreeMap::new());
    for (open, by_family) in all {
        let mut alike: Vec<(RoaringBitmap, Vec<Family>)> = Vec::new();
        for (family, pods) in by_family {
            match alike.iter_mut().find(|(same, _)| *same == pods) {
                Some((_, families)) => families.push(family),
                None => alike.push((pods, vec![family])),
            }
        }
        for (pods, families) in alike {
            let present = present.entry(families.clone()).or_insert_with(|| {
                let some = families.iter().map(|family| tables.roster().present(*family));
                names.present(&some.fold(RoaringBitmap::new(), |all, some| all | some))
            });
            let folded = names.fold(&pods, present);
            let workloads = names.numbered(&folded.names);
            exposed.push(exposure(open.clone(), families, workloads));
        }
    }
    exposed.sort_by(|one: &Exposed, other| {
        (&one.workloads, one.direction).cmp(&(&other.workloads, other.direction))
    });
    Exposure { exposed }
}

fn exposure(open: Open, families: Vec<Family>, workloads: Vec<Name>) -> Exposed {
    let Open { direction, unprotected, cluster, internet, pods } = open;
    let pods = pods.into_iter().map(Pods::from).collect();
    Exposed { direction, families, workloads, unprotected, cluster, internet, pods }
}
