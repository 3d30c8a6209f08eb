//! Loads, attaches, pins and feeds the BPF programs.
//!
//! Everything that is decided was decided before: this crate performs writes in the order it is
//! given, reads the maps back, and hands out events. All of an instance's maps, programs and links
//! are pinned under its own directory, so enforcement outlives the process and a restart finds what
//! it left.
//!
//! **Invariant:** `datapath` makes no policy decision.
//! **Invariant:** opening and attaching again what is already there writes nothing.

mod alarm;
mod attribution;
mod bpffs;
mod carry;
mod chains;
mod clsact;
mod collect;
mod columns;
mod company;
mod config;
mod counters;
mod error;
mod events;
mod features;
mod grow;
mod held;
mod hooks;
mod host;
mod inherit;
mod instance;
mod link;
#[allow(unsafe_code, reason = "a map's memory is shared with the kernel and has no safe type")]
mod memory;
mod netlink;
mod node;
mod object;
mod observe;
mod occupants;
mod perform;
mod plain;
mod share;
mod sockets;
#[allow(unsafe_code, reason = "the one module that talks to the kernel without a safe wrapper")]
mod sys;
mod table;
mod tables;
mod tc;
mod translation;
mod usage;
mod words;

pub use alarm::Alarm;
pub use bpffs::{BpffsError, ensure_bpffs, has_bpffs};
pub use chains::{FilterChain, filter_chains};
pub use collect::Expired;
pub use company::{Chain, Drift, Occupant, Repair, Repaired, detach_pinned};
pub use config::{Capacities, Config, Features, Lifetimes, Programs};
pub use counters::Counters;
pub use error::{
    AttachError, EventsError, FileError, GrowError, OpenError, PerformError, ReadError,
    RemoveError, RunError, TableError,
};
pub use events::{Events, decode as decode_event};
pub use features::{Missing, probe};
pub use hooks::Hooks;
pub use instance::{Instance, Report, TestPacket, remove_pins};
pub use link::{ADOPTION, Direction};
pub use object::{HOOKS_OBJECT, TEST_OBJECT};
pub use occupants::occupants;
pub use sockets::{OpenSocket, SocketsError, end_sockets};
pub use sys::netns_cookie;
pub use tc::FilterError;
pub use usage::{Fill, MapUsage};
