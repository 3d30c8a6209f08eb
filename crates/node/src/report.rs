//! What is not programmed, why, and what holds instead.
//!
//! Policies that are silently not in force are worse than none: people rely on them.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use compile::Shortage;
use model::PolicyRef;

/// What of the wanted state is not in force, for lack of room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotProgrammed {
    /// Endpoints that do not have the sets they should.
    pub endpoints: Vec<HeldEndpoint>,
    /// Services that are denied at all of their addresses.
    pub services: Vec<HeldService>,
    /// Pods that everybody takes for unknown ones (ruling N34).
    pub peers: Vec<HeldPeer>,
    /// Endpoints that were in quarantine for a moment, or of nodes that were not judged, because not even
    /// the way to where they are had room. They are as they should be, or in `endpoints`.
    pub interrupted: Vec<HeldEndpoint>,
    /// Every table that is too small for all of it, and how large it would have to be.
    pub shortages: Vec<Shortage>,
}

/// What an endpoint has instead of what it should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// The policies that it had last, about the pods that there are now.
    LastGood,
    /// Nothing may pass.
    Quarantine,
    /// Nothing is judged. This is for a node itself, which must not lose its API server.
    Unenforced,
}

/// An endpoint that does not have the sets it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldEndpoint {
    /// Its slot.
    pub slot: u32,
    /// Its pod, by namespace and name, or `node` and the node's name.
    pub pod: String,
    /// What it has instead.
    pub held: Held,
    /// The policies of it that are not in force, or no longer should be; in quarantine all that it
    /// should have.
    pub policies: BTreeSet<PolicyRef>,
    /// The table that was full.
    pub shortage: Shortage,
}

/// A Service that is denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldService {
    /// Its namespace and name.
    pub service: String,
    /// The table that was full.
    pub shortage: Shortage,
}

/// A pod's address that the table of peers has no room for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPeer {
    /// The pod's namespace and name, or what else has the address.
    pub pod: String,
    /// The address.
    pub address: IpAddr,
    /// The table that was full.
    pub shortage: Shortage,
}

impl NotProgrammed {
    /// Adds what was left out on the way here and no longer is.
    pub(crate) fn after(mut self, on_the_way: Vec<HeldEndpoint>) -> Self {
        for held in on_the_way {
            let is_known = self.interrupted.iter().any(|known| known.slot == held.slot);
            if !is_known && self.held(held.slot) != Some(held.held) {
                self.interrupted.push(held);
            }
        }
        self
    }

    /// Endpoints that have no policies in force, or had none on the way.
    pub(crate) fn without(&self) -> Vec<HeldEndpoint> {
        let now = self.endpoints.iter().filter(|held| held.held != Held::LastGood);
        self.interrupted.iter().chain(now).cloned().collect()
    }

    /// Whether everything is in force.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// How many endpoints, Services and addresses are not as they should be.
    #[must_use]
    pub fn count(&self) -> usize {
        self.endpoints.len() + self.services.len() + self.peers.len()
    }

    /// What the endpoint has instead, if it does not have what it should.
    #[must_use]
    pub fn held(&self, slot: u32) -> Option<Held> {
        self.endpoints.iter().find(|endpoint| endpoint.slot == slot).map(|endpoint| endpoint.held)
    }
}

impl fmt::Display for HeldEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pod, held, policies, shortage, .. } = self;
        f.write_str("not programmed: ")?;
        for (at, policy) in policies.iter().enumerate() {
            write!(f, "{}{policy}", if at == 0 { "" } else { ", " })?;
        }
        if policies.is_empty() {
            f.write_str("the endpoint")?;
        }
        write!(f, " on {pod}, which {held}: {shortage}")
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LastGood => "keeps its last good policies",
            Self::Quarantine => "is in quarantine",
            Self::Unenforced => "has no policy in force",
        })
    }
}

impl fmt::Display for HeldService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, shortage } = self;
        write!(f, "not programmed: Service {service}, which is denied: {shortage}")
    }
}

impl fmt::Display for HeldPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pod, address, shortage } = self;
        write!(f, "not programmed: {pod} at {address}, which is an unknown pod to all: {shortage}")
    }
}
