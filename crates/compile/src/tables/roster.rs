//! The roster: everybody who can stand at the end of a flow inside the cluster, by number.
//!
//! Sets of peers are bitmaps of these numbers. A pod's number is its id; the hosts follow.

use std::net::IpAddr;

use ipnet::IpNet;
use model::{End, Family, NodeId, PodId, World};
use roaring::RoaringBitmap;

/// Who has a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Member {
    /// A pod; on its node's network it counts as a host (ruling N16).
    Pod(PodId),
    /// A node, at the address of this position among those of each family.
    Node(NodeId, u32),
}

/// Pods and nodes by number.
#[derive(Clone, Debug)]
pub struct Roster {
    members: Vec<Member>,
    ends: [Vec<Option<End>>; 2],
    present: [RoaringBitmap; 2],
    subjects: RoaringBitmap,
}

/// The place of a family in pairs.
pub(crate) fn place(family: Family) -> usize {
    match family {
        Family::V4 => 0,
        Family::V6 => 1,
    }
}

/// Both families in the order of their places.
pub(crate) const FAMILIES: [Family; 2] = [Family::V4, Family::V6];

impl Roster {
    pub(crate) fn of(world: &World) -> Self {
        let pods = world.pods().map(|(id, _)| Member::Pod(id));
        let nodes = world.nodes().flat_map(|(id, node)| {
            let of = |v4| node.addresses.iter().filter(|address| address.is_ipv4() == v4).count();
            let count = u32::try_from(of(true).max(of(false)).max(1)).unwrap_or(1);
            (0..count).map(move |at| Member::Node(id, at))
        });
        let members: Vec<Member> = pods.chain(nodes).collect();
        let ends = FAMILIES
            .map(|family| members.iter().map(|member| end(world, *member, family)).collect());
        let present = [0, 1].map(|at| numbers_with_end(ends.get(at)));
        let subjects = (0..)
            .zip(world.pods())
            .filter(|(_, (_, pod))| !pod.host_network)
            .map(|(number, _)| number);
        let subjects = subjects.collect();
        Self { members, ends, present, subjects }
    }

    /// Who has `number`.
    #[must_use]
    pub fn member(&self, number: u32) -> Option<Member> {
        self.members.get(number as usize).copied()
    }

    /// How many numbers there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        u32::try_from(self.members.len()).unwrap_or(u32::MAX)
    }

    /// Whether nobody is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// What `number` is at the end of a flow of `family`; nothing if it cannot take part in one.
    #[must_use]
    pub fn end(&self, number: u32, family: Family) -> Option<&End> {
        self.ends.get(place(family))?.get(number as usize)?.as_ref()
    }

    /// Who can take part in flows of `family`.
    #[must_use]
    pub fn present(&self, family: Family) -> &RoaringBitmap {
        let [v4, v6] = &self.present;
        match family {
            Family::V4 => v4,
            Family::V6 => v6,
        }
    }

    /// The pods that policies can select, whatever their family.
    #[must_use]
    pub fn subjects(&self) -> &RoaringBitmap {
        &self.subjects
    }
}

/// Who has addresses, but none of this family, never meets it.
fn end(world: &World, member: Member, family: Family) -> Option<End> {
    match member {
        Member::Pod(id) => {
            let pod = world.pod(id);
            let takes_part = pod.addresses.is_empty() || pod.address(family).is_some();
            takes_part.then(|| world.pod_end(id, family))
        }
        Member::Node(id, at) => {
            let addresses = &world.node(id).addresses;
            let mut own = addresses.iter().copied().filter(|it| Family::of(*it) == family);
            let address: Option<IpAddr> = own.nth(at as usize);
            let takes_part = addresses.is_empty() || address.is_some();
            takes_part.then_some(End::Host { node: Some(id), address })
        }
    }
}

fn numbers_with_end(ends: Option<&Vec<Option<End>>>) -> RoaringBitmap {
    let ends = (0..).zip(ends.into_iter().flatten());
    ends.filter(|(_, end)| end.is_some()).map(|(number, _)| number).collect()
}

/// Where an address of `family` that nobody knows yet may lie (ruling N10).
pub(crate) fn whereabouts(world: &World, family: Family, is_pod: bool) -> Vec<IpNet> {
    let known = world.pod_networks().iter().copied();
    let pods: Vec<IpNet> = known.filter(|it| Family::of(it.addr()) == family).collect();
    match is_pod && !pods.is_empty() {
        true => pods,
        false => vec![whole(family)],
    }
}

fn whole(family: Family) -> IpNet {
    let address: IpAddr = match family {
        Family::V4 => [0; 4].into(),
        Family::V6 => [0_u16; 8].into(),
    };
    IpNet::new_assert(address, 0)
}
