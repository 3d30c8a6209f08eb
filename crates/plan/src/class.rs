//! Classes: where every address is, where it goes, and over which class.

use std::collections::{BTreeMap, BTreeSet};

use abi::{Address, PrefixKey};
use compile::Image;

/// All addresses that had one class and shall have another, or keep theirs. None is an address
/// that no prefix covers, which every set denies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClassPair {
    pub(crate) old: Option<u32>,
    pub(crate) wanted: Option<u32>,
    pub(crate) via: Option<u32>,
}

/// Every entry of the two address maps in either image, with its pair.
pub(crate) struct ClassMap {
    pub(crate) peers: BTreeMap<Address, ClassPair>,
    pub(crate) prefixes: BTreeMap<PrefixKey, ClassPair>,
    pub(crate) pairs: BTreeSet<ClassPair>,
}

type Ends = (Option<u32>, Option<u32>);

impl ClassMap {
    pub(crate) fn between(old: &Image, wanted: &Image) -> Self {
        let addresses: BTreeSet<Address> =
            old.peers.keys().chain(wanted.peers.keys()).copied().collect();
        let keys: BTreeSet<PrefixKey> =
            old.prefixes.keys().chain(wanted.prefixes.keys()).copied().collect();
        let peers: BTreeMap<Address, Ends> = addresses
            .into_iter()
            .map(|address| (address, (old.class(address), wanted.class(address))))
            .collect();
        let prefixes: BTreeMap<PrefixKey, Ends> = keys
            .into_iter()
            .map(|key| (key, (at_prefix(old, key), at_prefix(wanted, key))))
            .collect();
        let pairs = pairs(peers.values().chain(prefixes.values()).copied(), old, wanted);
        let pair = |ends: Ends| {
            let unchanged = ClassPair { old: ends.0, wanted: ends.1, via: ends.1 };
            pairs.get(&ends).copied().unwrap_or(unchanged)
        };
        Self {
            peers: peers.into_iter().map(|(address, ends)| (address, pair(ends))).collect(),
            prefixes: prefixes.into_iter().map(|(key, ends)| (key, pair(ends))).collect(),
            pairs: pairs.values().copied().collect(),
        }
    }
}

/// The class of a prefix's own region.
fn at_prefix(image: &Image, key: PrefixKey) -> Option<u32> {
    let around = image.longest_prefix(key.address, key.length)?;
    image.prefixes.get(&around).copied()
}

fn pairs(
    ends: impl Iterator<Item = Ends>,
    old: &Image,
    wanted: &Image,
) -> BTreeMap<Ends, ClassPair> {
    let ends: BTreeSet<Ends> = ends.collect();
    let mut taken = classes(old);
    let in_old = taken.clone();
    taken.extend(classes(wanted));
    let mut sources: BTreeMap<u32, u32> = BTreeMap::new();
    for (_, wanted) in &ends {
        if let Some(wanted) = wanted {
            *sources.entry(*wanted).or_default() += 1;
        }
    }
    let mut pair = |(old, wanted): Ends| {
        let arrives_whole = wanted
            .is_some_and(|wanted| !in_old.contains(&wanted) && sources.get(&wanted) == Some(&1));
        let via = if old == wanted || arrives_whole { wanted } else { Some(fresh(&mut taken)) };
        ClassPair { old, wanted, via }
    };
    ends.into_iter().map(|ends| (ends, pair(ends))).collect()
}

fn classes(image: &Image) -> BTreeSet<u32> {
    let addressed = image.peers.values().chain(image.prefixes.values()).copied();
    addressed.chain(image.rows.keys().map(|key| key.class)).collect()
}

fn fresh(taken: &mut BTreeSet<u32>) -> u32 {
    let free = (1..).find(|class| !taken.contains(class)).unwrap_or(u32::MAX);
    taken.insert(free);
    free
}
