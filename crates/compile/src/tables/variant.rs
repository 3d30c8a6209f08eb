//! What a pod that does not exist yet may be besides its labels: its address, and what its port
//! names stand for.
//!
//! Only what a set tells apart is listed, so the list is as short as the set's.

use std::collections::BTreeSet;

use model::{Manner, PortRange, Protocol};

use crate::atom::Atom;
use crate::set::{PolicySet, SetPort, SetPorts, SetRule};

/// At most so many ways to bind the names of one protocol are tried.
const BINDINGS_MAX: usize = 512;

/// A name on a protocol and a number that it may stand for.
type Binding = (String, Protocol, u16);

/// How the names that some sets resolve on peers may be bound, the unbound way first.
pub(crate) struct Bindings {
    pub(crate) ways: Vec<Vec<Binding>>,
    /// Whether these are all that the sets can tell apart.
    pub(crate) complete: bool,
}

impl Bindings {
    pub(crate) fn of(sets: &[&PolicySet]) -> Self {
        let rules = || sets.iter().flat_map(|set| &set.rules);
        let names: BTreeSet<(&str, Protocol)> = rules().flat_map(names).collect();
        let is_additive = |rule: &&SetRule| rule.tier.manner() == Manner::Additive;
        let ordered = rules().filter(|rule| !is_additive(rule));
        let has_ordered_names = ordered.flat_map(self::names).next().is_some();
        let choices: Vec<Vec<Binding>> = names
            .iter()
            .map(|(name, protocol)| {
                let numbers = numbers(rules(), *protocol, !has_ordered_names);
                numbers.into_iter().map(|it| ((*name).to_owned(), *protocol, it)).collect()
            })
            .collect();
        match has_ordered_names {
            true => by_protocol(&choices),
            false => one_by_one(&choices),
        }
    }

    /// As atoms, so that columns know their ports.
    pub(crate) fn atoms(&self, name: &str) -> Vec<Atom> {
        let all = self.ways.iter().flatten().filter(|(own, ..)| own == name);
        all.map(atom).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// The atom of a binding.
pub(crate) fn atom((name, protocol, number): &Binding) -> Atom {
    Atom::NamedPort { name: name.clone(), protocol: *protocol, number: *number }
}

/// Where rules only add up, a name matters alone: others that are unbound allow least.
fn one_by_one(choices: &[Vec<Binding>]) -> Bindings {
    let single = choices.iter().flatten().map(|binding| vec![binding.clone()]);
    Bindings { ways: std::iter::once(Vec::new()).chain(single).collect(), complete: true }
}

/// Where order counts, names that one protocol binds may meet; those of two protocols never do.
fn by_protocol(choices: &[Vec<Binding>]) -> Bindings {
    let mut bindings = Bindings { ways: vec![Vec::new()], complete: true };
    for protocol in Protocol::ALL {
        let is_own = |one: &&Vec<Binding>| one.iter().any(|(_, own, _)| *own == protocol);
        let own: Vec<&Vec<Binding>> = choices.iter().filter(is_own).collect();
        let count = own.iter().try_fold(1_usize, |all, one| all.checked_mul(one.len() + 1));
        bindings.complete &= count.is_some_and(|count| count <= BINDINGS_MAX);
        if count.is_some_and(|count| count <= BINDINGS_MAX) {
            bindings.ways.extend(product(&own).into_iter().filter(|way| !way.is_empty()));
        }
    }
    bindings
}

fn product(choices: &[&Vec<Binding>]) -> Vec<Vec<Binding>> {
    choices.iter().fold(vec![Vec::new()], |ways: Vec<Vec<Binding>>, choices| {
        let bound = ways.iter().flat_map(|way| {
            choices
                .iter()
                .map(move |binding| [way.as_slice(), std::slice::from_ref(binding)].concat())
        });
        ways.iter().cloned().chain(bound).collect()
    })
}

fn names(rule: &SetRule) -> impl Iterator<Item = (&str, Protocol)> {
    let ports: &[SetPort] = match &rule.ports {
        SetPorts::Any => &[],
        SetPorts::OneOf(ports) => ports,
    };
    ports.iter().flat_map(|port| {
        let named = match port {
            SetPort::OnPeer(protocol, name) => Some((name.as_str(), *protocol)),
            SetPort::Numbers(..) => None,
        };
        named.into_iter().flat_map(|(name, protocol)| {
            let all = Protocol::ALL.into_iter();
            all.filter(move |it| protocol.is_none_or(|own| own == *it)).map(move |it| (name, it))
        })
    })
}

/// A number of each part into which `rules` cut the ports; one that no rule is about says it all
/// where `least` is enough.
fn numbers<'r>(
    rules: impl Iterator<Item = &'r SetRule>,
    protocol: Protocol,
    least: bool,
) -> Vec<u16> {
    let ranges = rules.flat_map(|rule| match &rule.ports {
        SetPorts::Any => Vec::new(),
        SetPorts::OneOf(ports) => ports.iter().filter_map(|port| of(port, protocol)).collect(),
    });
    parts(&ranges.collect::<Vec<_>>(), least)
}

fn of(port: &SetPort, protocol: Protocol) -> Option<PortRange> {
    match port {
        SetPort::Numbers(own, range) => (*own == protocol).then_some(*range),
        SetPort::OnPeer(..) => None,
    }
}

/// The first number of each part of the ports that `ranges` cut; only one that is in none of them,
/// if there is one and `least` is wanted.
#[must_use]
pub fn parts(ranges: &[PortRange], least: bool) -> Vec<u16> {
    let after = ranges.iter().filter_map(|range| range.last().checked_add(1));
    let firsts = ranges.iter().map(|range| range.first());
    let starts: BTreeSet<u16> = firsts.chain(after).chain([1]).collect();
    let free = starts.iter().find(|start| !ranges.iter().any(|range| range.contains(**start)));
    match free.filter(|_| least) {
        Some(free) => vec![*free],
        None => starts.into_iter().collect(),
    }
}
