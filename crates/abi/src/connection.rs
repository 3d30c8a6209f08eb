//! Connections: what the kernel remembers so that replies need no rule.

use crate::Address;

/// Bits of [`Connection::flags`].
pub mod connection_flags {
    /// The remote end opened the connection, so the ingress set decides it.
    pub const REMOTE_OPENED: u16 = 1;
    /// A packet came back.
    pub const REPLIED: u16 = 2;
    /// One end closed.
    pub const CLOSING: u16 = 4;
    /// It proved itself, but there was no room in `est`.
    pub const CROWDED: u16 = 8;
}

/// Key of `half` and `est`: a connection as one endpoint sees it, the same for both directions.
///
/// The endpoint's own address is left out: anti-spoofing makes it follow from endpoint and family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct ConnectionKey {
    /// The other end's address.
    pub remote: Address,
    /// The endpoint.
    pub endpoint: u32,
    /// The endpoint's port; an echo identifier for ICMP.
    pub local_port: u16,
    /// The other end's port; 0 for ICMP.
    pub remote_port: u16,
    /// IP protocol number.
    pub protocol: u8,
    /// 4 or 6.
    pub family: u8,
    /// Zero.
    pub pad: u16,
}

/// Value of `half` and `est`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Connection {
    /// The endpoint's generation at the last evaluation.
    pub generation: u32,
    /// The rule that allowed it, or 0.
    pub rule: u32,
    /// The reason code, or 0 where a rule decided.
    pub reason: u8,
    /// Zero.
    pub pad: u8,
    /// See [`connection_flags`].
    pub flags: u16,
    /// Zero.
    pub pad2: u32,
    /// Kernel time of the first packet, nanoseconds since boot.
    pub opened_ns: u64,
    /// Kernel time of the newest packet, nanoseconds since boot.
    pub seen_ns: u64,
    /// Packets sent by the endpoint, received by it.
    pub packets: [u64; 2],
    /// Bytes sent by the endpoint, received by it.
    pub bytes: [u64; 2],
}

const _: () = assert!(size_of::<ConnectionKey>() == 28 && size_of::<Connection>() == 64);
