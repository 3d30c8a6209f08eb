//! Makes a node's tables larger where not all of its policies found room.
//!
//! What does not fit is left out and said; but most of the time there is memory for more.

use std::path::Path;

use datapath::{Capacities, Fill, Instance};
use node::Node;

use crate::guard::Guard;
use crate::netns;

/// Above this share of its capacity, percent, the table of connections grows: before it is an alarm.
const MARK: u64 = 70;

/// Twice as many connections, where they are many for the table at hand and it may still grow.
fn more_connections(has: Capacities, fill: Fill) -> Option<Capacities> {
    let wanted = has.established.saturating_mul(2).min(Capacities::BUDGET.established);
    let may_grow = fill.is_above(MARK) && has.established < wanted;
    may_grow.then(|| has.with_established(wanted))
}

/// Makes room for connections where there will be too little. Nothing where the kernel refuses: then it
/// is not asked again.
pub(crate) fn grow_connections(
    instance: &mut Instance,
    netns: &Path,
    guard: &mut Guard,
) -> Result<Option<bool>, datapath::TableError> {
    let fill = instance.established_fill()?;
    let Some(wanted) = more_connections(instance.config().capacities, fill) else {
        return Ok(Some(false));
    };
    let grown = enlarge(instance, netns, guard, &wanted);
    if grown.is_some() {
        let Fill { used, capacity } = fill;
        let entries = wanted.established;
        guard.tell(format!("grown: est has {entries} entries, {used} of {capacity} were used"));
    }
    Ok(grown)
}

/// Whether anything grew. Nothing where the kernel refuses, which is news.
fn enlarge(
    instance: &mut Instance,
    netns: &Path,
    guard: &mut Guard,
    wanted: &Capacities,
) -> Option<bool> {
    match netns::within(netns, || Ok::<_, std::io::Error>(instance.grow(wanted))) {
        Ok(Ok(grown)) => Some(grown),
        Ok(Err(error)) => refused(guard, &error),
        Err(error) => refused(guard, &error),
    }
}

fn refused(guard: &mut Guard, error: &dyn std::error::Error) -> Option<bool> {
    guard.tell(format!("warning: {}", crate::chain(error)));
    None
}

/// Grows what was too small for `table`. Returns whether anything grew; that nothing could is news.
pub(crate) fn grow(instance: &mut Instance, netns: &Path, table: &Node, guard: &mut Guard) -> bool {
    let shortages = &table.not_programmed().shortages;
    let wanted = instance.config().capacities.with_room(shortages);
    let grown = enlarge(instance, netns, guard, &wanted).unwrap_or(false);
    let lines = shortages.iter().filter(|_| grown);
    lines.for_each(|short| guard.tell(format!("grown: {short}")));
    grown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_get_twice_the_room_above_the_mark_and_none_beyond_the_budget() {
        let has = Capacities::default();
        let fill = |used, capacity: u32| Fill { used, capacity: u64::from(capacity) };
        let more = |has: Capacities, used| more_connections(has, fill(used, has.established));
        let mark = u64::from(has.established) * MARK / 100;
        assert_eq!(more(has, mark), None);
        let grown = more(has, mark + 1).map(|it| (it.established, it.established_share));
        assert_eq!(grown, Some((has.established * 2, has.established_share * 2)));
        let most = has.with_established(Capacities::BUDGET.established);
        assert_eq!(more(most, u64::from(most.established)), None);
    }
}
