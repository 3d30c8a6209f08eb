//! The words for ports in a test file: `ports`, or all but `exceptPorts`.
//!
//! A name must be a port of some destination; where ports are left out, all are meant.

use analysis::TrafficSet;
use manifest::{Span, Tree};
use model::{Family, Pod, PodId, Traffic};
use words::{PortWord, PortsWord};

use super::Known;
use super::fields::{Problems, Read, all, nearest};
use super::problem::Cause;
use crate::{Kind, Party, Ports};

/// The ports of a test.
pub(super) fn ports(
    body: Tree<'_>,
    kind: Kind,
    to: &Party,
    known: &Known<'_>,
    problems: &mut Problems<'_>,
) -> Read<Ports> {
    let (field, list) = match (body.get("ports"), body.get("exceptPorts")) {
        (Some(_), Some(except)) => return Err(problems.refuse(except.span(), Cause::PortsTwice)),
        (Some(list), None) => ("ports", list),
        (None, Some(list)) => ("exceptPorts", list),
        // "Allow" without ports reads as "on some port" to one and as "on all" to another.
        (None, None) if kind == Kind::Allow => {
            let cause = Cause::Missing { field: "ports", of: kind.field() };
            return Err(problems.refuse(body.span(), cause));
        }
        (None, None) => return Ok(Ports::all()),
    };
    let items = problems.list(list, field)?;
    if items.len() == 0 {
        return Err(problems.refuse(list.span(), Cause::Empty { field: field.to_owned() }));
    }
    let words = all(items, |item| {
        let word = problems.word(item, field)?;
        let parsed = word.parse::<PortsWord>();
        let parsed = parsed.map_err(|error| problems.refuse(item.span(), Cause::Port(error)))?;
        Ok((parsed, item.span()))
    })?;
    let mut ports = Ports { fixed: TrafficSet::NONE, names: Vec::new(), but: field != "ports" };
    for (word, span) in words {
        match fixed(&word) {
            Some(traffic) => ports.fixed = ports.fixed.union(&traffic),
            None => ports.names.extend(name(&word, span, to, known, problems)?),
        }
    }
    if ports.but && ports.fixed.is_all() {
        return Err(problems.refuse(list.span(), Cause::NoPorts));
    }
    Ok(ports)
}

/// What a word means wherever it goes; nothing for a name.
fn fixed(word: &PortsWord) -> Option<TrafficSet> {
    let other = || TrafficSet::one(Traffic::icmp(Family::V4));
    match word {
        PortsWord::All => Some(TrafficSet::all()),
        PortsWord::Other | PortsWord::One(PortWord::Icmp) => Some(other()),
        PortsWord::Protocol(protocol) => {
            Some(TrafficSet::ports_of(*protocol, model::PortRange::ALL))
        }
        PortsWord::One(PortWord::Numbers(protocol, range)) => {
            Some(TrafficSet::ports_of(*protocol, *range))
        }
        PortsWord::One(PortWord::Name(_)) => None,
    }
}

fn name(
    word: &PortsWord,
    span: Span,
    to: &Party,
    known: &Known<'_>,
    problems: &mut Problems<'_>,
) -> Read<Option<String>> {
    let PortsWord::One(PortWord::Name(name)) = word else { return Ok(None) };
    let pods = known.world.pods().filter(|(PodId(number), _)| to.members.contains(*number));
    let of_pods: Vec<&str> = pods.flat_map(|(_, pod)| names(pod)).collect();
    let services = to.services.iter().filter_map(|at| known.world.services().get(*at));
    let of_services = services.flat_map(|service| &service.ports);
    let of_services = of_services.filter_map(|port| port.name.as_deref());
    let names: Vec<&str> = of_pods.into_iter().chain(of_services).collect();
    if names.contains(&name.as_str()) {
        return Ok(Some(name.clone()));
    }
    let near = nearest(name, names.into_iter()).map(str::to_owned);
    Err(problems.refuse(span, Cause::NoSuchPort { name: name.clone(), near }))
}

fn names(pod: &Pod) -> impl Iterator<Item = &str> {
    pod.ports.iter().filter_map(|port| port.name.as_deref())
}
