//! The steps that lead to a namespace's network, as data.
//!
//! As data they can be compared and undone, and tested without a kernel.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

/// A link-layer address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mac(pub(crate) [u8; 6]);

/// A route to one address, or to everything of a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The one address, or the family's zero address and length 0 for everything.
    pub(crate) to: (IpAddr, u8),
    /// The next hop; none where the address is on the link.
    pub(crate) via: Option<IpAddr>,
    /// The device.
    pub(crate) index: u32,
    /// What the node calls itself when it sends this way.
    pub(crate) source: Option<IpAddr>,
}

/// One thing to do in one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Makes a pair of devices, this end up, the other end in another namespace. The kernel does
    /// not take the other end up before the pair is complete.
    Veth {
        /// This end's name.
        name: String,
        /// This end's index.
        index: u32,
        /// This end's link-layer address.
        mac: Mac,
        /// The other end's namespace, name, index and link-layer address.
        peer: (PathBuf, &'static str, u32, Mac),
    },
    /// Removes a device, and with it the other end.
    NoLink {
        /// The device.
        index: u32,
    },
    /// Sets a device up.
    Up {
        /// The device.
        index: u32,
    },
    /// Gives a device an address of its own, of full length.
    Address {
        /// The device.
        index: u32,
        /// The address.
        address: IpAddr,
        /// Whether it means something on the link only.
        link_local: bool,
    },
    /// Takes an address from a device.
    NoAddress {
        /// The device.
        index: u32,
        /// The address.
        address: IpAddr,
    },
    /// Adds or replaces a route.
    Route(Route),
    /// Removes a route.
    NoRoute(Route),
    /// Says for good who has an address.
    Neighbour {
        /// The device.
        index: u32,
        /// The address.
        address: IpAddr,
        /// Who has it.
        mac: Mac,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Veth { name, .. } => write!(f, "make the veth {name}"),
            Self::NoLink { index } => write!(f, "remove device {index}"),
            Self::Up { index } => write!(f, "set device {index} up"),
            Self::Address { index, address, .. } => write!(f, "add {address} to device {index}"),
            Self::NoAddress { index, address } => {
                write!(f, "take {address} from device {index}")
            }
            Self::Route(Route { to: (to, length), index, .. }) => {
                write!(f, "route {to}/{length} over device {index}")
            }
            Self::NoRoute(Route { to: (to, length), .. }) => {
                write!(f, "remove the route {to}/{length}")
            }
            Self::Neighbour { address, .. } => write!(f, "name the neighbour {address}"),
        }
    }
}
