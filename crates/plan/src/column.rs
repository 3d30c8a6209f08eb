//! Columns: which physical column every wanted column becomes, and how ports get there.
//!
//! A port that changes its column goes over one that behaves as the old column in old rows and as
//! the new one in new rows.

use std::collections::{BTreeMap, BTreeSet};

use compile::Image;

/// All ports that had one column and shall have another, or keep theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ColumnPair {
    /// The column in the old image.
    pub(crate) old: u32,
    /// The column in the wanted image.
    pub(crate) wanted: u32,
    /// The physical column in the meantime.
    pub(crate) via: u32,
    /// The physical column in the end.
    pub(crate) end: u32,
}

/// Every pair that occurs, protocols without ports included.
pub(crate) struct ColumnMap {
    pub(crate) pairs: Vec<ColumnPair>,
    by_ends: BTreeMap<(u32, u32), ColumnPair>,
}

impl ColumnMap {
    pub(crate) fn between(old: &Image, wanted: &Image) -> Self {
        let counts = counts(old, wanted);
        let ends = physical(&counts);
        let mut taken: BTreeSet<u32> = counts.keys().map(|(old, _)| *old).collect();
        taken.extend(ends.values());
        let by_ends: BTreeMap<(u32, u32), ColumnPair> =
            counts.keys().map(|key| (*key, pair(*key, &counts, &ends, &mut taken))).collect();
        Self { pairs: by_ends.values().copied().collect(), by_ends }
    }

    /// Whether every port keeps its column.
    pub(crate) fn is_unchanged(&self) -> bool {
        self.pairs.iter().all(|pair| pair.old == pair.via && pair.via == pair.end)
    }

    /// The pair of one port slot.
    pub(crate) fn pair(&self, old: u32, wanted: u32) -> Option<ColumnPair> {
        self.by_ends.get(&(old, wanted)).copied()
    }

    /// Columns that no port has yet, each with an old one whose ports will come.
    pub(crate) fn fresh(&self) -> BTreeMap<u32, u32> {
        let old: BTreeSet<u32> = self.pairs.iter().map(|pair| pair.old).collect();
        let ends = self.pairs.iter().flat_map(|pair| [(pair.via, pair.old), (pair.end, pair.old)]);
        ends.filter(|(column, _)| !old.contains(column)).collect()
    }

    /// How many columns a row needs while both images are alive.
    pub(crate) fn width(&self) -> usize {
        let last = self.pairs.iter().map(|pair| pair.old.max(pair.via).max(pair.end)).max();
        last.unwrap_or(0) as usize + 1
    }
}

/// How many ports each pair of columns has; neighbours mostly agree, so runs are counted.
fn counts(old: &Image, wanted: &Image) -> BTreeMap<(u32, u32), u32> {
    let mut counts = BTreeMap::from([((0, 0), u32::MAX)]);
    let pairs = old.ports.iter().copied().zip(wanted.ports.iter().copied());
    let mut run = ((0, 0), 0_u32);
    let mut add = |(pair, length): ((u32, u32), u32)| {
        let count: &mut u32 = counts.entry(pair).or_default();
        *count = count.saturating_add(length);
    };
    for pair in pairs {
        if pair != run.0 {
            add(std::mem::replace(&mut run, (pair, 0)));
        }
        run.1 += 1;
    }
    add(run);
    counts
}

fn pair(
    (old, wanted): (u32, u32),
    counts: &BTreeMap<(u32, u32), u32>,
    ends: &BTreeMap<u32, u32>,
    taken: &mut BTreeSet<u32>,
) -> ColumnPair {
    let end = ends.get(&wanted).copied().unwrap_or(0);
    let is_new = !counts.keys().any(|(old, _)| *old == end);
    let is_only = counts.keys().filter(|(_, other)| *other == wanted).count() == 1;
    let via = match old == end || is_new && is_only {
        true => end,
        false => fresh(taken),
    };
    ColumnPair { old, wanted, via, end }
}

/// Each wanted column keeps the old one that most of its ports had; the others get a fresh one.
fn physical(counts: &BTreeMap<(u32, u32), u32>) -> BTreeMap<u32, u32> {
    let mut ends = BTreeMap::from([(0, 0)]);
    let mut taken: BTreeSet<u32> = counts.keys().map(|(old, _)| *old).collect();
    let mut kept = BTreeSet::from([0]);
    let mut by_count: Vec<_> =
        counts.iter().map(|((old, wanted), count)| (count, old, wanted)).collect();
    by_count.sort_unstable_by_key(|(count, old, wanted)| (u32::MAX - **count, **old, **wanted));
    for (_, old, wanted) in by_count {
        if !ends.contains_key(wanted) && kept.insert(*old) {
            ends.insert(*wanted, *old);
        }
    }
    for (_, wanted) in counts.keys() {
        ends.entry(*wanted).or_insert_with(|| fresh(&mut taken));
    }
    ends
}

fn fresh(taken: &mut BTreeSet<u32>) -> u32 {
    let free = (0..).find(|column| !taken.contains(column)).unwrap_or(u32::MAX);
    taken.insert(free);
    free
}
