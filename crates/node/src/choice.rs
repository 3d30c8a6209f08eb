//! What is programmed: everything, or where that does not fit, as much as does.
//!
//! Denials, conjunctions and quarantine are never what is given up: an endpoint that cannot have its
//! policies keeps those that it had or is in quarantine, and a Service that has no room is denied.

use std::collections::BTreeMap;
use std::net::IpAddr;

use compile::{Capacities, CompileError, Compiled, Draft, EndpointSets, Image, Shortage};
use model::{End, World};
use plan::{Op, PlanError};

use crate::budget::{self, Budget, Fitting};
use crate::memory::Memory;
use crate::moves::{self, Move};
use crate::report::{Held, HeldEndpoint, HeldPeer, HeldService, NotProgrammed};

/// What there is, and how much of it there can be.
#[derive(Clone, Copy)]
pub(crate) struct Room<'a> {
    pub(crate) observed: &'a Image,
    pub(crate) capacities: Capacities,
}

/// What is to be programmed.
pub(crate) struct Choice {
    pub(crate) compiled: Compiled,
    pub(crate) ops: Vec<Op>,
    pub(crate) not_programmed: NotProgrammed,
    /// The sets of each endpoint that is to be live.
    pub(crate) given: BTreeMap<u32, EndpointSets>,
    /// Numbers of rules that were other rules' before.
    pub(crate) fresh: Vec<u16>,
}

/// A table for which there is no room.
struct TooLarge {
    /// The first map that would overflow.
    first: Shortage,
    /// All of them, as far as they were counted.
    shortages: Vec<Shortage>,
    /// The table, without rows and cells where these are too many to be laid out.
    table: Compiled,
}

/// Chooses what of `draft` fits. `enforced` is the same without what is staged, where something is:
/// that is what is given up first, and it keeps nothing else from being programmed (ruling N37).
///
/// # Errors
/// Where nothing at all fits.
pub(crate) fn choose(
    draft: &Draft<'_>,
    enforced: Option<&Draft<'_>>,
    room: Room<'_>,
    memory: &Memory,
    world: &World,
) -> Result<Choice, PlanError> {
    let too_large = match whole(draft, room) {
        Ok(choice) => return Ok(choice),
        Err(too_large) => too_large,
    };
    let Some(enforced) = enforced else { return part(draft, &too_large, room, memory, world) };
    let mut choice = choose(enforced, None, room, memory, world)?;
    choice.compiled.unstaged = Some(too_large.first.into());
    choice.not_programmed.shortages = too_large.shortages;
    Ok(choice)
}

/// Everything, if there is room for it.
fn whole(draft: &Draft<'_>, room: Room<'_>) -> Result<Choice, Box<TooLarge>> {
    let Room { observed, capacities } = room;
    let mut compiled =
        draft.compile(&Capacities::LARGEST).map_err(|CompileError::Capacity(first)| {
            Box::new(TooLarge { first, shortages: vec![first], table: draft.outline() })
        })?;
    let fresh = plan::number(observed, &mut compiled.image).fresh;
    match plan::plan_within(observed, &compiled.image, &capacities) {
        Ok(ops) => Ok(Choice {
            compiled,
            ops,
            not_programmed: NotProgrammed::default(),
            given: draft.endpoints().map(|(slot, sets)| (slot, sets.clone())).collect(),
            fresh,
        }),
        Err(error) => {
            let needed = plan::needed(observed, &compiled.image).unwrap_or_default();
            let (first, shortages) = (budget::shortage(error), needed.shortages(&capacities));
            Err(Box::new(TooLarge { first, shortages, table: compiled }))
        }
    }
}

/// Chooses a part.
fn part(
    draft: &Draft<'_>,
    TooLarge { table: whole, shortages, .. }: &TooLarge,
    room: Room<'_>,
    memory: &Memory,
    world: &World,
) -> Result<Choice, PlanError> {
    let observed = room.observed;
    let services = moves::of_services(world, observed);
    let (last, wanted) =
        moves::of_endpoints(draft, &whole.image, (observed, memory), &room.capacities);
    let (strangers, others) = addresses(whole, observed, world);
    let nothing = nothing(draft, &services);
    let mut budget = Budget::new(nothing, observed, room.capacities)?;
    budget.include(&services);
    budget.omit(room.capacities.peers, strangers, &others)?;
    // What there is fits as it is, but a part of it may not: it would have other columns.
    budget.include(&last);
    budget.include(&wanted);
    let shortages = shortages.clone();
    let not_programmed = NotProgrammed { shortages, ..report(&budget, draft, world, whole) };
    let Budget { fitting: Fitting { compiled, ops, fresh }, taken, .. } = budget;
    Ok(Choice { compiled, ops, not_programmed, given: given(&taken), fresh })
}

