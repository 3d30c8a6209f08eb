//! The universal tests and addresses that are nobody's in the cluster.
//!
//! Tables cut the address space where rules do, so every address there is has been asked about.

use analysis::TrafficSet;
use analysis::reach::{OutsideEdge, Outsiders};
use compile::AddressRange;
use model::{Direction, Family, PodId, Verdict};

use super::{Judge, Outcome};
use crate::counterexample::Counterexample;
use crate::ranges::{common, everything, minus};
use crate::{Case, Party};

impl Judge<'_> {
    /// Which addresses reach a destination, or are reached, and should not.
    pub(super) fn outside_reached(&self, case: &Case, outcome: &mut Outcome) {
        let excuses = case.kind.lists_those_who_may();
        let sources = self.suspects(case);
        for edge in self.reach.outside() {
            let (pods, ranges) = match edge.direction {
                Direction::Ingress => {
                    let ranges = match excuses {
                        true => self.beyond(&case.from, edge),
                        false => self.among(&case.from, edge),
                    };
                    (edge.pods.as_ref() & &case.to.members, ranges)
                }
                Direction::Egress => (edge.pods.as_ref() & &sources, self.among(&case.to, edge)),
            };
            let mut ranges = ranges.iter().filter(|range| case.is_about(range.family));
            let Some(range) = ranges.next() else { continue };
            for pod in &pods {
                let asked = match edge.direction {
                    Direction::Ingress => case.ports.to(self.pod(pod)),
                    Direction::Egress => case.ports.to(None),
                };
                let traffic = edge.traffic.intersect(&asked);
                let found =
                    self.with_address(edge.direction, pod, *range, &traffic, Verdict::Allow);
                found.into_iter().for_each(|found| outcome.fail(found));
            }
        }
        outcome.asked += 1;
    }

    /// The addresses of an edge that a party names.
    fn among(&self, party: &Party, edge: &OutsideEdge) -> Vec<AddressRange> {
        let named = match is_all_of(party, edge.outsiders) {
            true => everything(),
            false => party.ranges.clone(),
        };
        let all = edge.ranges.iter().flat_map(|range| common(*range, &named));
        self.nobodys(all)
    }

    /// The addresses of an edge that a party does not name.
    fn beyond(&self, party: &Party, edge: &OutsideEdge) -> Vec<AddressRange> {
        if is_all_of(party, edge.outsiders) {
            return Vec::new();
        }
        let all = edge.ranges.iter().flat_map(|range| minus(*range, &party.ranges));
        self.nobodys(all)
    }

    fn nobodys(&self, ranges: impl Iterator<Item = AddressRange>) -> Vec<AddressRange> {
        let owned = self.edges.owned();
        ranges.flat_map(|range| minus(range, &owned)).collect()
    }

    /// Which addresses that are listed do not reach all destinations on all ports, or are not
    /// reached.
    pub(super) fn outside_not_reached(&self, case: &Case, outcome: &mut Outcome) {
        for to in case.to.members.iter().filter(|to| self.roster().subjects().contains(*to)) {
            let wanted = case.ports.to(self.pod(to));
            self.lacking(Direction::Ingress, to, (case, &case.from), &wanted, outcome);
        }
        for from in case.from.members.iter().filter(|it| self.roster().subjects().contains(*it)) {
            self.lacking(Direction::Egress, from, (case, &case.to), &case.ports.to(None), outcome);
        }
    }

    fn lacking(
        &self,
        direction: Direction,
        pod: u32,
        (case, party): (&Case, &Party),
        wanted: &TrafficSet,
        outcome: &mut Outcome,
    ) {
        let says_all = |edge: &&OutsideEdge| {
            edge.direction == direction && edge.pods.contains(pod) && edge.traffic.includes(wanted)
        };
        let edges = self.reach.outside().iter().filter(says_all);
        let covered: Vec<AddressRange> = edges.flat_map(|edge| edge.ranges.clone()).collect();
        let families = [Family::V4, Family::V6];
        let families = families.map(|it| self.roster().end(pod, it).map(|_| it));
        let takes_part = |range: &AddressRange| {
            families.contains(&Some(range.family)) && case.is_about(range.family)
        };
        let named = self.named(party).into_iter().filter(takes_part);
        for range in self.nobodys(named.flat_map(|range| minus(range, &covered))) {
            outcome.asked += 1;
            let found = self.with_address(direction, pod, range, wanted, Verdict::Deny);
            found.into_iter().for_each(|found| outcome.fail(found));
        }
    }

    /// The addresses that a party names; the internet is all but the pod networks.
    fn named(&self, party: &Party) -> Vec<AddressRange> {
        let pods = self.world.pod_networks().iter().map(|network| AddressRange::of(*network));
        let pods: Vec<AddressRange> = pods.collect();
        let internet = everything().into_iter().filter(|_| party.internet);
        let internet = internet.flat_map(|range| minus(range, &pods));
        let cluster = pods.iter().copied().filter(|_| party.cluster);
        internet.chain(cluster).chain(party.ranges.iter().copied()).collect()
    }

    /// The first flow of a pod with an address of `range` that gets `verdict`.
    fn with_address(
        &self,
        direction: Direction,
        pod: u32,
        range: AddressRange,
        traffic: &TrafficSet,
        verdict: Verdict,
    ) -> Option<Counterexample> {
        let family = range.family;
        let own = self.world.pod_end(PodId(pod), family);
        let addresses = self.edges.addresses(range).into_iter();
        let flows = addresses.flat_map(|address| {
            let other = self.world.end_at(address);
            let (from, to) = match direction {
                Direction::Ingress => (other, own.clone()),
                Direction::Egress => (own.clone(), other),
            };
            let all = self.edges.traffic(traffic, family).into_iter();
            all.filter_map(move |traffic| self.flow(&from, &to, traffic, family))
        });
        let mut decided = flows.map(|flow| {
            let decision = policy::decide(self.world, self.rules, &flow);
            (flow, decision)
        });
        decided.find(|(_, decision)| decision.verdict() == verdict).map(|(flow, decision)| {
            Counterexample::new(self.world, self.rules, &flow, &decision, |_| None)
        })
    }
}

/// Whether a party names all such addresses.
fn is_all_of(party: &Party, outsiders: Outsiders) -> bool {
    match outsiders {
        Outsiders::External => party.internet,
        Outsiders::UnknownPods => party.cluster,
    }
}
