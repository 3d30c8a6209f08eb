//! What the plugins before said: which interface the pod has, and which addresses.
//!
//! Only what the agent must know is read. The answer to the runtime is the text that came, so that
//! nothing of what others said is lost, whatever version wrote it.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

/// The part of a result that matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct PreviousResult {
    /// All that were made, on the node and in the pod.
    #[serde(default)]
    interfaces: Vec<MadeInterface>,
    /// All that were given.
    #[serde(default)]
    ips: Vec<GivenAddress>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct MadeInterface {
    name: String,
    /// Of the pod's network namespace; empty on the node.
    #[serde(default)]
    sandbox: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct GivenAddress {
    address: IpNet,
    /// Which of the interfaces has it.
    interface: Option<usize>,
}

impl PreviousResult {
    /// # Errors
    /// Where it is no result.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        serde_json::from_str(text).map_err(Refusal::Decode)
    }

    /// The addresses of an interface of the pod. Those that name no interface belong to the only
    /// one that is in the pod.
    ///
    /// # Errors
    /// Where the result names interfaces in the pod and not this one.
    pub fn addresses(&self, interface: &str) -> Result<Vec<IpAddr>, Refusal> {
        let is_it = |made: &MadeInterface| !made.sandbox.is_empty() && made.name == interface;
        let is_made = self.interfaces.is_empty() || self.interfaces.iter().any(is_it);
        if !is_made {
            return Err(Refusal::NoInterface { interface: interface.to_owned() });
        }
        let is_of = |given: &&GivenAddress| {
            given.interface.is_none_or(|at| self.interfaces.get(at).is_some_and(is_it))
        };
        Ok(self.ips.iter().filter(is_of).map(|given| given.address.addr()).collect())
    }
}

/// Our own answers have no maps with keys that are not text, so they can always be written.
pub(crate) fn json<T: Serialize>(answer: &T) -> String {
    serde_json::to_string(answer).unwrap_or_default()
}

/// Serde's own words for a field that is missing where it is looked for by hand.
pub(crate) fn missing(field: &'static str) -> serde_json::Error {
    serde::de::Error::missing_field(field)
}
