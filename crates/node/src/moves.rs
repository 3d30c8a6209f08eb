//! What can be put into a table by itself, in the order in which it is.
//!
//! Before the first move every endpoint is in quarantine and every Service denied. What endpoints
//! have comes before what they should have, and small changes before large ones: what made a table
//! overflow is the last to get room.

use std::collections::BTreeMap;
use std::net::IpAddr;

use compile::{Capacities, Draft, EndpointSets, Image};
use model::World;

use crate::memory::Memory;

/// One step from nothing towards everything.
#[derive(Clone, Debug)]
pub(crate) enum Move {
    /// A Service is translated.
    Service(ServiceAt),
    /// Endpoints keep the sets that they have.
    Last(Endpoints),
    /// Endpoints get the sets that they should have.
    Wanted(Endpoints),
}

/// A Service and where it is.
#[derive(Clone, Debug)]
pub(crate) struct ServiceAt {
    pub(crate) name: String,
    pub(crate) addresses: Vec<IpAddr>,
}

/// Endpoints that have the same sets and should have the same sets.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    pub(crate) slots: Vec<u32>,
    pub(crate) sets: EndpointSets,
}

impl Move {
    /// Makes a draft have it.
    pub(crate) fn apply(&self, draft: &mut Draft<'_>) {
        match self {
            Self::Service(service) => service.addresses.iter().for_each(|at| draft.admit(*at)),
            Self::Last(endpoints) | Self::Wanted(endpoints) => {
                for slot in &endpoints.slots {
                    draft.give(*slot, Some(endpoints.sets.clone()));
                }
            }
        }
    }

    /// Whether it needs to know who has which address.
    pub(crate) fn asks_peers(&self) -> bool {
        match self {
            Self::Service(_) => false,
            Self::Last(endpoints) | Self::Wanted(endpoints) => endpoints.sets.rule_count() > 0,
        }
    }
}

/// The Services in their order; those that are as the kernel has them come first.
pub(crate) fn of_services(world: &World, observed: &Image) -> Vec<Move> {
    let mut services: Vec<(bool, ServiceAt)> = world
        .services()
        .iter()
        .filter(|service| !service.addresses.is_empty())
        .map(|service| {
            let is_known =
                |at: &IpAddr| observed.services.keys().any(|key| IpAddr::from(key.address) == *at);
            let name = format!("{}/{}", service.namespace, service.name);
            let addresses = service.addresses.clone();
            (!addresses.iter().all(is_known), ServiceAt { name, addresses })
        })
        .collect();
    services
        .sort_by(|(new, one), (also_new, other)| (new, &one.name).cmp(&(also_new, &other.name)));
    services.into_iter().map(|(_, service)| Move::Service(service)).collect()
}

/// What endpoints have, and what they should have. `whole` is the table of `draft`, if it were to
/// fit.
pub(crate) fn of_endpoints(
    draft: &Draft<'_>,
    whole: &Image,
    (observed, memory): (&Image, &Memory),
    capacities: &Capacities,
) -> (Vec<Move>, Vec<Move>) {
    let word = |image: &Image, slot| image.endpoints.get(&slot).map(|endpoint| endpoint.sets);
    let mut last: BTreeMap<&EndpointSets, Vec<u32>> = BTreeMap::new();
    let mut changes: BTreeMap<Change<'_>, Vec<u32>> = BTreeMap::new();
    for (slot, wanted) in draft.endpoints() {
        let live = word(observed, slot).filter(|word| word.is_live());
        let has = match live {
            Some(word_now) if Some(word_now) == word(whole, slot) => Some(wanted),
            Some(_) => memory.last(slot),
            None => None,
        };
        if let Some(has) = has {
            last.entry(has).or_default().push(slot);
        }
        if has != Some(wanted) {
            let is_beyond = slot >= capacities.endpoints;
            changes.entry(Change { is_beyond, has, wanted }).or_default().push(slot);
        }
    }
    let mut changes: Vec<(Change<'_>, Vec<u32>)> = changes.into_iter().collect();
    changes.sort_by_key(|(change, slots)| (change.growth(), slots.first().copied()));
    let last = last.into_iter().map(|(sets, slots)| Move::Last(Endpoints::new(sets, slots)));
    let wanted = changes.into_iter();
    let wanted = wanted.map(|(to, slots)| Move::Wanted(Endpoints::new(to.wanted, slots)));
    (last.collect(), wanted.collect())
}

/// From which sets to which.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Change<'a> {
    /// The slot is one that the table does not have.
    is_beyond: bool,
    has: Option<&'a EndpointSets>,
    wanted: &'a EndpointSets,
}

impl Change<'_> {
    /// By how many rules the endpoint's table grows, those that shrink first.
    fn growth(&self) -> i64 {
        let count = |sets: &EndpointSets| i64::try_from(sets.rule_count()).unwrap_or(i64::MAX);
        count(self.wanted) - self.has.map_or(0, count)
    }
}

impl Endpoints {
    fn new(sets: &EndpointSets, slots: Vec<u32>) -> Self {
        Self { slots, sets: sets.clone() }
    }
}