/// Everybody in quarantine and every Service denied.
fn nothing<'a>(draft: &Draft<'a>, services: &[Move]) -> Draft<'a> {
    let mut nothing = draft.clone();
    let slots: Vec<u32> = draft.endpoints().map(|(slot, _)| slot).collect();
    slots.into_iter().for_each(|slot| nothing.give(slot, None));
    for one in services {
        if let Move::Service(service) = one {
            service.addresses.iter().for_each(|address| nothing.refuse(*address));
        }
    }
    nothing
}

/// Addresses that the kernel does not have yet: those whose pods are unknown pods without an entry,
/// the ones elsewhere first; and all others, with those of Services that would be refused.
fn addresses(whole: &Compiled, observed: &Image, world: &World) -> (Vec<IpAddr>, Vec<IpAddr>) {
    let new = whole.image.peers.keys().filter(|address| !observed.peers.contains_key(address));
    let (mut strangers, mut others) = (Vec::new(), Vec::new());
    for address in new.map(|address| IpAddr::from(*address)) {
        match world.end_at(address) {
            End::Pod { pod, .. } if world.is_pod_address(address) => {
                strangers.push((whole.slots.contains_key(&pod), address));
            }
            End::Pod { .. }
            | End::Host { .. }
            | End::UnknownPod { .. }
            | End::External { .. }
            | End::Domain { .. } => others.push(address),
        }
    }
    others.extend(world.services().iter().flat_map(|service| service.addresses.clone()));
    strangers.sort_unstable();
    (strangers.into_iter().map(|(_, address)| address).collect(), others)
}

fn given(taken: &[Move]) -> BTreeMap<u32, EndpointSets> {
    let mut given = BTreeMap::new();
    for one in taken {
        match one {
            Move::Service(_) => {}
            Move::Last(endpoints) | Move::Wanted(endpoints) => {
                given.extend(endpoints.slots.iter().map(|slot| (*slot, endpoints.sets.clone())));
            }
        }
    }
    given
}

fn report(
    budget: &Budget<'_>,
    draft: &Draft<'_>,
    world: &World,
    whole: &Compiled,
) -> NotProgrammed {
    let mut report = NotProgrammed::default();
    for (one, shortage) in &budget.left_out {
        if let Move::Service(service) = one {
            let service = service.name.clone();
            report.services.push(HeldService { service, shortage: *shortage });
        }
    }
    report.endpoints = held(budget, draft, world, whole);
    report.peers = budget
        .omitted
        .iter()
        .map(|(address, shortage)| HeldPeer {
            pod: match world.end_at(*address).pod() {
                Some(pod) => world.pod(pod).to_string(),
                None => "a node or Service".to_owned(),
            },
            address: *address,
            shortage: *shortage,
        })
        .collect();
    report
}

/// The endpoints that do not have what is wanted, by slot, each with the first table that was full.
fn held(
    budget: &Budget<'_>,
    draft: &Draft<'_>,
    world: &World,
    whole: &Compiled,
) -> Vec<HeldEndpoint> {
    let pods = whole.slots.iter().map(|(pod, slot)| (*slot, world.pod(*pod).to_string()));
    let node = |id| format!("node {}", world.node(id).name);
    let nodes = whole.hosts.iter().map(|(id, slot)| (*slot, node(*id)));
    let names: BTreeMap<u32, String> = pods.chain(nodes).collect();
    let is_node = |slot| whole.hosts.values().any(|of_node| *of_node == slot);
    let given = given(&budget.taken);
    let endpoint = |(slot, wanted): (u32, &EndpointSets)| {
        let (held, policies) = match given.get(&slot) {
            Some(has) if has == wanted => return None,
            Some(has) => (Held::LastGood, has.changed(wanted)),
            None if is_node(slot) => (Held::Unenforced, wanted.policies()),
            // Nobody is led to the words of a node that no rule speaks for (ruling N39).
            None if !names.contains_key(&slot) && wanted.rule_count() == 0 => return None,
            None => (Held::Quarantine, wanted.policies()),
        };
        let pod = names.get(&slot).cloned().unwrap_or_default();
        let shortage = shortage_of(budget, slot)?;
        Some(HeldEndpoint { slot, pod, held, policies, shortage })
    };
    let mut held: Vec<HeldEndpoint> = draft.endpoints().filter_map(endpoint).collect();
    held.sort_by_key(|endpoint| endpoint.slot);
    held
}

fn shortage_of(budget: &Budget<'_>, slot: u32) -> Option<Shortage> {
    let is_about = |one: &Move| match one {
        Move::Service(_) => false,
        Move::Last(endpoints) | Move::Wanted(endpoints) => endpoints.slots.contains(&slot),
    };
    budget.left_out.iter().find(|(one, _)| is_about(one)).map(|(_, shortage)| *shortage)
}
