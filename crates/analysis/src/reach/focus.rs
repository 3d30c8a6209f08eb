//! Which part of reach somebody wants to see.
//!
//! A focus narrows edges before they are named, so a question about one pod is small.

use std::sync::Arc;

use compile::{AddressRange, Roster};
use model::Direction;
use roaring::RoaringBitmap;

use crate::TrafficSet;
use crate::network::common;
use crate::reach::{Edge, OutsideEdge};

/// What to look at; what is absent is not narrowed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Focus {
    /// The sources.
    pub from: Option<Who>,
    /// The destinations.
    pub to: Option<Who>,
    /// The traffic.
    pub traffic: Option<TrafficSet>,
    /// Only what this direction's policy decides alone: connections with addresses outside.
    pub direction: Option<Direction>,
}

/// Some of those who can stand at an end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Who {
    /// Members of the cluster, by their numbers in the roster; a pod's is its id.
    pub members: RoaringBitmap,
    /// Addresses that are nobody's in the cluster.
    pub addresses: Vec<AddressRange>,
}

impl Who {
    /// Pods by their ids, and nodes.
    pub fn of(roster: &Roster, wanted: impl Fn(compile::Member) -> bool) -> Self {
        let members = (0..roster.len())
            .filter(|number| roster.member(*number).is_some_and(&wanted))
            .collect();
        Self { members, addresses: Vec::new() }
    }

    /// Addresses.
    #[must_use]
    pub fn addresses(networks: &[ipnet::IpNet]) -> Self {
        let addresses = networks.iter().map(|network| AddressRange::of(*network)).collect();
        Self { members: RoaringBitmap::new(), addresses }
    }
}

impl Focus {
    /// The part of `edge` that is looked at.
    pub(super) fn edge(&self, edge: &Edge) -> Option<Edge> {
        if self.direction.is_some() {
            return None;
        }
        let from = members(self.from.as_ref(), &edge.from)?;
        let to = members(self.to.as_ref(), &edge.to)?;
        let traffic = self.traffic(&edge.traffic)?;
        let is_itself = from.len() == 1 && from == to;
        (!is_itself).then(|| Edge { from, to, traffic, families: edge.families.clone() })
    }

    /// The part of `edge` that is looked at.
    pub(super) fn outside(&self, edge: &OutsideEdge) -> Option<OutsideEdge> {
        if self.direction.is_some_and(|direction| direction != edge.direction) {
            return None;
        }
        let (pods, addresses) = match edge.direction {
            Direction::Egress => (&self.from, &self.to),
            Direction::Ingress => (&self.to, &self.from),
        };
        let ranges = match addresses {
            Some(who) => common(&edge.ranges, &who.addresses),
            None => edge.ranges.clone(),
        };
        if ranges.is_empty() {
            return None;
        }
        let pods = members(pods.as_ref(), &edge.pods)?;
        let traffic = self.traffic(&edge.traffic)?;
        Some(OutsideEdge { pods, ranges, traffic, ..*edge })
    }

    fn traffic(&self, traffic: &Arc<TrafficSet>) -> Option<Arc<TrafficSet>> {
        let Some(wanted) = &self.traffic else { return Some(Arc::clone(traffic)) };
        let both = traffic.intersect(wanted);
        (!both.is_empty()).then(|| Arc::new(both))
    }
}

fn members(who: Option<&Who>, of: &Arc<RoaringBitmap>) -> Option<Arc<RoaringBitmap>> {
    let Some(who) = who else { return Some(Arc::clone(of)) };
    let both = &who.members & of.as_ref();
    (!both.is_empty()).then(|| Arc::new(both))
}
