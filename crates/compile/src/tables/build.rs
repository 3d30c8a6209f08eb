//! Makes the table of one set from its own atoms and columns.
//!
//! The same atoms, columns and painter as for a node's image; only who is asked differs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::{PortRange, Protocol, World};
use roaring::RoaringBitmap;

use crate::Said;
use crate::atom::{Atom, Atoms};
use crate::class::Signature;
use crate::column::Columns;
use crate::paint::{Covered, Painter};
use crate::region::Regions;
use crate::set::PolicySet;
use crate::tables::index::{PeerIndex, Peers, Unaddressed};
use crate::tables::partition::partition;
use crate::tables::roster::{FAMILIES, place, whereabouts};
use crate::tables::space::{AddressRange, disjoint};
use crate::tables::table::{PeerRows, Span, Table};

/// Pseudo atoms of those whose address is not known; no set has as many atoms.
pub(crate) const POD_SOMEWHERE: u32 = u32::MAX - 1;
pub(crate) const HOST_SOMEWHERE: u32 = u32::MAX;

/// Makes the table of `set`.
pub(crate) fn table(set: &PolicySet, world: &World, index: &mut PeerIndex<'_>) -> Table {
    let atoms = Atoms::of_sets(&[set], |name| index.bindings(name).collect::<Vec<_>>().into_iter());
    let columns = Columns::of(&atoms);
    let painter = Painter::new(set, &atoms, &columns);
    let mut of_atoms: Vec<Peers> = atoms.peers.iter().map(|atom| index.peers(atom)).collect();
    if !set.asks_names_of_anybody() {
        narrow(&atoms, &mut of_atoms);
    }
    let mut rows = Rows { painter: &painter, rows: Vec::new(), by_content: HashMap::new() };
    let v4 = Arc::new(peer_rows(0, world, &of_atoms, &index.unaddressed, &mut rows));
    let v6 = match atoms.has_blocks() {
        true => Arc::new(peer_rows(1, world, &of_atoms, &index.unaddressed, &mut rows)),
        false => Arc::clone(&v4),
    };
    let (external, unknown) = outside(world, &atoms, &mut rows);
    let spans = Arc::new(spans(&columns));
    Table { spans, rows: rows.rows, peers: [v4, v6], external, unknown }
}

/// Port names matter only on peers that some rule is about, and cluster-wide there are many others.
pub(crate) fn narrow(atoms: &Atoms, of_atoms: &mut [Peers]) {
    let is_name = |atom: &Atom| matches!(atom, Atom::NamedPort { .. });
    if !atoms.peers.iter().any(is_name) {
        return;
    }
    let mut matched = [RoaringBitmap::new(), RoaringBitmap::new()];
    for (_, peers) in atoms.peers.iter().zip(&*of_atoms).filter(|(atom, _)| !is_name(atom)) {
        matched.iter_mut().zip(peers).for_each(|(all, some)| *all |= some.as_ref());
    }
    for (_, peers) in atoms.peers.iter().zip(of_atoms).filter(|(atom, _)| is_name(atom)) {
        peers.iter_mut().zip(&matched).for_each(|(peers, all)| *peers = Arc::new(&**peers & all));
    }
}

/// The rows of a table in the making, each once.
struct Rows<'a> {
    painter: &'a Painter<'a>,
    rows: Vec<Vec<Said>>,
    by_content: HashMap<Vec<Said>, u32>,
}

impl Rows<'_> {
    fn paint(&mut self, signature: &Signature, covered: Option<&Covered>) -> u32 {
        let next = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        let cells = self.painter.paint(signature, covered);
        *self.by_content.entry(cells).or_insert_with_key(|cells| {
            self.rows.push(cells.clone());
            next
        })
    }
}

