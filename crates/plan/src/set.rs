//! Sets: which endpoints change theirs, and over which transitional set.
//!
//! A change that only closes may flip at once with everything that closes, one that only opens with
//! everything that opens; a change that does both goes over a set that allows what both allow.

use std::collections::{BTreeMap, BTreeSet};

use abi::Sets;
use compile::Image;

use crate::class::ClassPair;
use crate::row::{Images, SetPair};

/// How every pair of sets is crossed.
pub(crate) struct SetMap {
    /// The set in the meantime.
    pub(crate) via: BTreeMap<SetPair, u32>,
    /// Pairs for which a transitional set must be written.
    pub(crate) transitional: BTreeMap<SetPair, u32>,
    /// Sets that some live endpoint has of old, staged ones too.
    pub(crate) old: BTreeSet<u32>,
    /// Sets that some live endpoint is to have, staged ones too.
    pub(crate) wanted: BTreeSet<u32>,
}

impl SetMap {
    pub(crate) fn between(images: &Images<'_>, classes: &BTreeSet<ClassPair>) -> Self {
        let (old, wanted) = (used(images.old), used(images.wanted));
        let mut map = Self { via: BTreeMap::new(), transitional: BTreeMap::new(), old, wanted };
        let mut taken: BTreeSet<u32> = map.old.union(&map.wanted).copied().collect();
        taken.extend(images.old.rows.keys().map(|key| key.set));
        for pair in pairs(images) {
            let via = match map.crossing(pair, images, classes) {
                Some(via) => via,
                None => {
                    let via = fresh(&mut taken);
                    map.transitional.insert(pair, via);
                    via
                }
            };
            map.via.insert(pair, via);
        }
        map
    }

    /// The word that an endpoint has in the meantime.
    pub(crate) fn word(&self, old: Sets, wanted: Sets) -> Sets {
        let via = |old, wanted| self.via.get(&SetPair { old, wanted }).copied().unwrap_or(wanted);
        let ingress = via(old.ingress(), wanted.ingress());
        let egress = via(old.egress(), wanted.egress());
        let word = Sets::live(ingress, egress).unwrap_or(Sets::QUARANTINE);
        word.with_subjects(old.has_subjects() || wanted.has_subjects())
    }

    /// An existing set that will do in the meantime, if there is one.
    fn crossing(
        &self,
        pair: SetPair,
        images: &Images<'_>,
        classes: &BTreeSet<ClassPair>,
    ) -> Option<u32> {
        let some = |holds: &dyn Fn(ClassPair) -> bool| classes.iter().any(|class| holds(*class));
        let is_settled = |set, others: &BTreeSet<u32>| {
            !others.contains(&set) || !some(&|class| images.differs(SetPair::kept(set), class))
        };
        if pair.old == pair.wanted {
            return Some(pair.old);
        }
        if !some(&|class| images.opens(pair, class)) && is_settled(pair.wanted, &self.old) {
            return Some(pair.wanted);
        }
        if !some(&|class| images.closes(pair, class)) && is_settled(pair.old, &self.wanted) {
            return Some(pair.old);
        }
        None
    }
}

/// Both enforced words of a live endpoint; a word that is not live is in quarantine.
pub(crate) fn words(image: &Image, slot: u32) -> Option<[Sets; 2]> {
    let endpoint = image.endpoints.get(&slot).filter(|endpoint| endpoint.sets.is_live())?;
    let none = Sets::live(0, 0).unwrap_or(Sets::QUARANTINE);
    let hairpin = if endpoint.hairpin.is_live() { endpoint.hairpin } else { none };
    Some([endpoint.sets, hairpin])
}

/// The staged word of a live endpoint. Nobody's verdict hangs on it, so it crosses no transitional
/// set; but the rows that it leads to are there before it and go after it like any other.
pub(crate) fn staged(image: &Image, slot: u32) -> Sets {
    let live = image.endpoints.get(&slot).filter(|endpoint| endpoint.sets.is_live());
    live.map(|endpoint| endpoint.staged).unwrap_or_default()
}

fn used(image: &Image) -> BTreeSet<u32> {
    let words = image
        .endpoints
        .keys()
        .flat_map(|slot| words(image, *slot).into_iter().flatten().chain([staged(image, *slot)]));
    words.flat_map(|word| [word.ingress(), word.egress()]).filter(|set| *set != 0).collect()
}

fn pairs(images: &Images<'_>) -> BTreeSet<SetPair> {
    let both = images.wanted.endpoints.keys().filter_map(|slot| {
        Some(words(images.old, *slot)?.into_iter().zip(words(images.wanted, *slot)?))
    });
    both.flatten()
        .flat_map(|(old, wanted)| {
            [(old.ingress(), wanted.ingress()), (old.egress(), wanted.egress())]
        })
        .map(|(old, wanted)| SetPair { old, wanted })
        .collect()
}

fn fresh(taken: &mut BTreeSet<u32>) -> u32 {
    let free = (1..).find(|set| !taken.contains(set)).unwrap_or(u32::MAX);
    taken.insert(free);
    free
}
