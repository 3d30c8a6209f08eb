//! What the port names of a stranger may stand for, where ingress rules about it use names.
//!
//! A name is resolved on the destination (ruling N5), so for ingress that is the stranger itself.

use std::collections::BTreeSet;

use model::{
    ContainerPort, Direction, Labels, Manner, PortMatch, PortRange, Ports, Protocol, Rule,
};

/// At most so many ways to bind the names of one protocol are tried for one kind of pod.
const WAYS_MAX: usize = 256;

/// The ingress rules that use port names, and all others that these could meet.
pub(super) struct Names<'r> {
    ingress: Vec<&'r Rule>,
}

/// Those that may speak for pods of one namespace.
pub(super) struct Speaking<'r> {
    rules: Vec<&'r Rule>,
    /// Who is selected by the same rules has the same set, so one of them is enough.
    bound: BTreeSet<Vec<usize>>,
}

impl<'r> Names<'r> {
    pub(super) fn new(rules: &[&'r Rule]) -> Self {
        let ingress = rules.iter().filter(|rule| rule.direction() == Direction::Ingress);
        Self { ingress: ingress.copied().collect() }
    }

    pub(super) fn speaking_in(&self, namespace: &Labels) -> Speaking<'r> {
        let here = self.ingress.iter().filter(|rule| rule.subject.namespaces.matches(namespace));
        Speaking { rules: here.copied().collect(), bound: BTreeSet::new() }
    }
}

impl Speaking<'_> {
    /// The ports that a pod may have as far as rules can tell, and whether these are all.
    pub(super) fn ways(&mut self, labels: &Labels) -> (Vec<Vec<ContainerPort>>, bool) {
        let numbered = self.rules.iter().enumerate();
        let own = numbered.filter(|(_, rule)| rule.subject.pods.matches(labels));
        let (numbers, own): (Vec<usize>, Vec<&Rule>) = own.map(|(at, rule)| (at, *rule)).unzip();
        let names: BTreeSet<(&str, Protocol)> = own.iter().flat_map(|rule| names(rule)).collect();
        if names.is_empty() || !self.bound.insert(numbers) {
            return (vec![Vec::new()], true);
        }
        let ordered = |rule: &&&Rule| rule.tier.manner() == Manner::FirstMatch;
        let has_order = own.iter().filter(ordered).any(|rule| names_of(rule).next().is_some());
        let choices: Vec<Vec<ContainerPort>> = names
            .into_iter()
            .map(|(name, protocol)| {
                let numbers = compile::port_parts(&ranges(&own, protocol), !has_order);
                numbers.into_iter().map(|number| port(name, protocol, number)).collect()
            })
            .collect();
        match has_order {
            true => by_protocol(&choices),
            false => (one_by_one(&choices), true),
        }
    }
}

/// Where rules only add up, a name matters alone: others that are unbound allow least.
fn one_by_one(choices: &[Vec<ContainerPort>]) -> Vec<Vec<ContainerPort>> {
    let single = choices.iter().flatten().map(|port| vec![port.clone()]);
    std::iter::once(Vec::new()).chain(single).collect()
}

/// Where order counts, names that one protocol binds may meet; those of two protocols never do.
fn by_protocol(choices: &[Vec<ContainerPort>]) -> (Vec<Vec<ContainerPort>>, bool) {
    let (mut ways, mut complete) = (vec![Vec::new()], true);
    for protocol in Protocol::ALL {
        let is_own = |one: &&Vec<ContainerPort>| one.iter().any(|port| port.protocol == protocol);
        let own: Vec<&Vec<ContainerPort>> = choices.iter().filter(is_own).collect();
        let count = own.iter().try_fold(1_usize, |all, one| all.checked_mul(one.len() + 1));
        match count.filter(|count| *count <= WAYS_MAX) {
            Some(_) => ways.extend(product(&own).into_iter().filter(|way| !way.is_empty())),
            None => complete = false,
        }
    }
    (ways, complete)
}

fn product(choices: &[&Vec<ContainerPort>]) -> Vec<Vec<ContainerPort>> {
    choices.iter().fold(vec![Vec::new()], |ways: Vec<Vec<ContainerPort>>, choices| {
        let bound = ways.iter().flat_map(|way| {
            choices.iter().map(move |port| [way.as_slice(), std::slice::from_ref(port)].concat())
        });
        ways.iter().cloned().chain(bound).collect()
    })
}

fn ports(rule: &Rule) -> &[PortMatch] {
    match &rule.ports {
        Ports::Any => &[],
        Ports::OneOf(ports) => ports,
    }
}

fn names_of(rule: &Rule) -> impl Iterator<Item = (&str, Option<Protocol>)> {
    ports(rule).iter().filter_map(|port| match port {
        PortMatch::Named { protocol, name } => Some((name.as_str(), *protocol)),
        PortMatch::Numbers { .. } => None,
    })
}

fn names(rule: &Rule) -> impl Iterator<Item = (&str, Protocol)> {
    names_of(rule).flat_map(|(name, protocol)| {
        let all = Protocol::ALL.into_iter();
        all.filter(move |it| protocol.is_none_or(|own| own == *it)).map(move |it| (name, it))
    })
}

fn ranges(rules: &[&Rule], protocol: Protocol) -> Vec<PortRange> {
    let numbers = rules.iter().flat_map(|rule| ports(rule)).filter_map(|port| match port {
        PortMatch::Numbers { protocol: own, range } => (*own == protocol).then_some(*range),
        PortMatch::Named { .. } => None,
    });
    numbers.collect()
}

fn port(name: &str, protocol: Protocol, number: u16) -> ContainerPort {
    let name = Some(name.to_owned());
    ContainerPort { container: "main".to_owned(), name, protocol, number }
}