fn peer_rows(
    family: usize,
    world: &World,
    of_atoms: &[Peers],
    unaddressed: &[Unaddressed; 2],
    rows: &mut Rows<'_>,
) -> PeerRows {
    let rest = rows.paint(&Signature::default(), None);
    let mut named: Vec<(u32, &RoaringBitmap)> = (0..)
        .zip(of_atoms.iter().filter_map(|peers| peers.get(family)))
        .map(|(atom, peers)| (atom, peers.as_ref()))
        .collect();
    let somewhere = Somewhere::new(family, world, rows.painter);
    if let Some(unaddressed) = unaddressed.get(family) {
        named.extend(somewhere.pods.as_ref().map(|_| (POD_SOMEWHERE, &unaddressed.pods)));
        named.extend(somewhere.hosts.as_ref().map(|_| (HOST_SOMEWHERE, &unaddressed.hosts)));
    }
    let groups = partition(&named).into_iter().map(|(mut atoms, peers)| {
        let covered = match atoms.pop_if(|atom| *atom >= POD_SOMEWHERE) {
            Some(HOST_SOMEWHERE) => somewhere.hosts.as_ref(),
            Some(_) => somewhere.pods.as_ref(),
            None => None,
        };
        (peers, rows.paint(&Signature { unknown: false, atoms }, covered))
    });
    PeerRows { groups: groups.collect(), rest }
}

/// The rules that may match a pod or a host at an address that nobody knows yet, if any may.
struct Somewhere {
    pods: Option<Covered>,
    hosts: Option<Covered>,
}

impl Somewhere {
    fn new(family: usize, world: &World, painter: &Painter<'_>) -> Self {
        let covered = |is_pod| {
            let family = FAMILIES.into_iter().find(|it| place(*it) == family)?;
            let covered = painter.covered(&whereabouts(world, family, is_pod));
            (!covered.is_empty()).then_some(covered)
        };
        Self { pods: covered(true), hosts: covered(false) }
    }
}

type Ranges = Vec<(AddressRange, u32)>;

/// The rows of everybody else's addresses: outside, and unknown pods'.
fn outside(world: &World, atoms: &Atoms, rows: &mut Rows<'_>) -> (Ranges, Ranges) {
    let regions = Regions::of(world, atoms);
    let mut painted: BTreeMap<(bool, &[u32]), u32> = BTreeMap::new();
    let mut cut = Vec::new();
    for (prefix, blocks) in regions.iter() {
        let unknown = world.pod_networks().iter().any(|network| network.contains(&prefix));
        let row = *painted
            .entry((unknown, blocks))
            .or_insert_with(|| rows.paint(&Signature { unknown, atoms: blocks.to_vec() }, None));
        cut.push((prefix, (unknown, row)));
    }
    let (mut external, mut inside) = (Vec::new(), Vec::new());
    for (range, (unknown, row)) in disjoint(cut.into_iter()) {
        if unknown { &mut inside } else { &mut external }.push((range, row));
    }
    (external, inside)
}

/// All traffic and its columns; what no atom is about has column 0.
pub(crate) fn spans(columns: &Columns) -> Vec<(Span, u32)> {
    let of = |protocol| {
        let own = columns.segments().iter().filter(move |(of, ..)| *of == protocol);
        own.map(|(_, range, column)| (*range, *column))
    };
    let ports = Protocol::ALL.into_iter().flat_map(|protocol| {
        filled(of(protocol))
            .into_iter()
            .map(move |(range, column)| (Span::Ports(protocol, range), column))
    });
    ports.chain([(Span::Other, 0)]).collect()
}

/// The same ranges with column 0 between them.
fn filled(ranges: impl Iterator<Item = (PortRange, u32)>) -> Vec<(PortRange, u32)> {
    let (mut all, mut next) = (Vec::new(), Some(0));
    for (range, column) in ranges {
        let gap = next.zip(range.first().checked_sub(1));
        all.extend(gap.and_then(|(first, last)| Some((PortRange::new(first, last).ok()?, 0))));
        all.push((range, column));
        next = range.last().checked_add(1);
    }
    all.extend(next.and_then(|first| Some((PortRange::new(first, u16::MAX).ok()?, 0))));
    all
}
