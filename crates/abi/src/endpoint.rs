//! Endpoints: the words that say which policy sets a pod has, and the interfaces that lead to them.

use std::fmt;

use crate::Address;

/// Bits of [`Sets`] and [`Interface::flags`].
pub mod endpoint_flags {
    /// The word is live; without it the endpoint is in quarantine.
    pub const LIVE: u8 = 1;
    /// What may be sent depends on the process: `subjects` leads to the words of those that rules
    /// name, and a process that nobody knows may open nothing.
    pub const SUBJECTS: u8 = 2;
}

/// Bits of [`Interface::flags`].
pub mod interface_flags {
    /// `ipv4` is set.
    pub const IPV4: u32 = 1;
    /// `ipv6` is set.
    pub const IPV6: u32 = 2;
    /// DHCP is how this pod gets its address.
    pub const DHCP: u32 = 4;
}

/// Two set ids and flags in one word that is written atomically: ingress in bits 0-27, egress in
/// bits 28-55, flags in bits 56-63.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Sets(pub u64);

/// A set id that does not fit its 28 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetsError {
    /// The id.
    pub set: u32,
}

impl fmt::Display for SetsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "policy set id {} does not fit 28 bits", self.set)
    }
}

impl std::error::Error for SetsError {}

impl Sets {
    /// The state before the first word was written: everything is denied.
    pub const QUARANTINE: Self = Self(0);
    const BITS: u32 = 28;

    /// A live word.
    ///
    /// # Errors
    /// Where an id needs more than 28 bits.
    pub fn live(ingress: u32, egress: u32) -> Result<Self, SetsError> {
        match [ingress, egress].into_iter().find(|set| set >> Self::BITS != 0) {
            Some(set) => Err(SetsError { set }),
            None => Ok(Self(
                u64::from(ingress)
                    | u64::from(egress) << Self::BITS
                    | u64::from(endpoint_flags::LIVE) << (2 * Self::BITS),
            )),
        }
    }

    /// The ingress set.
    #[must_use]
    pub fn ingress(self) -> u32 {
        (self.0 & ((1 << Self::BITS) - 1)) as u32
    }

    /// The egress set.
    #[must_use]
    pub fn egress(self) -> u32 {
        ((self.0 >> Self::BITS) & ((1 << Self::BITS) - 1)) as u32
    }

    /// The same sets for an endpoint whose processes differ in what they may send, or do not.
    #[must_use]
    pub fn with_subjects(self, differ: bool) -> Self {
        let flag = u64::from(endpoint_flags::SUBJECTS) << (2 * Self::BITS);
        Self(if differ { self.0 | flag } else { self.0 & !flag })
    }

    /// Whether processes differ in what they may send.
    #[must_use]
    pub fn has_subjects(self) -> bool {
        (self.0 >> (2 * Self::BITS)) as u8 & endpoint_flags::SUBJECTS != 0
    }

    /// Whether the word was written at all.
    #[must_use]
    pub fn is_live(self) -> bool {
        (self.0 >> (2 * Self::BITS)) as u8 & endpoint_flags::LIVE != 0
    }
}

/// One endpoint's record. Each field is written by one atomic store, `sets` before `generation`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Endpoint {
    /// The sets that are enforced.
    pub sets: Sets,
    /// Changes after `sets` or after a peer that these sets can tell apart moved; 32 bits count.
    pub generation: u64,
    /// Sets that are evaluated for new flows and reported, never enforced; 0 for none.
    pub staged: Sets,
    /// Sets for a pod that reaches itself through a Service (ruling N14); 0 for none.
    pub hairpin: Sets,
}

impl Endpoint {
    /// What no policy speaks for: everything passes in both directions.
    #[must_use]
    pub fn open() -> Self {
        let sets = Sets::live(0, 0).unwrap_or_default();
        Self { sets, ..Self::default() }
    }

    /// What a subject that is judged by these words has: no subjects of its own, no connections, and no
    /// way to itself.
    #[must_use]
    pub fn as_subject(self) -> Self {
        Self {
            sets: self.sets.with_subjects(false),
            generation: 0,
            staged: self.staged.with_subjects(false),
            hairpin: Sets::QUARANTINE,
        }
    }
}

/// What the host side of a pod's veth leads to. Key: the interface index, `u32`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Interface {
    /// Index into `endpoints`.
    pub endpoint: u32,
    /// See [`interface_flags`].
    pub flags: u32,
    /// The pod's own IPv4 address, mapped.
    pub ipv4: Address,
    /// The pod's own IPv6 address.
    pub ipv6: Address,
    /// The pod's own link-layer address.
    pub mac: [u8; 6],
    /// Zero.
    pub pad: [u8; 2],
    /// Until this kernel time, nanoseconds since boot, TCP that nobody has seen opened is taken for a
    /// connection that is older than the programs; 0 for a pod that never ran without them.
    pub adopted_until_ns: u64,
}

/// The key of the node's own record among the interfaces: no device has this index. A node without one
/// has no policy of its own (ruling N39).
pub const INTERFACE_OF_NODE: u32 = 0;

/// Value of `node_addresses`, whose key is an [`Address`]: the addresses of this node itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct NodeAddress {
    /// Zero; being there is what counts.
    pub reserved: u32,
}

const _: () = assert!(size_of::<Endpoint>() == 32 && size_of::<Interface>() == 56);
