//! Equal sets once, by number, so that comparing and intersecting them is done once too.
//!
//! Thousands of policy sets allow the same few ports to the same few groups.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use roaring::RoaringBitmap;

use crate::TrafficSet;

/// A traffic set by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TrafficId(u32);

/// Traffic sets and their intersections.
#[derive(Debug, Default)]
pub(crate) struct Traffics {
    sets: Vec<Arc<TrafficSet>>,
    ids: HashMap<Arc<TrafficSet>, TrafficId>,
    both: HashMap<(TrafficId, TrafficId), TrafficId>,
}

impl Traffics {
    pub(crate) fn id(&mut self, set: TrafficSet) -> TrafficId {
        let next = TrafficId(number(self.sets.len()));
        *self.ids.entry(Arc::new(set)).or_insert_with_key(|set| {
            self.sets.push(Arc::clone(set));
            next
        })
    }

    #[expect(clippy::indexing_slicing, reason = "ids come from this table")]
    pub(crate) fn get(&self, id: TrafficId) -> &Arc<TrafficSet> {
        &self.sets[id.0 as usize]
    }

    /// What is in both, or nothing where that is empty.
    pub(crate) fn both(&mut self, one: TrafficId, other: TrafficId) -> Option<TrafficId> {
        let key = (one.min(other), one.max(other));
        let id = match self.both.get(&key) {
            Some(id) => *id,
            None => {
                let both = self.get(one).intersect(self.get(other));
                let id = self.id(both);
                self.both.insert(key, id);
                id
            }
        };
        (!self.get(id).is_empty()).then_some(id)
    }
}

/// A bitmap by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct BitmapId(u32);

/// Bitmaps, each once.
#[derive(Debug, Default)]
pub(crate) struct Bitmaps {
    all: Vec<Arc<RoaringBitmap>>,
    by_hash: HashMap<u64, Vec<BitmapId>>,
}

impl Bitmaps {
    pub(crate) fn id(&mut self, bitmap: RoaringBitmap) -> BitmapId {
        let hash = hash(&bitmap);
        let known = self.by_hash.get(&hash).into_iter().flatten();
        if let Some(id) = known.copied().find(|id| **self.get(*id) == bitmap) {
            return id;
        }
        let id = BitmapId(number(self.all.len()));
        self.all.push(Arc::new(bitmap));
        self.by_hash.entry(hash).or_default().push(id);
        id
    }

    #[expect(clippy::indexing_slicing, reason = "ids come from this table")]
    pub(crate) fn get(&self, id: BitmapId) -> &Arc<RoaringBitmap> {
        &self.all[id.0 as usize]
    }
}

/// Of the length and a few members spread over the whole: equality is checked anyway.
fn hash(bitmap: &RoaringBitmap) -> u64 {
    const MEMBERS: u64 = 16;
    let mut hasher = BuildHasherDefault::<DefaultHasher>::default().build_hasher();
    let length = bitmap.len();
    length.hash(&mut hasher);
    if length <= MEMBERS {
        bitmap.iter().for_each(|member| member.hash(&mut hasher));
    } else {
        for at in 0..MEMBERS {
            let rank = u32::try_from(at * (length - 1) / (MEMBERS - 1)).unwrap_or(u32::MAX);
            bitmap.select(rank).hash(&mut hasher);
        }
    }
    hasher.finish()
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
