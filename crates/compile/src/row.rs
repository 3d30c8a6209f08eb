//! Rows: for one set and one class, the answer of every column.
//!
//! A row is painted: tier by tier, rule by rule, each rule colours the columns it matches and that
//! nothing stronger has coloured. So the work follows the rules, not rules times columns.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use abi::{Cell, RowKey, RowValue, verdict_code};
use model::{Action, Builtin, Manner, Peers, PolicyRef, Reason, Tier, Verdict};
use roaring::RoaringBitmap;

use crate::Image;
use crate::atom::{Atom, Atoms};
use crate::class::{Classes, Signature};
use crate::column::Columns;
use crate::name::Names;
use crate::set::{PolicySet, SetPort, SetPorts, SetRule, Sets};

/// All rows; equal ones are kept once.
#[derive(Default)]
pub(crate) struct Rows {
    blocks: Vec<Vec<Cell>>,
    known: HashMap<Vec<Cell>, usize>,
    rows: BTreeMap<RowKey, usize>,
}

impl Rows {
    pub(crate) fn build(
        sets: &Sets<'_>,
        atoms: &Atoms,
        classes: &Classes,
        columns: &Columns,
        names: &mut Names,
    ) -> Self {
        let mut rows = Self::default();
        for (set, id) in sets.iter() {
            let painter = Painter::new(set, atoms, columns);
            let mut known: HashMap<Signature, usize> = HashMap::new();
            for (signature, class) in classes.iter() {
                let visible = painter.visible(signature);
                let block = match known.get(&visible) {
                    Some(block) => *block,
                    None => rows.intern(painter.paint(&visible, names)),
                };
                known.insert(visible, block);
                rows.rows.insert(RowKey { set: id, class }, block);
            }
        }
        rows
    }

    fn intern(&mut self, cells: Vec<Cell>) -> usize {
        let blocks = &mut self.blocks;
        *self.known.entry(cells).or_insert_with_key(|cells| {
            blocks.push(cells.clone());
            blocks.len() - 1
        })
    }

    /// Lays the blocks out one behind the other.
    pub(crate) fn write(&self, image: &mut Image) {
        let mut values = Vec::with_capacity(self.blocks.len());
        let mut base = 0;
        for block in &self.blocks {
            let width = u32::try_from(block.len()).unwrap_or(u32::MAX);
            values.push(RowValue { base, width });
            image.cells.extend((base..).zip(block.iter().copied()));
            base += width;
        }
        let value = |block: &usize| values.get(*block).copied();
        let rows = self.rows.iter().filter_map(|(key, block)| Some((*key, value(block)?)));
        image.rows = rows.collect();
    }
}

/// Paints the rows of one set.
struct Painter<'a> {
    set: &'a PolicySet,
    atoms: &'a Atoms,
    columns: &'a Columns,
    tested: BTreeSet<u32>,
    peers: Vec<Vec<u32>>,
}

impl<'a> Painter<'a> {
    fn new(set: &'a PolicySet, atoms: &'a Atoms, columns: &'a Columns) -> Self {
        let of = |rule: &SetRule| match &rule.peers {
            Peers::Any => Vec::new(),
            Peers::OneOf(peers) => atoms.of_peers(peers),
        };
        let peers = set.rules.iter().map(of).collect();
        Self { set, atoms, columns, tested: atoms.of_set(set), peers }
    }

    /// What this set can see of a class.
    fn visible(&self, signature: &Signature) -> Signature {
        let seen = signature.atoms.iter().filter(|atom| self.tested.contains(atom));
        Signature { unknown: signature.unknown, atoms: seen.copied().collect() }
    }

    fn paint(&self, class: &Signature, names: &mut Names) -> Vec<Cell> {
        let mut canvas = Canvas::new(self.columns.count());
        for tier in Tier::ALL {
            let rules: Vec<(&SetRule, RoaringBitmap)> = self
                .set
                .rules
                .iter()
                .zip(&self.peers)
                .filter(|(rule, _)| rule.tier == tier)
                .map(|(rule, peers)| (rule, self.matched(rule, peers, class)))
                .collect();
            match tier.manner() {
                Manner::FirstMatch => paint_first_match(&rules, &mut canvas, names),
                Manner::Additive if rules.is_empty() => {}
                Manner::Additive if self.set.hairpin => canvas.fill(builtin(self.set.floor())),
                Manner::Additive => paint_additive(&rules, &mut canvas, names),
            }
        }
        canvas.fill(builtin(self.set.floor()));
        canvas.cells
    }

    /// The columns on which `rule` matches this class.
    fn matched(&self, rule: &SetRule, peers: &[u32], class: &Signature) -> RoaringBitmap {
        if !self.is_peer(rule, peers, class) {
            return RoaringBitmap::new();
        }
        match &rule.ports {
            SetPorts::Any => (0..self.columns.count()).collect(),
            SetPorts::OneOf(ports) => ports
                .iter()
                .flat_map(|port| self.port_atoms(port, class))
                .filter_map(|atom| self.columns.of_atom(atom))
                .fold(RoaringBitmap::new(), |all, columns| all | columns),
        }
    }

