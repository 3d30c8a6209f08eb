//! The changes that hold whatever could not be read of a cluster, and the others.
//!
//! A flow is certainly opened if it was denied at most and is allowed at least; and the other way
//! around for one that is closed.

use analysis::Diff;
use analysis::reach::Options;
use model::Rules;
use report::Crowds;

use crate::input::Manifests;
use crate::unknown;

/// What certainly changed, and what changed only by what could be read.
pub(super) fn compare(old: &Manifests, new: &Manifests, explain: bool) -> (Diff, Diff) {
    let diff = |before: &Rules, after: &Rules| {
        let (before, after) = ((&old.world, before), (&new.world, after));
        analysis::diff(before, after, &Options::default(), explain)
    };
    let known = diff(&old.rules, &new.rules);
    let [before, after] = [old, new].map(|side| match &side.bounds {
        Some(bounds) => (&bounds.least, &bounds.most),
        None => (&side.rules, &side.rules),
    });
    if old.bounds.is_none() && new.bounds.is_none() {
        return (known.clone(), only(known, |_| false));
    }
    let opened = only_opened(diff(before.1, after.0));
    let closed = only_closed(diff(before.0, after.1));
    let certain = [report::diff::each(&opened), report::diff::each(&closed)].concat();
    let mask = unknown::mask(&report::diff::each(&known), &certain);
    let is_certain = |at: usize| mask.get(at).copied().unwrap_or_default();
    (only(known.clone(), is_certain), only(known, |at| !is_certain(at)))
}

/// The rows of what is not certain, a line each.
pub(super) fn rows(unknown: &Diff, crowds: &Crowds) -> Vec<String> {
    let none = report::diff::table(&only(unknown.clone(), |_| false), crowds);
    unknown::rows(&none, &report::diff::table(unknown, crowds), COLUMNS)
}

/// Change, from, to and ports: what a row says, whatever the reasons.
const COLUMNS: usize = 4;

fn only_opened(diff: Diff) -> Diff {
    Diff { closed: Vec::new(), outside_closed: Vec::new(), ..diff }
}

fn only_closed(diff: Diff) -> Diff {
    Diff { opened: Vec::new(), outside_opened: Vec::new(), ..diff }
}

/// The changes at some places of [`report::diff::each`].
fn only(mut diff: Diff, keep: impl Fn(usize) -> bool) -> Diff {
    let mut at = 0..;
    let mut kept = || at.next().is_some_and(&keep);
    diff.opened.retain(|_| kept());
    diff.outside_opened.retain(|_| kept());
    diff.closed.retain(|_| kept());
    diff.outside_closed.retain(|_| kept());
    diff
}
