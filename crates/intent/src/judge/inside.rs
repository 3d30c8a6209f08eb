//! The universal tests among those who exist: read from the edges of reach.
//!
//! An edge says what everybody in one group gets with everybody in another, so nobody is asked pair
//! by pair.

use analysis::TrafficSet;
use analysis::reach::Edge;
use model::{Family, Pod, PodId, Verdict};
use roaring::RoaringBitmap;

use super::concrete::is_local;
use super::{Judge, Outcome};
use crate::counterexample::Counterexample;
use crate::{Case, Kind};

impl Judge<'_> {
    /// Who of those who exist reaches a destination and should not.
    pub(super) fn reached(&self, case: &Case, outcome: &mut Outcome) {
        let sources = self.suspects(case);
        for edge in self.reach.edges() {
            let from = edge.from.as_ref() & &sources;
            let to = edge.to.as_ref() & &case.to.members;
            if from.is_empty() || to.is_empty() {
                continue;
            }
            for destination in &to {
                let asked = case.ports.to(self.pod(destination));
                let traffic = edge.traffic.intersect(&asked);
                if !traffic.is_empty() {
                    self.shown(case, edge, (&from, destination), &traffic, outcome);
                }
            }
        }
        outcome.asked += sources.len() * case.to.members.len();
    }

    /// Those who exist and may not.
    pub(super) fn suspects(&self, case: &Case) -> RoaringBitmap {
        match case.kind {
            Kind::Never | Kind::Allow | Kind::Deny => case.from.members.clone(),
            Kind::Only | Kind::ReachableBy => self.reach.present() - &case.from.members,
        }
    }

    fn shown(
        &self,
        case: &Case,
        edge: &Edge,
        (from, to): (&RoaringBitmap, u32),
        traffic: &TrafficSet,
        outcome: &mut Outcome,
    ) {
        for source in from {
            for family in edge.families.iter().filter(|family| case.is_about(**family)) {
                if self.is_exempt(source, to, *family) {
                    continue;
                }
                let found = self.decided(source, to, traffic, *family, Verdict::Allow);
                if let Some(found) = found {
                    outcome.fail(found);
                    break;
                }
            }
        }
    }

    /// What policy cannot change: a pod and itself (ruling N14), a node and what runs on it
    /// (ruling N15).
    pub(crate) fn is_exempt(&self, from: u32, to: u32, family: Family) -> bool {
        let roster = self.roster();
        let local = roster.end(from, family).zip(roster.end(to, family));
        from == to || local.is_some_and(|(from, to)| is_local(self.world, from, to))
    }

    pub(super) fn pod(&self, number: u32) -> Option<&Pod> {
        self.roster().subjects().contains(number).then(|| self.world.pod(PodId(number)))
    }

    /// The first flow of some traffic that gets `verdict`.
    pub(super) fn decided(
        &self,
        from: u32,
        to: u32,
        traffic: &TrafficSet,
        family: Family,
        verdict: Verdict,
    ) -> Option<Counterexample> {
        let (source, destination) =
            (self.roster().end(from, family)?, self.roster().end(to, family)?);
        let mut all = self.edges.traffic(traffic, family).into_iter();
        all.find_map(|traffic| {
            let flow = self.flow(source, destination, traffic, family)?;
            let decision = policy::decide(self.world, self.rules, &flow);
            let shown = || Counterexample::new(self.world, self.rules, &flow, &decision, |_| None);
            (decision.verdict() == verdict).then(shown)
        })
    }

    /// Who of those listed exists and does not reach all destinations on all ports.
    pub(super) fn not_reached(&self, case: &Case, outcome: &mut Outcome) {
        for family in self.families(case) {
            let present = self.roster().present(family);
            for to in &(&case.to.members & present) {
                let wanted = case.ports.to(self.pod(to));
                let missing = (&case.from.members & present) - self.reaching(to, &wanted, family);
                for from in missing.iter().filter(|from| !self.is_exempt(*from, to, family)) {
                    outcome.asked += 1;
                    let found = self.decided(from, to, &wanted, family, Verdict::Deny);
                    found.into_iter().for_each(|found| outcome.fail(found));
                }
            }
        }
    }

    /// Who reaches `to` on all of `traffic`; for each pair one edge says all that there is. Hosts
    /// have no policy, and hosts among each other no edges.
    fn reaching(&self, to: u32, traffic: &TrafficSet, family: Family) -> RoaringBitmap {
        let hosts = match self.pod(to) {
            Some(_) => RoaringBitmap::new(),
            None => self.roster().present(family) - self.roster().subjects(),
        };
        let says_all = |edge: &&Edge| {
            edge.families.contains(&family)
                && edge.to.contains(to)
                && edge.traffic.includes(traffic)
        };
        let edges = self.reach.edges().iter().filter(says_all);
        edges.fold(hosts, |all, edge| all | edge.from.as_ref())
    }
}
