//! Two pods and the writes that make a small table: what every test of this tier starts from.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a failed test may say so in any way")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use abi::{Cell, Endpoint, PrefixKey, RowKey, RowValue, Sets, port_slot, verdict_code};
use model::{Protocol, Traffic};
use plan::Op;
use ringfence_kernel::Pod;

pub(crate) const CLIENT: Pod = Pod {
    endpoint: 1,
    ipv4: Some(Ipv4Addr::new(10, 0, 0, 1)),
    ipv6: Some(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1)),
    mac: [2, 0, 0, 0, 0, 1],
    dhcp: false,
};
pub(crate) const SERVER: Pod = Pod {
    endpoint: 2,
    ipv4: Some(Ipv4Addr::new(10, 0, 0, 2)),
    ipv6: Some(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2)),
    mac: [2, 0, 0, 0, 0, 2],
    dhcp: false,
};
/// Of a policy that nobody is selected by; nothing in these tests is allowed by it.
pub(crate) const DEFAULT_DENY: u32 = 99;
pub(crate) const SET: u32 = 5;
const CLIENT_CLASS: u32 = 1;
const OTHER_CLASS: u32 = 2;
const GENERATION: u64 = 1;

pub(crate) fn rule(rule: u32, allowed: bool) -> Cell {
    let verdict = if allowed { verdict_code::ALLOW } else { verdict_code::DENY };
    Cell { rule, verdict, reason: 0, counter: 0 }
}

/// The client has no policy; the server's ingress set has these cells for the client, by port of
/// every protocol, and denies by [`DEFAULT_DENY`] otherwise.
pub(crate) fn pod_ops(ports: &[(u16, Cell)]) -> Vec<Op> {
    ops(ports, rule(DEFAULT_DENY, false))
}

/// As [`pod_ops`], with a cell for what has no ports.
pub(crate) fn ops(ports: &[(u16, Cell)], other: Cell) -> Vec<Op> {
    let width = ports.len() as u32 + 2;
    let cell = |index, cell| Op::Cell { index, cell };
    let mut ops = vec![cell(0, other), cell(1, rule(DEFAULT_DENY, false))];
    ops.extend((2..).zip(ports).map(|(index, (_, wanted))| cell(index, *wanted)));
    ops.extend((0..width).map(|column| cell(width + column, rule(DEFAULT_DENY, false))));
    let row =
        |class, base| Op::Row { key: RowKey { set: SET, class }, value: RowValue { base, width } };
    ops.extend([row(CLIENT_CLASS, 0), row(OTHER_CLASS, width)]);
    for protocol in [Protocol::Tcp, Protocol::Udp, Protocol::Sctp] {
        let slot = |port| port_slot(Traffic::Port(protocol, port)).unwrap();
        ops.extend((0..=u16::MAX).map(|port| Op::Port { slot: slot(port), column: 1 }));
        ops.extend(
            (2..).zip(ports).map(|(column, (port, _))| Op::Port { slot: slot(*port), column }),
        );
    }
    let addresses = |pod: &Pod| [pod.ipv4.map(IpAddr::V4), pod.ipv6.map(IpAddr::V6)];
    for (pod, class) in [(&CLIENT, CLIENT_CLASS), (&SERVER, OTHER_CLASS)] {
        for address in addresses(pod).into_iter().flatten() {
            ops.push(Op::Peer { address: address.into(), class });
        }
    }
    for network in [IpAddr::from(Ipv4Addr::UNSPECIFIED), IpAddr::from(Ipv6Addr::UNSPECIFIED)] {
        ops.push(Op::Prefix { key: PrefixKey::new(network, 0), class: OTHER_CLASS });
    }
    ops.push(endpoint(CLIENT.endpoint, 0));
    ops.push(endpoint(SERVER.endpoint, SET));
    ops
}

fn endpoint(endpoint: u32, ingress: u32) -> Op {
    let record = Endpoint {
        sets: Sets::live(ingress, 0).unwrap(),
        generation: GENERATION,
        ..Endpoint::default()
    };
    Op::Endpoint { endpoint, record }
}
