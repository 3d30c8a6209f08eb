//! The sets that every endpoint had last, so that it can keep them where new ones do not fit.
//!
//! The kernel remembers a set by its number only. Which rules that was is known to whoever wrote it,
//! and to nobody after a restart.

use std::collections::BTreeMap;

use abi::Sets;
use compile::{EndpointSets, Image};

/// By slot: what the endpoint has, and what it was to get when a plan was cut off.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    endpoints: BTreeMap<u32, Vec<Version>>,
}

#[derive(Debug)]
struct Version {
    word: Sets,
    sets: EndpointSets,
}

impl Memory {
    /// Forgets what the kernel does not have: an endpoint without sets begins anew, whoever had its
    /// slot before, and of what was on its way that is known which arrived.
    pub(crate) fn recall(&mut self, observed: &Image) {
        let word = |slot: &u32| observed.endpoints.get(slot).map(|endpoint| endpoint.sets);
        self.endpoints.retain(|slot, _| word(slot).is_some_and(Sets::is_live));
        for (slot, versions) in &mut self.endpoints {
            let word = word(slot);
            if versions.iter().any(|version| Some(version.word) == word) {
                versions.retain(|version| Some(version.word) == word);
            }
        }
    }

    /// Remembers what is about to be written, beside what is there.
    pub(crate) fn attempt(&mut self, image: &Image, given: BTreeMap<u32, EndpointSets>) {
        for (slot, sets) in given {
            let Some(word) = image.endpoints.get(&slot).map(|endpoint| endpoint.sets) else {
                continue;
            };
            let versions = self.endpoints.entry(slot).or_default();
            versions.truncate(1);
            if versions.iter().all(|version| version.word != word) {
                versions.push(Version { word, sets });
            }
        }
    }

    /// The sets that the endpoint had last, if that is known.
    pub(crate) fn last(&self, slot: u32) -> Option<&EndpointSets> {
        self.endpoints.get(&slot)?.first().map(|version| &version.sets)
    }
}
