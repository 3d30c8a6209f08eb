//! Connections: what the kernel remembers so that replies need no rule.

use crate::Address;

/// Bits of [`Connection::flags`].
pub mod connection_flags {
    /// The remote end opened the connection, so the ingress set decides it.
    pub const REMOTE_OPENED: u8 = 1;
    /// A packet came back.
    pub const REPLIED: u8 = 2;
    /// One end closed.
    pub const CLOSING: u8 = 4;
    /// It proved itself, but there was no room in `est`.
    pub const CROWDED: u8 = 8;
    /// It was there before the programs were, so who opened it is not known.
    pub const ADOPTED: u8 = 16;
}

/// Key of `half` and `est`: a connection as one endpoint sees it, the same for both directions.
///
/// The endpoint's own address is left out: anti-spoofing makes it follow from endpoint and family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct ConnectionKey {
    /// The other end's address.
    pub remote: Address,
    /// The endpoint's port; an echo identifier for ICMP.
    pub local_port: u16,
    /// The other end's port; 0 for ICMP.
    pub remote_port: u16,
    /// The endpoint; tables of endpoints grow to less than 65,536.
    pub endpoint: u16,
    /// IP protocol number.
    pub protocol: u8,
    /// 4 or 6.
    pub family: u8,
}

/// Value of `half` and `est`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Connection {
    /// The endpoint's generation at the last evaluation.
    pub generation: u32,
    /// The rule that allowed it, or 0.
    pub rule: u32,
    /// Kernel time of the newest packet in [`ticks`]; it wraps after 52 days.
    pub seen_ticks: u32,
    /// Kernel time of the first packet in [`ticks`].
    pub opened_ticks: u32,
    /// Packets sent by the endpoint, received by it.
    pub packets: [u64; 2],
    /// Bytes sent by the endpoint, received by it.
    pub bytes: [u64; 2],
    /// The subject that opened it, where rules asked: [`crate::subject`].
    pub subject: u32,
    /// What counts the rule that allowed it: [`crate::Cell::counter`].
    pub counter: u16,
    /// The reason code, or 0 where a rule decided.
    pub reason: u8,
    /// See [`connection_flags`].
    pub flags: u8,
}

impl Connection {
    /// Nanoseconds since the newest packet, to a tick.
    #[must_use]
    pub fn idle_ns(&self, now_ns: u64) -> u64 {
        // A packet may be newer than the clock that was read before it.
        let idle = ticks(now_ns).wrapping_sub(self.seen_ticks).cast_signed();
        u64::try_from(idle).unwrap_or(0) << TICK_SHIFT
    }

    /// Nanoseconds from the first packet to the newest, to a tick.
    #[must_use]
    pub fn duration_ns(&self) -> u64 {
        u64::from(self.seen_ticks.wrapping_sub(self.opened_ticks)) << TICK_SHIFT
    }
}

/// A tick is this power of two of nanoseconds: about a millisecond.
const TICK_SHIFT: u32 = 20;

/// Kernel time in ticks, as [`Connection::seen_ticks`] holds it.
#[must_use]
pub fn ticks(ns: u64) -> u32 {
    // It wraps; differences stay right.
    (ns >> TICK_SHIFT) as u32
}

// With the kernel's own 48 octets an element of `est` is two cache lines of 64.
const _: () = assert!(48 + size_of::<ConnectionKey>() + size_of::<Connection>() == 128);
