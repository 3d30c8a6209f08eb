//! `allow` and `deny`: every flow between those who exist, asked of the oracle one by one.
//!
//! What is about everybody there may be is read from tables and searched for; these two are not.

use model::{End, Family, Flow, Service, ServicePort, Traffic, Verdict, World};

use super::{Judge, Outcome};
use crate::counterexample::Counterexample;
use crate::edges::public;
use crate::ranges::everything;
use crate::{Case, Kind, Party};

/// Somebody at the far end of flows, and what of a test's ports means there.
pub(super) struct Destination<'w> {
    pub(super) end: End,
    pub(super) traffic: Vec<Traffic>,
    pub(super) through: Option<&'w Service>,
}

impl Judge<'_> {
    /// Judges an `allow` or a `deny`.
    pub(super) fn concrete(&self, case: &Case, wanted: Verdict) -> Outcome {
        let mut outcome = Outcome::default();
        for family in self.families(case) {
            let sources = self.ends(&case.from, family, case.kind);
            for destination in self.destinations(case, family) {
                for source in &sources {
                    self.pair(source, &destination, family, wanted, &mut outcome);
                }
            }
        }
        outcome
    }

    /// The families that a test speaks of.
    pub(super) fn families(&self, case: &Case) -> impl Iterator<Item = Family> {
        self.reach.families().iter().copied().filter(|family| case.is_about(*family))
    }

    fn pair(
        &self,
        source: &End,
        to: &Destination<'_>,
        family: Family,
        wanted: Verdict,
        outcome: &mut Outcome,
    ) {
        if source.pod().is_some() && source.pod() == to.end.pod() {
            return;
        }
        for traffic in &to.traffic {
            let Some(flow) = self.flow(source, &to.end, *traffic, family) else { continue };
            let flow = if to.through.is_some() { flow.through_service() } else { flow };
            outcome.asked += 1;
            let decision = policy::decide(self.world, self.rules, &flow);
            if decision.verdict() != wanted {
                let mut shown =
                    Counterexample::new(self.world, self.rules, &flow, &decision, |_| None);
                let name = |service: &Service| format!("{}/{}", service.namespace, service.name);
                shown.through = to.through.map(name);
                outcome.fail(shown);
                // One flow of a pair is enough: the next ones are alike or one port beside.
                return;
            }
        }
    }

    /// A flow as it would come; nothing where the two have no family in common.
    pub(super) fn flow(
        &self,
        source: &End,
        destination: &End,
        traffic: Traffic,
        family: Family,
    ) -> Option<Flow> {
        let flow = Flow::new(source.clone(), destination.clone(), traffic, family).ok()?;
        Some(if is_local(self.world, source, destination) { flow.from_host() } else { flow })
    }

    /// Everybody of a party in one family.
    pub(super) fn ends(&self, party: &Party, family: Family, kind: Kind) -> Vec<End> {
        let roster = self.roster();
        let members = party.members.iter().filter_map(|number| roster.end(number, family).cloned());
        let mut ends: Vec<End> = members.collect();
        let addresses = party.ranges.iter().filter(|range| range.family == family);
        let addresses = addresses.flat_map(|range| self.edges.addresses(*range));
        let addresses = addresses.filter(|address| !self.edges.is_owned(*address));
        ends.extend(addresses.map(|address| self.world.end_at(address)));
        if party.internet {
            ends.extend(self.internet(family, kind));
        }
        ends
    }

    /// `allow` speaks of a public address; everything else of every address outside.
    fn internet(&self, family: Family, kind: Kind) -> Vec<End> {
        let all = match kind {
            Kind::Allow => vec![public(family)],
            Kind::Deny | Kind::Only | Kind::Never | Kind::ReachableBy => {
                let whole = everything().into_iter().filter(|range| range.family == family);
                whole.flat_map(|range| self.edges.addresses(range)).collect::<Vec<_>>()
            }
        };
        let all = all.into_iter().filter(|address| !self.edges.is_owned(*address));
        let ends = all.map(|address| self.world.end_at(address));
        ends.filter(|end| matches!(end, End::External { .. })).collect()
    }

    pub(super) fn destinations(&self, case: &Case, family: Family) -> Vec<Destination<'_>> {
        let ends = self.ends(&case.to, family, case.kind);
        let domains = case.to.domains.iter().map(|name| End::Domain { name: name.clone() });
        let direct = ends.into_iter().chain(domains).map(|end| {
            let pod = end.pod().map(|id| self.world.pod(id));
            let traffic = self.edges.traffic(&case.ports.to(pod), family);
            Destination { end, traffic, through: None }
        });
        let services = case.to.services.iter().filter_map(|at| self.world.services().get(*at));
        let through = services.flat_map(|service| self.backends(service, case, family));
        direct.chain(through).collect()
    }

    /// The pods behind a Service's ports, on their target ports (ruling N13).
    fn backends<'s>(
        &'s self,
        service: &'s Service,
        case: &Case,
        family: Family,
    ) -> Vec<Destination<'s>> {
        let asked = service.ports.iter().filter(|port| is_asked(port, case));
        let backends = asked.flat_map(|port| {
            let serving = self.world.serving(service, port).map(move |(pod, number)| {
                (self.world.pod_end(pod, family), Traffic::Port(port.protocol, number))
            });
            let stated = service.endpoints.iter().filter(|it| it.port_name == port.name);
            let stated = stated.map(|endpoint| {
                let backend = endpoint.backend;
                let traffic = Traffic::Port(backend.protocol, backend.port);
                (self.world.end_at(backend.address), traffic)
            });
            serving.chain(stated)
        });
        let destination =
            |(end, traffic)| Destination { end, traffic: vec![traffic], through: Some(service) };
        backends.map(destination).collect()
    }
}

/// Whether a test is about this port of a Service: by its own number or name.
fn is_asked(port: &ServicePort, case: &Case) -> bool {
    let named = port.name.as_ref().is_some_and(|name| case.ports.names.contains(name));
    let numbered = case.ports.fixed.contains(Traffic::Port(port.protocol, port.port));
    (named || numbered) != case.ports.but
}

/// A node's flow to a pod that runs on it is made on that pod's own host (ruling N15).
pub(super) fn is_local(world: &World, source: &End, destination: &End) -> bool {
    match (source, destination.pod()) {
        (End::Host { node: Some(node), .. }, Some(pod)) => {
            world.pod(pod).node.as_deref() == Some(world.node(*node).name.as_str())
        }
        (_, _) => false,
    }
}
