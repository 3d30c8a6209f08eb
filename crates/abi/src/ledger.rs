//! What the kernel remembers of denials and fragments: enough to tell a flow once and count it
//! exactly, and to know the ports of a datagram's later parts.

use crate::{Address, ConnectionKey};

/// Key of `denied`: one flow that was judged the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct DeniedKey {
    /// The flow.
    pub connection: ConnectionKey,
    /// The rule id, or 0.
    pub rule: u32,
    /// The code of a reason without a rule, or 0.
    pub reason: u8,
    /// A verdict code; packets to groups are counted here even when allowed.
    pub verdict: u8,
    /// Zero.
    pub direction: u8,
    /// 1 where the remote end opened the flow.
    pub remote_opened: u8,
}

/// Value of `denied`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct DeniedValue {
    /// Kernel time of the last event, nanoseconds.
    pub reported_ns: u64,
    /// Packets since that event.
    pub packets: u64,
    /// The endpoint's own address in this flow.
    pub local: Address,
}

/// Key of `fragments`: one datagram at one hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct FragmentKey {
    /// The sender's address.
    pub source: Address,
    /// The receiver's address.
    pub destination: Address,
    /// The endpoint.
    pub endpoint: u32,
    /// The identification, as it is in the packet.
    pub id: u32,
    /// 0 egress, 1 ingress.
    pub direction: u8,
    /// 4 or 6.
    pub family: u8,
    /// IP protocol number.
    pub protocol: u8,
    /// Zero.
    pub pad: u8,
}

/// Value of `fragments`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct FragmentValue {
    /// Kernel time of the first fragment, nanoseconds.
    pub seen_ns: u64,
    /// The endpoint's generation then.
    pub generation: u32,
    /// Where the first fragment ends, in octets into the datagram: no other may begin before.
    pub end: u16,
    /// What counts the rule that decided the datagram.
    pub counter: u16,
    /// The verdict code of the first fragment.
    pub verdict: u32,
    /// Zero.
    pub pad: u32,
}

/// Slots of the array `counters`; those below [`counter::EVENTS_LOST`] count denials by reason code.
pub mod counter {
    /// Denials by a rule.
    pub const DENIED_BY_RULE: u32 = 0;
    /// Events that found no room in the ring.
    pub const EVENTS_LOST: u32 = 32;
    /// Connections that stayed in `half` because `est` was full.
    pub const ESTABLISHED_FULL: u32 = 33;
    /// Connections that could not be remembered at all.
    pub const HALF_FAILED: u32 = 34;
    /// Connections that a policy change cut.
    pub const CUT: u32 = 35;
    /// Connections that stayed in `half` because their endpoint held its share of `est`.
    pub const SHARE_FULL: u32 = 36;
    /// How many slots there are.
    pub const SLOTS: u32 = 40;
}

const _: () = assert!(size_of::<DeniedKey>() == 32 && size_of::<FragmentKey>() == 44);
