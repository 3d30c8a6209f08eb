//! Types that the kernel may fill: any octets are a value of them, and none of them has padding.

use abi::{
    Address, BackendKey, BackendValue, Cell, Connection, ConnectionKey, DeniedKey, DeniedValue,
    ExecutableKey, ExecutableValue, Interface, Maker, NodeAddress, PrefixKey, ProcessKey, RowKey,
    RowValue, RuleCount, ServiceKey, ServiceValue, SubjectKey, TranslationKey, TranslationValue,
};

/// A key or value of a map.
pub(crate) trait Plain: Copy {
    /// All octets zero.
    const ZERO: Self;
}

impl Plain for u32 {
    const ZERO: Self = 0;
}

impl Plain for u64 {
    const ZERO: Self = 0;
}

const ADDRESS: Address = Address([0; 16]);
const CONNECTION_KEY: ConnectionKey = ConnectionKey {
    remote: ADDRESS,
    local_port: 0,
    remote_port: 0,
    endpoint: 0,
    protocol: 0,
    family: 0,
};

macro_rules! plain {
    ($($type:ident = $zero:expr;)+) => {
        $(impl Plain for $type {
            const ZERO: Self = $zero;
        })+
    };
}

plain! {
    Address = ADDRESS;
    PrefixKey = Self { length: 0, address: ADDRESS };
    RowKey = Self { set: 0, class: 0 };
    RowValue = Self { base: 0, width: 0 };
    Cell = Self { rule: 0, verdict: 0, reason: 0, counter: 0 };
    ConnectionKey = CONNECTION_KEY;
    Connection = Self {
        generation: 0,
        rule: 0,
        seen_ticks: 0,
        opened_ticks: 0,
        packets: [0; 2],
        bytes: [0; 2],
        subject: 0,
        counter: 0,
        reason: 0,
        flags: 0,
    };
    DeniedKey = Self {
        connection: CONNECTION_KEY,
        rule: 0,
        reason: 0,
        verdict: 0,
        direction: 0,
        remote_opened: 0,
    };
    DeniedValue = Self { reported_ns: 0, packets: 0, local: ADDRESS };
    Interface = Self {
        endpoint: 0,
        flags: 0,
        ipv4: ADDRESS,
        ipv6: ADDRESS,
        mac: [0; 6],
        pad: [0; 2],
        adopted_until_ns: 0,
    };
    NodeAddress = Self { reserved: 0 };
    ServiceKey = Self { address: ADDRESS, port: 0, protocol: 0, pad: 0 };
    ServiceValue = Self { backends: 0, count: 0, affinity_seconds: 0 };
    BackendKey = Self { backends: 0, index: 0 };
    BackendValue = Self { address: ADDRESS, port: 0, pad: 0 };
    TranslationKey = Self { cookie: 0, address: ADDRESS, port: 0, protocol: 0, pad: [0; 5] };
    ExecutableKey = Self { inode: 0, device: 0, pad: 0 };
    ExecutableValue = Self { path: [0; 256] };
    Maker = Self { inode: 0, started_ns: 0, device: 0, process: 0 };
    ProcessKey = Self { container: 0, inode: 0, device: 0, pad: 0 };
    SubjectKey = Self { endpoint: 0, subject: 0 };
    RuleCount = Self { packets: 0, bytes: 0 };
    TranslationValue = Self { address: ADDRESS, port: 0, pad: 0 };
}