    fn is_peer(&self, rule: &SetRule, peers: &[u32], class: &Signature) -> bool {
        match (&rule.peers, class.unknown) {
            (Peers::Any, _) => true,
            (Peers::OneOf(_), false) => {
                peers.iter().any(|atom| class.atoms.binary_search(atom).is_ok())
            }
            (Peers::OneOf(_), true) => {
                rule.action == Action::Deny
                    && peers.iter().any(|atom| self.denies_unknown(*atom, class))
            }
        }
    }

    /// Ruling N34.
    fn denies_unknown(&self, atom: u32, class: &Signature) -> bool {
        match self.atoms.peers.get(atom as usize) {
            Some(Atom::Pods { .. }) => true,
            Some(Atom::Block(_)) => class.atoms.binary_search(&atom).is_ok(),
            Some(Atom::Nodes(_) | Atom::NamedPort { .. }) | None => false,
        }
    }

    fn port_atoms(&self, port: &SetPort, class: &Signature) -> Vec<u32> {
        match port {
            SetPort::Numbers(protocol, range) => {
                self.atoms.port((*protocol, *range)).into_iter().collect()
            }
            SetPort::OnPeer(protocol, name) => self
                .atoms
                .bindings(name, *protocol)
                .filter(|(peer, _)| class.atoms.binary_search(peer).is_ok())
                .map(|(_, port)| port)
                .collect(),
        }
    }
}

/// A row in the making: cells, and which columns still have no answer.
struct Canvas {
    cells: Vec<Cell>,
    open: RoaringBitmap,
}

impl Canvas {
    fn new(width: u32) -> Self {
        let cell = builtin(Builtin::NotProgrammed);
        Self { cells: vec![cell; width as usize], open: (0..width).collect() }
    }

    fn paint(&mut self, columns: &RoaringBitmap, cell: Cell) {
        for column in columns & &self.open {
            if let Some(place) = self.cells.get_mut(column as usize) {
                *place = cell;
            }
        }
        self.open -= columns;
    }

    fn fill(&mut self, cell: Cell) {
        let rest = self.open.clone();
        self.paint(&rest, cell);
    }
}

/// Ruling C3: in each priority group every policy brings its first match; Deny beats Pass beats
/// Allow; of equals the least policy. A column that some group matched leaves the tier.
fn paint_first_match(rules: &[(&SetRule, RoaringBitmap)], canvas: &mut Canvas, names: &mut Names) {
    let mut in_tier = canvas.open.clone();
    let groups: BTreeSet<u16> = rules.iter().map(|(rule, _)| rule.group).collect();
    for group in groups {
        let mut matches = first_matches(rules.iter().filter(|(rule, _)| rule.group == group));
        matches.sort_by_key(|(rule, _)| (strength(rule.action), rule.origin.policy.clone()));
        for (rule, columns) in matches {
            let columns = columns & &in_tier;
            in_tier -= &columns;
            if let Some(verdict) = verdict(rule.action) {
                canvas.paint(&columns, cell(verdict, rule, names));
            }
        }
    }
}

/// Each rule with the columns that no earlier rule of its policy matched.
fn first_matches<'a>(
    rules: impl Iterator<Item = &'a (&'a SetRule, RoaringBitmap)>,
) -> Vec<(&'a SetRule, RoaringBitmap)> {
    let mut seen: BTreeMap<&PolicyRef, RoaringBitmap> = BTreeMap::new();
    let mut rules: Vec<_> = rules.collect();
    rules.sort_by_key(|(rule, _)| rule.origin.index);
    rules
        .into_iter()
        .map(|(rule, columns)| {
            let seen = seen.entry(&rule.origin.policy).or_default();
            let first = columns - &*seen;
            *seen |= columns;
            (*rule, first)
        })
        .collect()
}

fn strength(action: Action) -> u8 {
    match action {
        Action::Deny => 0,
        Action::Pass => 1,
        Action::Allow => 2,
    }
}

fn verdict(action: Action) -> Option<Verdict> {
    match action {
        Action::Allow => Some(Verdict::Allow),
        Action::Deny => Some(Verdict::Deny),
        Action::Pass => None,
    }
}

/// Rulings N19 and D2: the least allowing rule, else denied by all that isolate.
fn paint_additive(rules: &[(&SetRule, RoaringBitmap)], canvas: &mut Canvas, names: &mut Names) {
    let mut allowing: Vec<_> =
        rules.iter().filter(|(rule, _)| rule.action == Action::Allow).collect();
    allowing.sort_by_key(|(rule, _)| &rule.origin);
    for (rule, columns) in allowing {
        canvas.paint(columns, cell(Verdict::Allow, rule, names));
    }
    let isolating: BTreeSet<&PolicyRef> =
        rules.iter().map(|(rule, _)| &rule.origin.policy).collect();
    let reason = Reason::DefaultDeny(isolating.into_iter().cloned().collect());
    canvas.fill(Cell { rule: names.id(reason), verdict: verdict_code::DENY, reason: 0, pad: 0 });
}

fn cell(verdict: Verdict, rule: &SetRule, names: &mut Names) -> Cell {
    let rule = names.id(Reason::Rule(rule.origin.clone()));
    Cell { rule, verdict: verdict_code::of(verdict), reason: 0, pad: 0 }
}

pub(crate) fn builtin(builtin: Builtin) -> Cell {
    let verdict = verdict_code::of(builtin.verdict());
    Cell { rule: 0, verdict, reason: builtin.code(), pad: 0 }
}
