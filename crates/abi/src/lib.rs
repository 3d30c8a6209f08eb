//! Keys, values and events exactly as the kernel sees them.
//!
//! Every type is `repr(C)`, has no implicit padding and has a twin of the same name in
//! `bpf/include/abi.h`; a test compares both by the object file's type information. Ports and
//! numbers are in host byte order, addresses in network byte order.
//!
//! **Invariant:** `abi` holds data only: no system calls and no decisions.

mod address;
mod connection;
mod endpoint;
mod event;
mod header;
mod layout;
mod ledger;
mod process;
mod service;
mod table;

pub use address::{Address, PrefixKey};
pub use connection::{Connection, ConnectionKey, connection_flags, ticks};
pub use endpoint::{
    Endpoint, INTERFACE_OF_NODE, Interface, NodeAddress, Sets, SetsError, endpoint_flags,
    interface_flags,
};
pub use event::{Event, EventKind};
pub use header::reason_header;
pub use layout::{Field, Layout, layouts};
pub use ledger::{DeniedKey, DeniedValue, FragmentKey, FragmentValue, counter};
pub use process::{ExecutableKey, ExecutableValue, Maker, ProcessKey, SubjectKey, subject};
pub use service::{
    AffinityKey, AffinityValue, BackendKey, BackendValue, ServiceKey, ServiceValue, TranslationKey,
    TranslationValue,
};
pub use table::{Cell, PORT_SLOTS, RowKey, RowValue, RuleCount, column, port_slot, verdict_code};

/// Changes whenever a key, a value or its meaning does; it is part of where maps are pinned.
pub const VERSION: u32 = 4;

/// The most rows, cells and peers that a compiler reckons with unless it was told otherwise; an
/// instance's tables begin smaller and grow.
pub mod capacity {
    /// Entries of `peers`.
    pub const PEERS: u32 = 131_072;
    /// Entries of `prefixes`.
    pub const PREFIXES: u32 = 16_384;
    /// Entries of `rows`.
    pub const ROWS: u32 = 65_536;
    /// Entries of `cells`.
    pub const CELLS: u32 = 262_144;
    /// Entries of `endpoints`.
    pub const ENDPOINTS: u32 = 1_024;
    /// Entries of `rule_counts`, the first of which counts nothing.
    pub const RULE_COUNTS: u32 = 4_096;
}
