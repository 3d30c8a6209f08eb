//! Whether what opened reaches those whom somebody protects.
//!
//! A change that opens much and none of it to the database may pass where the database is what counts.

use std::collections::BTreeSet;

use analysis::diff::{Change, OutsideChange};
use analysis::{Diff, Group, Members, Name};
use model::{Direction, World};

use crate::word::SelectorWord;

/// Whether a new way leads to a pod of `world` that `selector` matches.
pub(crate) fn reached(diff: &Diff, world: &World, selector: &SelectorWord) -> bool {
    let pods = world.pods().map(|(_, pod)| pod).filter(|pod| selector.matches(&pod.labels));
    let protected: BTreeSet<Name> = pods.map(Name::of_workload).collect();
    let holds = |group: usize| diff.groups.get(group).is_some_and(|it| any(it, &protected));
    let inside = |change: &Change| holds(change.to);
    let outside =
        |change: &OutsideChange| change.direction == Direction::Ingress && holds(change.group);
    diff.opened.iter().any(inside) || diff.outside_opened.iter().any(outside)
}

fn any(group: &Group, protected: &BTreeSet<Name>) -> bool {
    match &group.names {
        Members::Names(names) => names.iter().any(|name| protected.contains(name)),
        Members::AllExcept(names) => protected.iter().any(|name| !names.contains(name)),
    }
}
