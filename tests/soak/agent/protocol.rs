//! What the driver tells an agent, one line of JSON each way.
//!
//! The documents are those that people write, because every version of the agent reads them.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// The namespace of all pods.
pub(crate) const NAMESPACE: &str = "soak";
/// The node that all pods run on.
pub(crate) const NODE: &str = "node";

/// A pod whose hooks are to be attached, as whoever starts pods remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attachment {
    /// The pod's name. Names sort as seats do.
    pub(crate) name: String,
    /// Its endpoint.
    pub(crate) seat: u32,
    /// The host side of its veth.
    pub(crate) interface: u32,
    /// Its addresses.
    pub(crate) ipv4: Ipv4Addr,
    /// The other one.
    pub(crate) ipv6: Ipv6Addr,
    /// Its link-layer address.
    pub(crate) mac: [u8; 6],
}

/// A world and its policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Documents {
    /// Namespaces, pods and policies.
    pub(crate) text: String,
}

/// What an agent is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "do")]
pub(crate) enum Request {
    /// The first after its start: take up what is there.
    Resume {
        /// Every pod that is attached.
        pods: Vec<Attachment>,
        /// The newest world, if there was one.
        documents: Option<Documents>,
    },
    /// Attach a new pod.
    Attach {
        /// Which.
        pod: Attachment,
    },
    /// Detach a pod that is gone.
    Detach {
        /// The host side of what was its veth.
        interface: u32,
    },
    /// Attach a new pod where another one was, on the same veth.
    Replace {
        /// The new one.
        pod: Attachment,
    },
    /// Follow a change.
    Change {
        /// The new world.
        documents: Documents,
    },
    /// Collect what ended.
    Collect,
}

/// What an agent answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "is")]
pub(crate) enum Reply {
    /// It is done.
    Done {
        /// How many writes of the plan that took.
        writes: usize,
        /// The first of them, as people read them.
        first: Vec<String>,
    },
    /// It did not work.
    Failed {
        /// Why.
        message: String,
    },
}
