//! Connections as one end remembers them: who opened them, and by which generation they were judged.
//!
//! A packet of a connection of the endpoint's generation passes without another look; of another one
//! it is judged again, and lives on or is cut (ruling N25).

use std::collections::BTreeMap;

use compile::Image;
use model::Verdict;

use crate::ask::Ask;
use crate::clock::Clock;

/// After so long without a packet a connection is forgotten.
const LIFETIME_NS: u64 = 1_800_000_000_000;

/// What is remembered of one.
#[derive(Clone, Copy, Debug)]
struct Connection {
    generation: u64,
    seen_ns: u64,
}

/// What became of a packet of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It passed.
    Passed,
    /// The connection was ended.
    Cut,
    /// There is no such connection any more.
    Unknown,
}

/// All that are remembered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections {
    known: BTreeMap<Ask, Connection>,
}

impl Connections {
    /// The first packet: remembered if it is let through.
    pub(crate) fn open(&mut self, ask: Ask, image: &Image, clock: &Clock) {
        if ask.verdict(image) == Verdict::Allow {
            let generation = generation(image, ask.slot);
            self.known.insert(ask, Connection { generation, seen_ns: clock.monotonic_ns });
        }
    }

    /// A later packet.
    pub(crate) fn packet(&mut self, ask: Ask, image: &Image, clock: &Clock) -> Fate {
        let now = clock.monotonic_ns;
        let Some(connection) = self.known.get_mut(&ask) else { return Fate::Unknown };
        if connection.seen_ns.saturating_add(LIFETIME_NS) < now {
            self.known.remove(&ask);
            return Fate::Unknown;
        }
        let generation = generation(image, ask.slot);
        if connection.generation != generation {
            let answer = ask.answer(image);
            if answer.verdict == Verdict::Deny && !answer.keeps_existing {
                self.known.remove(&ask);
                return Fate::Cut;
            }
        }
        *connection = Connection { generation, seen_ns: now };
        Fate::Passed
    }

    /// Every connection of an endpoint ends with it.
    pub(crate) fn end(&mut self, slot: u32) {
        self.known.retain(|ask, _| ask.slot != slot);
    }

    pub(crate) fn all(&self) -> Vec<Ask> {
        self.known.keys().copied().collect()
    }
}

fn generation(image: &Image, slot: u32) -> u64 {
    image.endpoints.get(&slot).map_or(0, |endpoint| endpoint.generation)
}
