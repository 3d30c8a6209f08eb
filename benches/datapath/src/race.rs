//! The race: every contestant in every round, so that whatever disturbs the machine disturbs all.
//!
//! What counts is the median over the rounds of the time above an empty program of the same round.

use std::collections::BTreeMap;

use crate::racer::{Racer, RacerError};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum What {
    /// The loop without a lookup.
    Empty,
    /// One exact lookup of four octets.
    Hash,
    /// One exact lookup of sixteen octets.
    Address,
    /// One longest-prefix lookup.
    Prefix,
    /// One lookup in a table of connections that forgets the oldest.
    Lru,
    /// Our table, by the number of peers.
    Peers,
    /// Our table, by the number of rules.
    Rules,
    /// Our table, by the number of kinds of peers that rules tell apart.
    Kinds,
    /// Our table, by the number of external prefixes.
    External,
    /// An exact lookup and a row of an array.
    Dense,
    /// The layout of identities.
    Identity,
    /// The layout of slots.
    Slots,
    /// The layout of ordered rules.
    Ordered,
    /// A whole packet that is only rewritten.
    Rewritten,
    /// A whole packet of an established connection.
    Established,
    /// A whole packet that opens a connection, by the number of peers.
    Opening,
    /// The same, by the number of rules.
    OpeningAmong,
}

/// A contestant: what, and how large.
pub(crate) type Entry = (What, u32);

/// Nanoseconds above an empty program.
pub(crate) type Results = BTreeMap<Entry, f64>;

/// One contestant and what it is compared with.
#[derive(Debug)]
pub(crate) struct Contestant {
    pub(crate) entry: Entry,
    pub(crate) base: Entry,
    pub(crate) racer: Racer,
}

/// Runs all rounds.
pub(crate) fn run(contestants: &mut [Contestant], rounds: usize) -> Result<Results, RacerError> {
    let mut samples: BTreeMap<Entry, Vec<f64>> = BTreeMap::new();
    for _ in 0..rounds {
        for contestant in contestants.iter_mut() {
            samples.entry(contestant.entry).or_default().push(contestant.racer.sample()?);
        }
    }
    Ok(contestants.iter().filter_map(|one| Some((one.entry, above(&samples, one)?))).collect())
}

fn above(samples: &BTreeMap<Entry, Vec<f64>>, contestant: &Contestant) -> Option<f64> {
    let (own, base) = (samples.get(&contestant.entry)?, samples.get(&contestant.base)?);
    if contestant.entry == contestant.base {
        return Some(median(own.clone()));
    }
    Some(median(own.iter().zip(base).map(|(own, base)| own - base).collect()))
}

/// The middle one; of none, zero.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
