//! A pod's interface, as whoever made it knows it, and what came of it.
//!
//! The same for every way in which pods are made, so that nothing here knows any of them.

use std::net::IpAddr;
use std::path::PathBuf;

use abi::{Address, Interface, interface_flags};
use node::Held;

/// The host side of a pod's veth, and what is behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodInterface {
    /// What names it for as long as it lives.
    pub id: String,
    /// Its pod, `NAMESPACE/NAME`; nothing where nobody knows yet whose it is, which is quarantine.
    pub pod: Option<String>,
    /// The pod's network namespace.
    pub netns: PathBuf,
    /// Of the host side, in the node's network namespace.
    pub index: u32,
    /// Of the pod's side.
    pub mac: [u8; 6],
    /// Of the pod's side; the first of each family counts.
    pub addresses: Vec<IpAddr>,
    /// Of [`interface_flags`], besides those of its families.
    pub flags: u32,
    /// It runs already, and what it began is not to end by being attached.
    pub is_adopted: bool,
}

impl PodInterface {
    /// What the programs are told of it. Adoption is a matter of the moment, so it is left out.
    pub(crate) fn record(&self, endpoint: u32) -> Interface {
        let address = |v4: bool| self.addresses.iter().find(|address| address.is_ipv4() == v4);
        let flag = |v4, flag| if address(v4).is_some() { flag } else { 0 };
        let families = flag(true, interface_flags::IPV4) | flag(false, interface_flags::IPV6);
        Interface {
            endpoint,
            flags: self.flags | families,
            ipv4: address(true).map_or_else(Address::default, |address| (*address).into()),
            ipv6: address(false).map_or_else(Address::default, |address| (*address).into()),
            mac: self.mac,
            pad: [0; 2],
            adopted_until_ns: 0,
        }
    }
}

/// What is in force on a pod's interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PodState {
    /// Nobody knows yet whose it is: nothing may pass.
    Unowned,
    /// Its policies are known and not in force yet.
    Behind,
    /// There was no room for its policies; in words.
    Held(Held, String),
    /// Its policies are in force.
    Enforced,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_the_first_address_of_each_family_and_says_which_it_has() {
        let pod = |addresses: &[&str]| PodInterface {
            id: "one".to_owned(),
            pod: None,
            netns: PathBuf::new(),
            index: 7,
            mac: [2, 0, 0, 0, 0, 1],
            addresses: addresses.iter().filter_map(|text| text.parse().ok()).collect(),
            flags: interface_flags::DHCP,
            is_adopted: false,
        };
        let both = pod(&["10.0.0.1", "10.0.0.2", "fd00::1"]).record(3);
        let flags = interface_flags::DHCP | interface_flags::IPV4 | interface_flags::IPV6;
        let first: IpAddr = [10, 0, 0, 1].into();
        assert_eq!((both.endpoint, both.flags, both.ipv4), (3, flags, first.into()));
        let only = pod(&["fd00::1"]).record(3);
        assert_eq!(only.flags, interface_flags::DHCP | interface_flags::IPV6);
        assert_eq!(only.ipv4, Address::default());
    }
}
