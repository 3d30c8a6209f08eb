//! `only` and `never` about pods that do not exist yet: which two sides are searched.
//!
//! Those who exist are represented by one of each look, since rules know nothing else of them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use analysis::TrafficSet;
use compile::{Condition, Member};
use model::{End, Family, PodId};
use roaring::RoaringBitmap;

use super::search::Search;
use super::side::{Side, TooHard, Wanted};
use super::{Judge, Outcome};
use crate::counterexample::Counterexample;
use crate::party::anybody;
use crate::ranges::{everything, minus};
use crate::{Case, Kind, Party};

impl Judge<'_> {
    /// Looks for one flow with a pod that could exist.
    pub(super) fn of_those_who_could(&self, case: &Case, outcome: &mut Outcome) {
        for family in self.families(case) {
            match self.search(case, family, outcome) {
                // Kept however many others there are: nobody else would think of this one.
                Ok(Some(found)) => return outcome.counterexamples.push(found),
                Ok(None) => {}
                Err(TooHard) => outcome.unproven = true,
            }
        }
    }

    fn search(
        &self,
        case: &Case,
        family: Family,
        outcome: &mut Outcome,
    ) -> Result<Option<Counterexample>, TooHard> {
        let sources = self.sources(case, family);
        for to in self.destinations_of(case, family) {
            let pod = match &to {
                Side::Pod(pod) => Some(self.world.pod(*pod)),
                Side::Node(..) | Side::Address(_) | Side::Future(_) => None,
            };
            let traffic: TrafficSet = case.ports.to(pod);
            for from in &sources {
                if !matches!((from, &to), (Side::Future(_), _) | (_, Side::Future(_))) {
                    continue;
                }
                for traffic in self.edges.traffic(&traffic, family) {
                    outcome.asked += 1;
                    let found = Search::new(self, traffic, family).allowed(from, &to)?;
                    if found.is_some() {
                        return Ok(found);
                    }
                }
            }
        }
        Ok(None)
    }

    /// Those who may not, or are asked about.
    fn sources(&self, case: &Case, family: Family) -> Vec<Side> {
        let mut sides = match case.kind {
            Kind::Only if case.from.cluster => Vec::new(),
            Kind::Only => {
                let wanted = Wanted {
                    all_of: vec![anybody()],
                    none_of: case.from.future.clone(),
                    address: None,
                };
                self.futures(&wanted, family)
            }
            Kind::Never | Kind::Allow | Kind::Deny | Kind::ReachableBy => {
                self.all_futures(&case.from.universal, family)
            }
        };
        if !case.to.universal.is_empty() {
            sides.extend(self.looks(&self.suspects(case), family));
            let outside = match case.kind {
                Kind::Only => self.addresses_beyond(&case.from, family),
                Kind::Never | Kind::Allow | Kind::Deny | Kind::ReachableBy => {
                    self.addresses_of(&case.from, family)
                }
            };
            sides.extend(outside);
        }
        sides
    }

    fn destinations_of(&self, case: &Case, family: Family) -> Vec<Side> {
        let mut sides = self.looks(&case.to.members, family);
        sides.extend(self.addresses_of(&case.to, family));
        sides.extend(self.all_futures(&case.to.universal, family));
        sides
    }

    fn all_futures(&self, conditions: &[Condition], family: Family) -> Vec<Side> {
        let wanted = conditions
            .iter()
            .map(|condition| Wanted { all_of: vec![condition.clone()], ..Wanted::default() });
        wanted.flat_map(|wanted| self.futures(&wanted, family)).collect()
    }

    /// A pod without an address, and one at each address that blocks tell apart.
    fn futures(&self, wanted: &Wanted, family: Family) -> Vec<Side> {
        let addresses = self.edges.future_addresses(self.world, family).into_iter().map(Some);
        let all = std::iter::once(None).chain(addresses);
        all.map(|address| Side::Future(Wanted { address, ..wanted.clone() })).collect()
    }

    /// One of each look among members.
    fn looks(&self, members: &RoaringBitmap, family: Family) -> Vec<Side> {
        let mut seen = BTreeSet::new();
        let mut sides = Vec::new();
        for number in members {
            match (self.roster().end(number, family), self.roster().member(number)) {
                (Some(End::Pod { pod, address }), _) => {
                    let known = self.world.pod(*pod);
                    let look = (&known.namespace, &known.labels, &known.ports, address);
                    sides.extend(seen.insert(look).then_some(Side::Pod(*pod)));
                }
                (Some(End::Host { node: Some(node), address }), _) => {
                    sides.push(Side::Node(*node, *address));
                }
                (Some(_), Some(Member::Pod(PodId(_)) | Member::Node(..)) | None) | (None, _) => {}
            }
        }
        sides
    }

    fn addresses_of(&self, party: &Party, family: Family) -> Vec<Side> {
        let ranges = party.ranges.iter().copied().filter(|range| range.family == family);
        let internet = everything().into_iter();
        let internet = internet.filter(|range| party.internet && range.family == family);
        let named = ranges.flat_map(|range| self.edges.addresses(range));
        let named = named.filter(|address| !self.edges.is_owned(*address));
        let outside = internet.flat_map(|range| self.edges.addresses(range));
        let outside = outside.filter(|address| self.is_external(*address));
        named.chain(outside).map(Side::Address).collect()
    }

    /// Addresses outside that a party does not name, as ends of flows.
    pub(super) fn ends_beyond(&self, party: &Party, family: Family) -> Vec<End> {
        let sides = self.addresses_beyond(party, family).into_iter();
        let ends = sides.filter_map(|side| match side {
            Side::Address(address) => Some(self.world.end_at(address)),
            Side::Pod(_) | Side::Node(..) | Side::Future(_) => None,
        });
        ends.collect()
    }

    fn addresses_beyond(&self, party: &Party, family: Family) -> Vec<Side> {
        if party.internet {
            return Vec::new();
        }
        let whole = everything().into_iter().filter(|range| range.family == family);
        let left = whole.flat_map(|range| minus(range, &party.ranges));
        let all = left.flat_map(|range| self.edges.addresses(range));
        all.filter(|address| self.is_external(*address)).map(Side::Address).collect()
    }

    fn is_external(&self, address: IpAddr) -> bool {
        !self.edges.is_owned(address) && matches!(self.world.end_at(address), End::External { .. })
    }
}
