//! Ports by number: the Service's in place of the pod's, and those that nobody declares.
//!
//! Policy is judged after translation (ruling N13), which the number on the Service hides.

use std::collections::BTreeMap;

use model::{Direction, Peer, Peers, PodId, PortMatch, Ports, Protocol, Service, ServicePort};

use crate::facts::Facts;
use crate::found::Found;
use crate::written::Written;

const DNS_PORT: u16 = 53;

type Port = (Protocol, u16);

/// Who serves which port, and which Services lead elsewhere.
struct Served<'a> {
    declared: BTreeMap<Port, Vec<PodId>>,
    translated: BTreeMap<Port, Vec<(&'a Service, &'a ServicePort)>>,
}

impl<'a> Served<'a> {
    fn new(facts: &Facts<'a>) -> Self {
        let mut declared: BTreeMap<Port, Vec<PodId>> = BTreeMap::new();
        for id in facts.index.all() {
            for port in &facts.world.pod(id).ports {
                declared.entry((port.protocol, port.number)).or_default().push(id);
            }
        }
        declared.values_mut().for_each(|pods| pods.sort_unstable());
        let mut translated: BTreeMap<Port, Vec<_>> = BTreeMap::new();
        for service in facts.world.services() {
            for port in &service.ports {
                let all = translated.entry((port.protocol, port.port)).or_default();
                all.push((service, port));
            }
        }
        Self { declared, translated }
    }

    fn is_declared(&self, port: Port, targets: &[PodId]) -> bool {
        self.declared.get(&port).is_some_and(|pods| meet(pods, targets))
    }
}

/// Whether two sorted lists have an item in common.
pub(crate) fn meet(one: &[PodId], other: &[PodId]) -> bool {
    let (few, many) = if one.len() < other.len() { (one, other) } else { (other, one) };
    few.iter().any(|id| many.binary_search(id).is_ok())
}

/// RF006.
pub(crate) fn service_port(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    translated(facts, found, |port| port != DNS_PORT);
}

/// RF015.
pub(crate) fn dns_port(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    translated(facts, found, |port| port == DNS_PORT);
}

fn translated(facts: &Facts<'_>, found: &mut Found<'_, '_>, is_asked: fn(u16) -> bool) {
    let served = Served::new(facts);
    each_number(facts, |policy, written, (protocol, number), at| {
        if !is_asked(number) {
            return;
        }
        let Some(services) = served.translated.get(&(protocol, number)) else { return };
        let targets = targets(facts, written);
        if targets.is_empty() || served.is_declared((protocol, number), &targets) {
            return;
        }
        let leads = services.iter().find_map(|(service, port)| {
            let mut pods = facts.pods_of(service).into_iter();
            let pod = pods.find(|id| targets.binary_search(id).is_ok())?;
            let target = facts.target(pod, port).filter(|target| *target != number)?;
            (!allows(written, protocol, target)).then_some((*service, target))
        });
        if let Some((service, target)) = leads {
            let name = format!("{}/{}", service.namespace, service.name);
            let message = format!(
                "{number}/{protocol} is the port of Service {name}; its pods listen on {target}, which is what policy sees"
            );
            let service = facts.find("Service", &service.namespace, &service.name);
            let raw = found.at(policy.object, at, message);
            raw.fix(format!("write port: {target}"));
            raw.and_at(service.map(|service| facts.name_at(service)));
        }
    });
}

/// RF047: every pod declares ports, and none this one.
pub(crate) fn undeclared(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    let served = Served::new(facts);
    each_number(facts, |policy, written, (protocol, number), at| {
        let targets = targets(facts, written);
        let all_declare = || targets.iter().all(|id| !facts.world.pod(*id).ports.is_empty());
        if targets.is_empty() || served.is_declared((protocol, number), &targets) || !all_declare()
        {
            return;
        }
        let of_service = served.translated.get(&(protocol, number)).is_some_and(|services| {
            services.iter().any(|(service, _)| meet(&facts.pods_of(service), &targets))
        });
        if !of_service {
            let message = format!("no container of the selected pods declares {number}/{protocol}");
            found.at(policy.object, at, message);
        }
    });
}

/// Calls `report` for each single port that a rule names by its number.
fn each_number<'a>(
    facts: &Facts<'a>,
    mut report: impl FnMut(&crate::written::Policy<'a>, &Written<'a>, Port, manifest::Span),
) {
    for policy in &facts.policies {
        for written in &policy.rules {
            for (port, at) in written.ports() {
                if let PortMatch::Numbers { protocol, range } = port
                    && range.first() == range.last()
                {
                    report(policy, written, (*protocol, range.first()), at);
                }
            }
        }
    }
}

/// The pods whose ports a rule names: its subject, or its peers; none where other peers count too.
pub(crate) fn targets<'a>(facts: &Facts<'a>, written: &Written<'a>) -> Vec<PodId> {
    let rule = written.rule;
    if rule.direction() == Direction::Ingress {
        return facts.index.pods(&rule.subject.namespaces, &rule.subject.pods).to_vec();
    }
    let Peers::OneOf(peers) = &rule.peers else { return Vec::new() };
    let mut targets = Vec::new();
    for peer in peers {
        let Peer::Pods { namespaces, pods } = peer else { return Vec::new() };
        targets.extend(facts.index.pods(namespaces, pods).iter().copied());
    }
    targets.sort_unstable();
    targets.dedup();
    targets
}

fn allows(written: &Written<'_>, protocol: Protocol, number: u16) -> bool {
    match &written.rule.ports {
        Ports::Any => true,
        Ports::OneOf(ports) => ports.iter().any(|port| match port {
            PortMatch::Numbers { protocol: own, range } => {
                *own == protocol && range.contains(number)
            }
            PortMatch::Named { .. } => false,
        }),
    }
}
