//! Ids by content: what means the same has the same number, today and after a restart.
//!
//! Rules, sets and classes take their ids from a hash of what they are. Two that collide are told
//! apart in a fixed order, so equal inputs still give equal ids.

use std::collections::BTreeMap;
use std::fmt::Debug;

use model::Reason;

/// The first 32 bits of a content's hash.
pub(crate) fn content_id(domain: &str, content: &impl Debug) -> u32 {
    let digest = blake3::hash(format!("{domain} {content:?}").as_bytes());
    let [a, b, c, d, ..] = *digest.as_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// The first free id from `wanted` on, below `limit` and never 0.
pub(crate) fn free_id(wanted: u32, limit: u32, taken: impl Fn(u32) -> bool) -> u32 {
    let mut id = wanted % limit;
    while id == 0 || taken(id) {
        id = (id + 1) % limit;
    }
    id
}

/// What rule ids mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    reasons: BTreeMap<u32, Reason>,
    ids: BTreeMap<Reason, u32>,
}

impl Names {
    /// What `rule` means.
    #[must_use]
    pub fn reason(&self, rule: u32) -> Option<&Reason> {
        self.reasons.get(&rule)
    }

    /// All ids and their meanings.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Reason)> {
        self.reasons.iter().map(|(id, reason)| (*id, reason))
    }

    /// The id of `reason`, made if there is none yet.
    pub(crate) fn id(&mut self, reason: Reason) -> u32 {
        if let Some(id) = self.ids.get(&reason) {
            return *id;
        }
        let wanted = content_id("reason", &reason);
        let id = free_id(wanted, u32::MAX, |id| self.reasons.contains_key(&id));
        self.reasons.insert(id, reason.clone());
        self.ids.insert(reason, id);
        id
    }
}
