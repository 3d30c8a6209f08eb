//! Events: one record for each new flow, denial and end of flow.

use crate::Address;

/// What an event reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum EventKind {
    /// A new flow was allowed.
    Opened = 1,
    /// A packet was denied.
    Denied = 2,
    /// A flow that was allowed no longer is.
    Cut = 3,
    /// A flow ended.
    Closed = 4,
}

impl EventKind {
    /// All kinds in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Opened, Self::Denied, Self::Cut, Self::Closed];

    /// The kind with this code.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == code)
    }
}

/// One record of the ring buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Event {
    /// Kernel time, nanoseconds since boot.
    pub time_ns: u64,
    /// The initiator's address.
    pub source: Address,
    /// The responder's address.
    pub destination: Address,
    /// The initiator's port; an echo identifier for ICMP.
    pub source_port: u16,
    /// The responder's port.
    pub destination_port: u16,
    /// The endpoint whose hook reports.
    pub endpoint: u32,
    /// The rule id, or 0.
    pub rule: u32,
    /// The rule id of the staged sets, or 0.
    pub staged_rule: u32,
    /// The code of an [`EventKind`].
    pub kind: u8,
    /// A verdict code.
    pub verdict: u8,
    /// The code of a reason without a rule, or 0.
    pub reason: u8,
    /// 0 egress, 1 ingress: whose policy decided.
    pub direction: u8,
    /// IP protocol number.
    pub protocol: u8,
    /// 4 or 6.
    pub family: u8,
    /// The verdict code of the staged sets.
    pub staged_verdict: u8,
    /// The reason code of the staged sets.
    pub staged_reason: u8,
    /// For `Denied`: packets of this flow that were denied since its last event, this one included.
    pub denied: u32,
    /// The endpoint's generation.
    pub generation: u32,
    /// For `Closed`: packets of both directions.
    pub packets: u64,
    /// For `Closed`: bytes of both directions.
    pub bytes: u64,
    /// For `Closed`: how long the flow lasted, nanoseconds.
    pub duration_ns: u64,
    /// The sender's cgroup id at its own veth, or 0.
    pub container: u64,
    /// The inode of the executable that made the sender's socket, or 0: see [`crate::Maker`].
    pub inode: u64,
    /// When the process that made it started, nanoseconds since boot, or 0.
    pub started_ns: u64,
    /// The device of `inode`, as the kernel numbers devices, or 0.
    pub device: u32,
    /// The process that made it, or 0.
    pub process: u32,
}

const _: () = assert!(size_of::<Event>() == 128);
