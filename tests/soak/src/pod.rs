//! A pod: one life of it, at a place that others have had and will have.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::Family;

use crate::agent::{Attachment, NAMESPACE, NODE};

/// A life of a pod; no other has its number.
pub(crate) type Life = u32;

/// The first index of the node's devices to pods.
const FIRST_INTERFACE: u32 = 1000;

/// A pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pod {
    /// Which life.
    pub(crate) life: Life,
    /// Where: a namespace, an interface index, an endpoint.
    pub(crate) place: usize,
    /// Its label.
    pub(crate) app: usize,
    /// Its addresses' number.
    pub(crate) address: u16,
}

impl Pod {
    /// Its name; names sort as places do.
    pub(crate) fn name(&self) -> String {
        format!("s{:03}-{:06}", self.place, self.life)
    }

    /// The index of the host side of its veth.
    pub(crate) fn interface(&self) -> u32 {
        FIRST_INTERFACE + self.seat()
    }

    /// Its endpoint.
    pub(crate) fn seat(&self) -> u32 {
        u32::try_from(self.place).unwrap_or(u32::MAX - FIRST_INTERFACE - 1) + 1
    }

    /// Its IPv4 address.
    pub(crate) fn ipv4(&self) -> Ipv4Addr {
        let [high, low] = self.address.to_be_bytes();
        Ipv4Addr::new(10, 77, high, low)
    }

    /// Its IPv6 address.
    pub(crate) fn ipv6(&self) -> Ipv6Addr {
        Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, self.address)
    }

    /// Its address of `family`.
    pub(crate) fn ip(&self, family: Family) -> IpAddr {
        match family {
            Family::V4 => self.ipv4().into(),
            Family::V6 => self.ipv6().into(),
        }
    }

    /// Its link-layer address, or that of the other end of its veth. Whoever is there next has it too.
    pub(crate) fn mac(&self, is_host_side: bool) -> [u8; 6] {
        let [a, b, c, d] = self.seat().to_be_bytes();
        [if is_host_side { 0x06 } else { 0x02 }, 0x52, a, b, c, d]
    }

    /// What an agent must know to attach it.
    pub(crate) fn attachment(&self) -> Attachment {
        Attachment {
            name: self.name(),
            seat: self.seat(),
            interface: self.interface(),
            ipv4: self.ipv4(),
            ipv6: self.ipv6(),
            mac: self.mac(false),
        }
    }

    /// Its manifest.
    pub(crate) fn write(&self, text: &mut String) {
        let _ = write!(
            text,
            "---\napiVersion: v1\nkind: Pod\n\
             metadata: {{name: {}, namespace: {NAMESPACE}, labels: {{app: app{}}}}}\n\
             spec: {{nodeName: {NODE}, containers: [{{name: main}}]}}\n\
             status: {{podIP: {v4}, podIPs: [{{ip: {v4}}}, {{ip: \"{v6}\"}}]}}\n",
            self.name(),
            self.app,
            v4 = self.ipv4(),
            v6 = self.ipv6(),
        );
    }
}
