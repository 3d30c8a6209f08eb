//! What of the policies is not in force, for lack of room, as a status and the log say it.
//!
//! A policy that is silently not in force is worse than none, so each is a line and all are a count.

use node::{Held, HeldEndpoint, NotProgrammed, Shortage};
use serde::{Deserialize, Serialize};

/// Something that is not programmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// `endpoint`, `service` or `peer`.
    pub what: String,
    /// Its namespace and name.
    pub name: String,
    /// What holds instead: `last-good`, `quarantine`, `unenforced`, `denied` or `unknown-pod`.
    pub instead: String,
    /// The policies that are not in force on it.
    pub policies: Vec<String>,
    /// The table that was full.
    pub table: String,
    /// How many entries it would need.
    pub needed: u64,
    /// How many it holds.
    pub capacity: u64,
    /// One line.
    pub message: String,
}

/// Everything that is not programmed.
#[must_use]
pub fn left_out(all: &NotProgrammed) -> Vec<LeftOut> {
    let services = all.services.iter().map(|held| LeftOut {
        name: held.service.clone(),
        ..entry("service", "denied", held.shortage, held.to_string())
    });
    let peers = all.peers.iter().map(|held| LeftOut {
        name: held.pod.clone(),
        ..entry("peer", "unknown-pod", held.shortage, held.to_string())
    });
    all.endpoints.iter().map(endpoint).chain(services).chain(peers).collect()
}

/// What was cut off or open for a moment, though it is as it should be now.
pub(crate) fn interruptions(all: &NotProgrammed) -> Vec<String> {
    let line = |held: &HeldEndpoint| {
        let meanwhile = match held.held {
            Held::LastGood => "kept its last good policies",
            Held::Quarantine => "was in quarantine",
            Held::Unenforced => "had no policy in force",
        };
        let HeldEndpoint { pod, shortage, .. } = held;
        format!("interrupted: {pod} {meanwhile} while tables were written: {shortage}")
    };
    all.interrupted.iter().map(line).collect()
}

fn endpoint(held: &HeldEndpoint) -> LeftOut {
    let instead = match held.held {
        Held::LastGood => "last-good",
        Held::Quarantine => "quarantine",
        Held::Unenforced => "unenforced",
    };
    LeftOut {
        name: held.pod.clone(),
        policies: held.policies.iter().map(ToString::to_string).collect(),
        ..entry("endpoint", instead, held.shortage, held.to_string())
    }
}

fn entry(what: &str, instead: &str, shortage: Shortage, message: String) -> LeftOut {
    LeftOut {
        what: what.to_owned(),
        name: String::new(),
        instead: instead.to_owned(),
        policies: Vec::new(),
        table: shortage.table.to_owned(),
        needed: shortage.needed as u64,
        capacity: u64::from(shortage.capacity),
        message,
    }
}
