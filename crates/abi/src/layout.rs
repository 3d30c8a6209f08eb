//! The layout of every type that the kernel sees, as data: what a test compares with the object
//! file's type information.

use std::mem::offset_of;

use crate::{
    Address, AffinityKey, AffinityValue, BackendKey, BackendValue, Cell, Connection, ConnectionKey,
    DeniedKey, DeniedValue, Endpoint, Event, ExecutableKey, ExecutableValue, FragmentKey,
    FragmentValue, Interface, Maker, NodeAddress, PrefixKey, ProcessKey, RowKey, RowValue,
    RuleCount, ServiceKey, ServiceValue, SubjectKey, TranslationKey, TranslationValue,
};

/// One field of a structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Octets from the start.
    pub offset: usize,
    /// Octets.
    pub size: usize,
}

/// One structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Its name in C.
    pub name: &'static str,
    /// Octets.
    pub size: usize,
    /// All fields in order.
    pub fields: Vec<Field>,
}

fn size_of_field<T, F>(_: fn(&T) -> &F) -> usize {
    size_of::<F>()
}

macro_rules! layout {
    ($type:ident as $name:literal { $($field:tt as $word:literal),+ $(,)? }) => {
        Layout {
            name: $name,
            size: size_of::<$type>(),
            fields: vec![$(Field {
                name: $word,
                offset: offset_of!($type, $field),
                size: size_of_field(|value: &$type| &value.$field),
            }),+],
        }
    };
    ($type:ident as $name:literal { $($field:ident),+ $(,)? }) => {
        Layout {
            name: $name,
            size: size_of::<$type>(),
            fields: vec![$(Field {
                name: stringify!($field),
                offset: offset_of!($type, $field),
                size: size_of_field(|value: &$type| &value.$field),
            }),+],
        }
    };
}

/// Every key, value and event.
#[must_use]
pub fn layouts() -> Vec<Layout> {
    [table(), endpoint(), connection(), process(), service()].concat()
}

fn table() -> Vec<Layout> {
    vec![
        layout!(Address as "address" { 0 as "octets" }),
        layout!(PrefixKey as "prefix_key" { length, address }),
        layout!(RowKey as "row_key" { set, class }),
        layout!(RowValue as "row_value" { base, width }),
        layout!(Cell as "cell" { rule, verdict, reason, counter }),
        layout!(RuleCount as "rule_count" { packets, bytes }),
    ]
}

fn endpoint() -> Vec<Layout> {
    vec![
        layout!(Endpoint as "endpoint" { sets, generation, staged, hairpin }),
        layout!(Interface as "interface" {
            endpoint, flags, ipv4, ipv6, mac, pad, adopted_until_ns
        }),
        layout!(NodeAddress as "node_address" { reserved }),
    ]
}

fn connection() -> Vec<Layout> {
    vec![
        layout!(ConnectionKey as "connection_key" {
            remote, local_port, remote_port, endpoint, protocol, family
        }),
        layout!(Connection as "connection" {
            generation, rule, seen_ticks, opened_ticks, packets, bytes, subject, counter, reason,
            flags
        }),
        layout!(DeniedKey as "denied_key" {
            connection, rule, reason, verdict, direction, remote_opened
        }),
        layout!(DeniedValue as "denied_value" { reported_ns, packets, local }),
        layout!(FragmentKey as "fragment_key" {
            source, destination, endpoint, id, direction, family, protocol, pad
        }),
        layout!(FragmentValue as "fragment_value" {
            seen_ns, generation, end, counter, verdict, pad
        }),
        layout!(Event as "event" {
            time_ns, source, destination, source_port, destination_port, endpoint, rule,
            staged_rule, kind, verdict, reason, direction, protocol, family, staged_verdict,
            staged_reason, denied, generation, packets, bytes, duration_ns, container,
            inode, started_ns, device, process
        }),
    ]
}

fn process() -> Vec<Layout> {
    vec![
        layout!(Maker as "maker" { inode, started_ns, device, process }),
        layout!(ExecutableKey as "executable_key" { inode, device, pad }),
        layout!(ExecutableValue as "executable_value" { path }),
        layout!(ProcessKey as "process_key" { container, inode, device, pad }),
        layout!(SubjectKey as "subject_key" { endpoint, subject }),
    ]
}

fn service() -> Vec<Layout> {
    vec![
        layout!(ServiceKey as "service_key" { address, port, protocol, pad }),
        layout!(ServiceValue as "service_value" { backends, count, affinity_seconds }),
        layout!(BackendKey as "backend_key" { backends, index }),
        layout!(BackendValue as "backend_value" { address, port, pad }),
        layout!(AffinityKey as "affinity_key" { client, address, port, protocol, pad }),
        layout!(AffinityValue as "affinity_value" { used_ns, address, port, pad }),
        layout!(TranslationKey as "translation_key" { cookie, address, port, protocol, pad }),
        layout!(TranslationValue as "translation_value" { address, port, pad }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_structure_has_a_hole_that_is_not_named() {
        for layout in layouts() {
            let end = layout.fields.iter().fold(0, |end, field| {
                assert_eq!(field.offset, end, "{}.{}", layout.name, field.name);
                field.offset + field.size
            });
            assert_eq!(end, layout.size, "{}", layout.name);
        }
    }
}
