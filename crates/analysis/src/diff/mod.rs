//! Diff: what newly can talk and what no longer can, between two worlds.
//!
//! Who is in both worlds is compared; who appears or vanishes is said as such, with all that it
//! brings or takes.

mod inside;
mod matching;
mod one_side;
mod outside;
mod report;

use model::{Family, Rules, World};

use crate::reach::{Options, Reach, known_families, reach};
use inside::Sides;
use matching::Matching;

pub use report::{Change, Diff, OutsideChange, Why};

/// Compares who reaches whom in the old and the new world; `explain` adds the rules that decided on
/// each side.
#[must_use]
pub fn diff(
    old: (&World, &Rules),
    new: (&World, &Rules),
    options: &Options,
    explain: bool,
) -> Diff {
    let families = match options.families.as_slice() {
        [] => both_families(old.0, new.0),
        stated => stated.to_vec(),
    };
    let options = Options { families };
    let [before, after] = [old, new].map(|(world, rules)| reach(world, rules, &options));
    between((old.0, &before), (new.0, &after), explain)
}

/// The same of what was reached before, in the same families.
#[must_use]
pub fn between(old: (&World, &Reach), new: (&World, &Reach), explain: bool) -> Diff {
    let [before, after] = [old, new].map(|(world, reach)| (world, reach.tables().roster()));
    let matching = Matching::of(before, after);
    let sides = Sides { old: old.1, new: new.1, matching: &matching };
    report::report(&sides, explain)
}

fn both_families(old: &World, new: &World) -> Vec<Family> {
    let mut families = [known_families(old), known_families(new)].concat();
    families.sort_unstable();
    families.dedup();
    families
}
