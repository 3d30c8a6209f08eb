//! Service translation: from a Service's address to a backend's, and back.

use crate::Address;

/// Key of `services`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct ServiceKey {
    /// The Service's address.
    pub address: Address,
    /// The Service's port.
    pub port: u16,
    /// IP protocol number.
    pub protocol: u8,
    /// Zero.
    pub pad: u8,
}

/// Value of `services`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct ServiceValue {
    /// First part of a [`BackendKey`]; new for each change of the backends.
    pub backends: u32,
    /// How many there are.
    pub count: u32,
    /// How long after its last connection a client keeps its backend; 0 for not at all.
    pub affinity_seconds: u32,
}

/// Key of `backends`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct BackendKey {
    /// See [`ServiceValue::backends`].
    pub backends: u32,
    /// Position, from 0.
    pub index: u32,
}

/// Value of `backends`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct BackendValue {
    /// The backend's address.
    pub address: Address,
    /// The backend's port.
    pub port: u16,
    /// Zero.
    pub pad: u16,
}

/// Key of `affinities`: a client, which is a network namespace, and the Service that it named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct AffinityKey {
    /// The cookie of the client's network namespace.
    pub client: u64,
    /// The Service's address.
    pub address: Address,
    /// The Service's port.
    pub port: u16,
    /// IP protocol number.
    pub protocol: u8,
    /// Zero.
    pub pad: [u8; 5],
}

/// Value of `affinities`: the backend that the client reached last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct AffinityValue {
    /// Kernel time of that, nanoseconds since boot.
    pub used_ns: u64,
    /// The backend's address.
    pub address: Address,
    /// The backend's port.
    pub port: u16,
    /// Zero.
    pub pad: [u16; 3],
}

/// Key of `translations`: which socket talks to which backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct TranslationKey {
    /// The socket's cookie.
    pub cookie: u64,
    /// The backend's address.
    pub address: Address,
    /// The backend's port.
    pub port: u16,
    /// IP protocol number.
    pub protocol: u8,
    /// Zero.
    pub pad: [u8; 5],
}

/// Value of `translations`: the Service that the socket named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct TranslationValue {
    /// The Service's address.
    pub address: Address,
    /// The Service's port.
    pub port: u16,
    /// Zero.
    pub pad: u16,
}
