//! A plug: one veth between a router namespace and a leaf namespace, and all its addresses.
//!
//! Nodes are routers for their pods, and the outside is the router for the nodes, so one shape
//! serves both. It is routed, without a bridge: every address is a route of its own, so pods may
//! have any address, whatever network the manifests give them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use crate::link::{Mac, Route, Step};

/// The index of every leaf's one device.
pub(crate) const UPLINK: u32 = 99;
/// The index of a router's device to its leaf number 0.
const FIRST_PORT: u32 = 100;
const LOOPBACK: u32 = 1;

/// Link addresses of the two ends of a plug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    /// The router's, the next hop of its leaves.
    pub(crate) router: [IpAddr; 2],
    /// A leaf's own, the next hop to what is behind it; none for pods, behind which nothing is.
    pub(crate) leaf: Option<[IpAddr; 2]>,
    /// The third byte of link-layer addresses, so that they differ in captures.
    mark: u8,
}

/// The two kinds of plug.
pub(crate) struct Sides {
    /// Between a node and a pod.
    pub(crate) pod: Side,
    /// Between the outside and a node.
    pub(crate) node: Side,
}

/// Link addresses; a node is a router and a leaf, so the two kinds differ.
pub(crate) const SIDE: Sides = Sides {
    pod: Side { router: [v4(1, 1), v6(1)], leaf: None, mark: 1 },
    node: Side { router: [v4(2, 1), v6(3)], leaf: Some([v4(2, 2), v6(4)]), mark: 2 },
};

const fn v4(third: u8, fourth: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(169, 254, third, fourth))
}

const fn v6(last: u16) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last))
}

/// One veth and who is at its leaf's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plug {
    /// The leaf's number at its router.
    pub(crate) number: u32,
    /// The kind of plug.
    pub(crate) side: Side,
    /// The leaf's namespace.
    pub(crate) leaf: PathBuf,
    /// The leaf's own addresses.
    pub(crate) addresses: Vec<IpAddr>,
}

impl Plug {
    /// The router's device.
    pub(crate) fn index(&self) -> u32 {
        FIRST_PORT + self.number
    }

    /// The leaf's link-layer address.
    pub(crate) fn leaf_mac(&self) -> Mac {
        self.mac(1)
    }

    fn mac(&self, end: u8) -> Mac {
        let [_, _, high, low] = self.number.to_be_bytes();
        Mac([0x02, 0x52, self.side.mark, end, high, low])
    }

    /// What a router needs once: its own link address of IPv4, on the loopback device so that it
    /// answers for it everywhere.
    pub(crate) fn router_base(side: Side) -> Vec<Step> {
        let v4 = side.router.into_iter().filter(IpAddr::is_ipv4);
        let own = v4.map(|address| Step::Address { index: LOOPBACK, address, link_local: true });
        std::iter::once(Step::Up { index: LOOPBACK }).chain(own).collect()
    }

    /// Everything at the router's end; `sources` is what the router calls itself.
    pub(crate) fn router_steps(&self, sources: &[IpAddr]) -> Vec<Step> {
        let index = self.index();
        let mut steps = vec![Step::Veth {
            name: format!("rf{}", self.number),
            index,
            mac: self.mac(0),
            peer: (self.leaf.clone(), "eth0", UPLINK, self.leaf_mac()),
        }];
        let own = self.side.router.into_iter().filter(IpAddr::is_ipv6);
        steps.extend(own.map(|address| Step::Address { index, address, link_local: true }));
        for &address in self.addresses.iter().chain(self.side.leaf.iter().flatten()) {
            steps.push(Step::Neighbour { index, address, mac: self.leaf_mac() });
        }
        let routes = self.addresses.iter().map(|&address| self.direct(address, sources));
        steps.extend(routes.map(Step::Route));
        steps
    }

    /// Everything at the leaf's end.
    pub(crate) fn leaf_steps(&self) -> Vec<Step> {
        let index = UPLINK;
        let own =
            |link_local| move |&address: &IpAddr| Step::Address { index, address, link_local };
        let mut steps = vec![Step::Up { index: LOOPBACK }, Step::Up { index }];
        steps.extend(self.addresses.iter().map(own(false)));
        steps.extend(self.side.leaf.iter().flatten().map(own(true)));
        for gateway in self.side.router {
            let source = self.addresses.iter().copied().find(|own| same_family(*own, gateway));
            let via = |to| Step::Route(Route { to, via: Some(gateway), index, source });
            steps.push(via((unspecified(gateway), 0)));
        }
        steps
    }

    /// The router's route to an address that lives behind the leaf.
    pub(crate) fn behind(&self, address: IpAddr) -> Route {
        let via = self.side.leaf.into_iter().flatten().find(|leaf| same_family(*leaf, address));
        Route { to: (address, full(address)), via, index: self.index(), source: None }
    }

    fn direct(&self, address: IpAddr, sources: &[IpAddr]) -> Route {
        let source = sources.iter().copied().find(|source| same_family(*source, address));
        Route { to: (address, full(address)), via: None, index: self.index(), source }
    }
}

fn same_family(one: IpAddr, other: IpAddr) -> bool {
    one.is_ipv4() == other.is_ipv4()
}

fn full(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn unspecified(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may crash")]
mod tests {
    use super::*;

    fn plug(number: u32, side: Side) -> Plug {
        let addresses = vec!["10.0.0.7".parse().unwrap(), "fd00::7".parse().unwrap()];
        Plug { number, side, leaf: "/run/leaf".into(), addresses }
    }

    #[test]
    fn link_layer_addresses_are_unique_and_local() {
        let plugs = [plug(1, SIDE.pod), plug(2, SIDE.pod), plug(1, SIDE.node), plug(257, SIDE.pod)];
        let macs: Vec<[u8; 6]> =
            plugs.iter().flat_map(|plug| [plug.mac(0).0, plug.mac(1).0]).collect();
        for (at, mac) in macs.iter().enumerate() {
            assert_eq!(mac.first(), Some(&0x02), "locally administered, unicast");
            assert!(!macs.iter().skip(at + 1).any(|other| other == mac), "{mac:?} twice");
        }
    }

    #[test]
    fn a_leaf_has_its_addresses_and_a_way_out_in_both_families() {
        let steps = plug(3, SIDE.pod).leaf_steps();
        let routes: Vec<&Route> = steps
            .iter()
            .filter_map(|step| if let Step::Route(route) = step { Some(route) } else { None })
            .collect();
        assert_eq!(routes.len(), 2);
        assert!(routes.iter().all(|route| route.to.1 == 0 && route.via.is_some()));
        let addresses =
            steps.iter().filter(|step| matches!(step, Step::Address { link_local: false, .. }));
        assert_eq!(addresses.count(), 2);
    }

    #[test]
    fn what_is_behind_a_node_is_reached_by_the_nodes_link_address_of_its_family() {
        let node = plug(0, SIDE.node);
        let behind = node.behind("10.9.9.9".parse().unwrap());
        assert_eq!(behind.via, Some("169.254.2.2".parse().unwrap()));
        let behind = node.behind("fd00::9".parse().unwrap());
        assert_eq!(behind.via, Some("fe80::4".parse().unwrap()));
        assert_eq!(plug(0, SIDE.pod).behind("10.9.9.9".parse().unwrap()).via, None);
    }
}
