//! Who stands at an end of a witness: somebody who is there, somebody who could come, an address.
//!
//! A person who reads that two policies differ wants to see for whom, and try it.

use std::fmt;
use std::net::IpAddr;

use compile::{AddressRange, Member, Who};
use model::{ContainerPort, End, World};
use serde::{Serialize, Serializer};

use crate::name::Name;
use crate::network::address;
use crate::strangers::Strangers;

/// Who stands at an end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// Somebody of the input.
    Given(Name),
    /// A pod that does not exist yet.
    Future(FuturePod),
    /// A node that does not exist yet, by its labels.
    FutureNode(Vec<String>),
    /// An address that is nobody's in the input.
    Address(#[serde(serialize_with = "shown")] IpAddr),
}

/// A pod that could exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FuturePod {
    /// Its namespace, which may be new.
    pub namespace: String,
    /// The labels of that namespace, as `key=value`.
    pub namespace_labels: Vec<String>,
    /// Its own labels.
    pub labels: Vec<String>,
    /// The ports that it names, as `name=number/protocol`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<String>,
    /// Its address, where that counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
}

fn shown<S: Serializer>(address: &IpAddr, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(address)
}

impl Party {
    /// Somebody of a roster.
    pub(crate) fn member(strangers: &Strangers, member: Member) -> Self {
        let world = &strangers.world;
        match (member, strangers.is_stranger(member)) {
            (Member::Pod(id), false) => Self::Given(Name::of_pod(world.pod(id))),
            (Member::Node(id, _), false) => {
                Self::Given(Name::Node(world.node(id).name.as_str().into()))
            }
            (Member::Pod(id), true) => {
                let ports = world.pod(id).ports.clone();
                Self::Future(FuturePod::like(world, id, &ports, None))
            }
            (Member::Node(id, _), true) => Self::FutureNode(words(&world.node(id).labels)),
        }
    }

    /// Whom a contrast is about; `chosen` of several members.
    pub(crate) fn of(strangers: &Strangers, who: &Who, chosen: Option<Member>) -> Option<Self> {
        Some(match (who, chosen) {
            (Who::Members(_), member) => Self::member(strangers, member?),
            (Who::Like { address, ports, .. }, Some(Member::Pod(id))) => {
                Self::Future(FuturePod::like(&strangers.world, id, ports, *address))
            }
            (Who::Like { .. }, member) => Self::member(strangers, member?),
            (Who::Outside(range) | Who::UnknownPod(range), _) => {
                Self::Address(nobodys(&strangers.world, *range)?)
            }
        })
    }

    /// Whether it is there already.
    #[must_use]
    pub fn is_given(&self) -> bool {
        match self {
            Self::Given(_) | Self::Address(_) => true,
            Self::Future(_) | Self::FutureNode(_) => false,
        }
    }
}

impl FuturePod {
    fn like(
        world: &World,
        id: model::PodId,
        ports: &[ContainerPort],
        place: Option<AddressRange>,
    ) -> Self {
        let pod = world.pod(id);
        let port = |port: &ContainerPort| {
            let name = port.name.as_deref().unwrap_or_default();
            format!("{name}={}/{}", port.number, port.protocol)
        };
        Self {
            namespace: pod.namespace.clone(),
            namespace_labels: words(world.namespace_labels(&pod.namespace)),
            labels: words(&pod.labels),
            ports: ports.iter().map(port).collect(),
            address: place.and_then(|range| nobodys(world, range)),
        }
    }
}

/// The first address of a range that is nobody's in the world.
pub(crate) fn nobodys(world: &World, range: AddressRange) -> Option<IpAddr> {
    let mut all = (range.first..=range.last).map(|number| address(range.family, number));
    all.find(|address| match world.end_at(*address) {
        End::External { .. } | End::UnknownPod { .. } => true,
        End::Pod { .. } | End::Host { .. } | End::Domain { .. } => false,
    })
}

fn words(labels: &model::Labels) -> Vec<String> {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect()
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(name) => name.fmt(f),
            Self::Address(address) => address.fmt(f),
            Self::FutureNode(labels) => write!(f, "a new node with {}", joined(labels)),
            Self::Future(pod) => pod.fmt(f),
        }
    }
}

impl fmt::Display for FuturePod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a new pod with {} in {}", joined(&self.labels), self.namespace)?;
        let own = format!("kubernetes.io/metadata.name={}", self.namespace);
        let space: Vec<String> =
            self.namespace_labels.iter().filter(|label| **label != own).cloned().collect();
        if !space.is_empty() {
            write!(f, " ({})", joined(&space))?;
        }
        if !self.ports.is_empty() {
            write!(f, ", port {}", joined(&self.ports))?;
        }
        match self.address {
            Some(address) => write!(f, " at {address}"),
            None => Ok(()),
        }
    }
}

fn joined(labels: &[String]) -> String {
    match labels {
        [] => "no labels".to_owned(),
        labels => labels.join(", "),
    }
}
