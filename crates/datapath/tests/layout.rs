//! The objects' type information against the Rust types: every key, value and event.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

use std::collections::BTreeMap;

use object::{Object, ObjectSection};

const STRUCT: u32 = 4;

/// A structure's size, and its members' names and offsets in octets.
type Structures = BTreeMap<String, (usize, Vec<(String, usize)>)>;

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn word(&mut self) -> u32 {
        let (word, rest) = self.0.split_first_chunk::<4>().unwrap();
        self.0 = rest;
        u32::from_le_bytes(*word)
    }

    fn skip(&mut self, octets: usize) {
        self.0 = &self.0[octets..];
    }
}

/// How many octets follow a type that is no structure.
fn trailing(kind: u32, count: usize) -> usize {
    match kind {
        1 | 14 | 17 => 4,
        3 => 12,
        5 | 15 | 19 => 12 * count,
        6 | 13 => 8 * count,
        2 | 7 | 8 | 9 | 10 | 11 | 12 | 16 | 18 => 0,
        _ => panic!("unknown kind {kind} of type information"),
    }
}

/// Reads the section `.BTF`.
fn structures(object: &[u8]) -> Structures {
    let file = object::File::parse(object).unwrap();
    let section = file.section_by_name(".BTF").unwrap().data().unwrap();
    let mut header = Reader(section);
    header.word();
    let size = header.word() as usize;
    let (types, types_size) = (header.word() as usize, header.word() as usize);
    let (strings, strings_size) = (header.word() as usize, header.word() as usize);
    let strings = &section[size + strings..][..strings_size];
    let name = |at: u32| {
        let octets = strings[at as usize..].split(|octet| *octet == 0).next().unwrap();
        String::from_utf8(octets.to_vec()).unwrap()
    };
    let mut reader = Reader(&section[size + types..][..types_size]);
    let mut found = Structures::new();
    while !reader.0.is_empty() {
        let (at, info, size) = (reader.word(), reader.word(), reader.word() as usize);
        let (kind, count) = (info >> 24 & 31, (info & 0xffff) as usize);
        if kind != STRUCT {
            reader.skip(trailing(kind, count));
            continue;
        }
        let members = (0..count).map(|_| {
            let (at, _, offset) = (reader.word(), reader.word(), reader.word());
            (name(at), (offset & 0xff_ffff) as usize / 8)
        });
        let members = members.collect();
        found.insert(name(at), (size, members));
    }
    found
}

/// Both sides name all fields, in order and without holes, so equal names, offsets and ends mean
/// equal sizes.
#[test]
fn the_programs_and_this_crate_mean_the_same_octets() {
    let hooks = structures(ringfence_datapath::HOOKS_OBJECT);
    for layout in abi::layouts() {
        assert!(hooks.contains_key(layout.name), "no struct {}", layout.name);
    }
    // Test runs execute nothing, so their object lacks what is about that.
    for found in [&hooks, &structures(ringfence_datapath::TEST_OBJECT)] {
        for layout in abi::layouts() {
            let Some((size, members)) = found.get(layout.name) else { continue };
            let wanted: Vec<_> =
                layout.fields.iter().map(|field| (field.name.to_owned(), field.offset)).collect();
            assert_eq!((*size, members), (layout.size, &wanted), "struct {}", layout.name);
        }
    }
}

#[test]
fn a_moved_field_is_noticed() {
    let found = structures(ringfence_datapath::HOOKS_OBJECT);
    let (_, members) = &found["event"];
    assert!(members.contains(&("rule".to_owned(), std::mem::offset_of!(abi::Event, rule))));
    assert!(!members.contains(&("rule".to_owned(), std::mem::offset_of!(abi::Event, staged_rule))));
}
