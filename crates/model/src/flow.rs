//! Flows: one attempt of one end to reach another.

use std::fmt;
use std::net::IpAddr;

use crate::{Family, NodeId, PodId, Process, Traffic};

/// One end of a flow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// A pod with a network of its own; its address may not be known yet (ruling N10).
    Pod {
        /// The pod.
        pod: PodId,
        /// Its address of the flow's family.
        address: Option<IpAddr>,
    },
    /// A node, or a pod on a node's network (ruling N16); the node may not be among the files.
    Host {
        /// The node, if it is among the files.
        node: Option<NodeId>,
        /// Its address of the flow's family.
        address: Option<IpAddr>,
    },
    /// An address of a pod network that no known pod has (ruling N34).
    UnknownPod {
        /// The address.
        address: IpAddr,
    },
    /// Any other address.
    External {
        /// The address.
        address: IpAddr,
    },
    /// A DNS name, before it has addresses; only a destination (ruling C8).
    Domain {
        /// Lower case, no trailing dot.
        name: String,
    },
}

impl End {
    /// The end's address, if it has one that is known.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Pod { address, .. } | Self::Host { address, .. } => *address,
            Self::UnknownPod { address } | Self::External { address } => Some(*address),
            Self::Domain { .. } => None,
        }
    }

    /// The pod, if it is one that policy can select.
    #[must_use]
    pub fn pod(&self) -> Option<PodId> {
        match self {
            Self::Pod { pod, .. } => Some(*pod),
            Self::Host { .. }
            | Self::UnknownPod { .. }
            | Self::External { .. }
            | Self::Domain { .. } => None,
        }
    }
}

/// Where the destination's hook saw the packet come from (ruling N15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// From a wire or another pod; the source address is all that is known.
    Wire,
    /// Made on the destination's own node, on its host network.
    Host,
}

/// One attempt: who, to whom, on what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    source: End,
    destination: End,
    traffic: Traffic,
    family: Family,
    origin: Origin,
    translated: bool,
    process: Option<Process>,
}

/// Why two ends do not make a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowError {
    /// An end's address has another family than the flow.
    MixedFamilies,
    /// A DNS name cannot be a source.
    DomainSource,
}

impl fmt::Display for FlowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MixedFamilies => "the two ends have addresses of different families",
            Self::DomainSource => "a DNS name can only be a destination",
        })
    }
}

impl std::error::Error for FlowError {}

impl Flow {
    /// A direct flow that came over a wire.
    ///
    /// # Errors
    /// Where an address is not of `family` or the source is a DNS name.
    pub fn new(
        source: End,
        destination: End,
        traffic: Traffic,
        family: Family,
    ) -> Result<Self, FlowError> {
        if matches!(source, End::Domain { .. }) {
            return Err(FlowError::DomainSource);
        }
        let addresses = [source.address(), destination.address()];
        if addresses.into_iter().flatten().any(|address| Family::of(address) != family) {
            return Err(FlowError::MixedFamilies);
        }
        let (origin, translated, process) = (Origin::Wire, false, None);
        Ok(Self { source, destination, traffic, family, origin, translated, process })
    }

    /// The same flow, made on the destination's own node (ruling N15).
    #[must_use]
    pub fn from_host(mut self) -> Self {
        self.origin = Origin::Host;
        self
    }

    /// The same flow, after a Service led to its destination (rulings N13, N14).
    #[must_use]
    pub fn through_service(mut self) -> Self {
        self.translated = true;
        self
    }

    /// The same flow, whose source's node knows which process started it (ruling N38).
    #[must_use]
    pub fn by(mut self, process: Process) -> Self {
        self.process = Some(process);
        self
    }

    /// Who starts it.
    #[must_use]
    pub fn source(&self) -> &End {
        &self.source
    }

    /// Whom it is for, after translation.
    #[must_use]
    pub fn destination(&self) -> &End {
        &self.destination
    }

    /// What it carries.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// The family it uses.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// Where the destination's hook saw it come from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Whether a Service led to the destination.
    #[must_use]
    pub fn is_translated(&self) -> bool {
        self.translated
    }

    /// Which process of the source started it, where that is known.
    #[must_use]
    pub fn process(&self) -> Option<&Process> {
        self.process.as_ref()
    }
}
