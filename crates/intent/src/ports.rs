//! The ports of a test: fixed ones, names that each destination resolves, or all but these.
//!
//! A name means another number on each destination, so the set is known only there.

use analysis::TrafficSet;
use model::{Pod, Protocol, Traffic};

/// Some traffic, by destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ports {
    pub(crate) fixed: TrafficSet,
    pub(crate) names: Vec<String>,
    /// All traffic but this is meant.
    pub(crate) but: bool,
}

impl Ports {
    /// All traffic.
    #[must_use]
    pub fn all() -> Self {
        Self { fixed: TrafficSet::NONE, names: Vec::new(), but: true }
    }

    /// The traffic to `destination`, or to somebody who has no named ports.
    #[must_use]
    pub fn to(&self, destination: Option<&Pod>) -> TrafficSet {
        let named = self.names.iter().filter_map(|name| named(destination?, name));
        let stated = named.fold(self.fixed.clone(), |all, one| all.union(&one));
        if self.but { TrafficSet::all().minus(&stated) } else { stated }
    }
}

/// What `name` stands for on `pod`.
pub(crate) fn named(pod: &Pod, name: &str) -> Option<TrafficSet> {
    let of = |protocol: Protocol| {
        let port = pod.named_port(name, protocol)?;
        Some(TrafficSet::one(Traffic::Port(protocol, port)))
    };
    Protocol::ALL.into_iter().filter_map(of).reduce(|all, one| all.union(&one))
}
