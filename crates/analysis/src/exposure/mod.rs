//! Exposure: who could reach a workload, or be reached from it, without existing yet.
//!
//! The answer is for one end alone, what its own policies say; the policies of a pod that does not
//! exist are not known either.

mod report;

use std::collections::BTreeMap;

use compile::{Condition, Region, Space, Table, Tables, Workbench};
use model::{Direction, Family, Rules, Verdict, World};
use roaring::RoaringBitmap;

use crate::TrafficSet;
use crate::clause::subjects_by_set;
use crate::network::internet;
use crate::reach::{Options, Who, known_families};

pub use report::{Exposed, Exposure, Pods};

/// What one set allows with those who do not exist yet, and with the internet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Open {
    direction: Direction,
    /// No policy is about this direction.
    unprotected: bool,
    /// With every pod of the cluster, whatever its labels.
    cluster: TrafficSet,
    /// With the internet.
    internet: TrafficSet,
    /// With pods that satisfy conditions.
    pods: Vec<Conditional>,
}

/// Traffic with the pods that satisfy all of some conditions and none of others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Conditional {
    all_of: Vec<Condition>,
    none_of: Vec<Condition>,
    traffic: TrafficSet,
}

/// Computes what every workload is exposed to.
#[must_use]
pub fn exposure(world: &World, rules: &Rules, options: &Options) -> Exposure {
    exposure_of(world, &compile::tables(world, rules), options, None)
}

/// The same from tables that are there already, of some workloads only where there is a `focus`.
#[must_use]
pub fn exposure_of(
    world: &World,
    tables: &Tables,
    options: &Options,
    focus: Option<&Who>,
) -> Exposure {
    let families = match options.families.as_slice() {
        [] => known_families(world),
        stated => stated.to_vec(),
    };
    let bench = Workbench::new(world);
    let mut all: BTreeMap<Open, BTreeMap<Family, RoaringBitmap>> = BTreeMap::new();
    for &family in &families {
        let mut subjects = tables.roster().subjects() & tables.roster().present(family);
        focus.into_iter().for_each(|who| subjects &= &who.members);
        for direction in Direction::ALL {
            for (set, pods) in subjects_by_set(tables, direction, &subjects) {
                let space = bench.space(&[tables.set(set)], family);
                let open = Open::of(tables, set, direction, family, &space);
                *all.entry(open).or_default().entry(family).or_default() |= pods;
            }
        }
    }
    report::report(world, tables, all)
}

impl Open {
    fn of(
        tables: &Tables,
        set: compile::SetId,
        direction: Direction,
        family: Family,
        space: &Space<'_>,
    ) -> Self {
        let policies = tables.set(set);
        let (mut cluster, mut pods) = (TrafficSet::NONE, Vec::new());
        for Region { traffic, all_of, none_of } in space.allowed(policies) {
            let traffic = TrafficSet::of_spans(traffic);
            match all_of.is_empty() && none_of.is_empty() {
                true => cluster = cluster.union(&traffic),
                false => pods.push(Conditional { all_of, none_of, traffic }),
            }
        }
        pods.sort_unstable();
        let internet = with_internet(tables.table(set), family);
        Self { direction, unprotected: policies.is_empty(), cluster, internet, pods }
    }
}

/// What is allowed with an address that stands for the internet.
fn with_internet(table: &Table, family: Family) -> TrafficSet {
    let address = internet(family);
    let mut rows = table.external().iter().filter(|(range, _)| {
        range.family == family && (range.first..=range.last).contains(&address)
    });
    let Some((_, row)) = rows.next() else { return TrafficSet::NONE };
    let allowed = table.row(*row).filter(|(_, said)| said.verdict == Verdict::Allow);
    TrafficSet::of_spans(allowed.map(|(span, _)| span))
}
