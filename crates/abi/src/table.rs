//! The verdict table: port columns, rows and cells.

use model::{Protocol, Traffic, Verdict};

/// Entries of the port array: 65,536 for each protocol with ports.
pub const PORT_SLOTS: u32 = 3 << 16;

/// Fixed columns.
pub mod column {
    /// Every protocol without ports.
    pub const OTHER: u32 = 0;
}

/// The index into the port array, or none for a protocol without ports.
#[must_use]
pub fn port_slot(traffic: Traffic) -> Option<u32> {
    match traffic {
        Traffic::Port(protocol, port) => Some(plane(protocol) << 16 | u32::from(port)),
        Traffic::Other(_) => None,
    }
}

fn plane(protocol: Protocol) -> u32 {
    match protocol {
        Protocol::Tcp => 0,
        Protocol::Udp => 1,
        Protocol::Sctp => 2,
    }
}

/// Key of `rows`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct RowKey {
    /// The policy set.
    pub set: u32,
    /// The peer class.
    pub class: u32,
}

/// Value of `rows`, one word: where the row's cells are. Rows with equal cells share them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct RowValue {
    /// Index into `cells` of column 0.
    pub base: u32,
    /// How many columns there are; a column beyond them is not programmed.
    pub width: u32,
}

/// Value of `cells`: the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct Cell {
    /// The rule id, or 0 where `reason` is not.
    pub rule: u32,
    /// See [`verdict_code`].
    pub verdict: u8,
    /// The code of a reason without a rule, or 0 where `rule` decided.
    pub reason: u8,
    /// Which entry of `rule_counts` counts what this rule decides; 0 for none.
    pub counter: u16,
}

/// Value of `rule_counts`, one for each processor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct RuleCount {
    /// Packets; the segments of one that is yet to be segmented count each.
    pub packets: u64,
    /// Octets with their headers.
    pub bytes: u64,
}

/// The codes of [`Cell::verdict`]; others than these deny, and end what exists.
pub mod verdict_code {
    use super::Verdict;

    /// Denied.
    pub const DENY: u8 = 0;
    /// Allowed.
    pub const ALLOW: u8 = 1;
    /// Denied, but a connection that exists lives on (ruling N25).
    pub const DENY_KEEP: u8 = 2;

    /// The code of `verdict`.
    #[must_use]
    pub fn of(verdict: Verdict) -> u8 {
        match verdict {
            Verdict::Deny => DENY,
            Verdict::Allow => ALLOW,
        }
    }

    /// The verdict that a program makes of `code`.
    #[must_use]
    pub fn verdict(code: u8) -> Verdict {
        if code == ALLOW { Verdict::Allow } else { Verdict::Deny }
    }
}

const _: () = assert!(size_of::<Cell>() == 8 && size_of::<RowValue>() == 8);
