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
