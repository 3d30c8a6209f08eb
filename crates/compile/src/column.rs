//! Port columns: all ports that satisfy the same port atoms.
//!
//! Column 0 is what no atom is about: every other protocol, and every port that nobody names.

use std::collections::BTreeMap;

use abi::PORT_SLOTS;
use model::{PortRange, Protocol, Traffic};
use roaring::RoaringBitmap;

use crate::atom::{Atoms, PortAtom};

/// Which column every port has, and which columns satisfy an atom.
pub(crate) struct Columns {
    segments: Vec<(Protocol, PortRange, u32)>,
    of_atom: Vec<RoaringBitmap>,
    count: u32,
}

impl Columns {
    pub(crate) fn of(atoms: &Atoms) -> Self {
        let segments: Vec<(Protocol, PortRange, Vec<u32>)> = Protocol::ALL
            .into_iter()
            .flat_map(|protocol| segments(protocol, &atoms.ports))
            .collect();
        let mut ids: BTreeMap<&[u32], u32> =
            segments.iter().map(|(_, _, satisfied)| (satisfied.as_slice(), 0)).collect();
        for (id, column) in (1..).zip(ids.values_mut()) {
            *column = id;
        }
        let mut of_atom = vec![RoaringBitmap::new(); atoms.ports.len()];
        for (satisfied, column) in &ids {
            for atom in *satisfied {
                if let Some(columns) = of_atom.get_mut(*atom as usize) {
                    columns.insert(*column);
                }
            }
        }
        let column = |satisfied: &Vec<u32>| ids.get(satisfied.as_slice()).copied().unwrap_or(0);
        Self {
            count: u32::try_from(ids.len()).unwrap_or(u32::MAX).saturating_add(1),
            segments: segments.iter().map(|(p, range, key)| (*p, *range, column(key))).collect(),
            of_atom,
        }
    }

    /// How many there are, column 0 included.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// The columns whose ports satisfy port atom `id`.
    pub(crate) fn of_atom(&self, id: u32) -> Option<&RoaringBitmap> {
        self.of_atom.get(id as usize)
    }

    /// The ports that some atom is about, in order, with their columns.
    pub(crate) fn segments(&self) -> &[(Protocol, PortRange, u32)] {
        &self.segments
    }

    /// The whole port array.
    pub(crate) fn ports(&self) -> Vec<u32> {
        let mut ports = vec![0; PORT_SLOTS as usize];
        for (protocol, range, column) in &self.segments {
            let slot = |port| abi::port_slot(Traffic::Port(*protocol, port)).unwrap_or(0) as usize;
            if let Some(part) = ports.get_mut(slot(range.first())..=slot(range.last())) {
                part.fill(*column);
            }
        }
        ports
    }
}

/// Cuts one protocol's ports where atoms begin and end; parts that no atom is about are left out.
fn segments(protocol: Protocol, atoms: &[PortAtom]) -> Vec<(Protocol, PortRange, Vec<u32>)> {
    let mut edges: BTreeMap<u32, (Vec<u32>, Vec<u32>)> = BTreeMap::new();
    for (id, (_, range)) in (0..).zip(atoms).filter(|(_, (of, _))| *of == protocol) {
        edges.entry(u32::from(range.first())).or_default().0.push(id);
        edges.entry(u32::from(range.last()) + 1).or_default().1.push(id);
    }
    let ends: Vec<u32> = edges.keys().skip(1).copied().collect();
    let mut active = std::collections::BTreeSet::new();
    let mut segments = Vec::new();
    for ((first, (opened, closed)), end) in edges.into_iter().zip(ends) {
        active.retain(|id| !closed.contains(id));
        active.extend(opened);
        let ports = u16::try_from(first).ok().zip(u16::try_from(end - 1).ok());
        if let Some(range) = ports.and_then(|(first, last)| PortRange::new(first, last).ok())
            && !active.is_empty()
        {
            segments.push((protocol, range, active.iter().copied().collect()));
        }
    }
    segments
}
