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
            let painter = Painter::new(set, atoms, columns, names);
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
    /// Rules by the atoms of their peers, so that a class finds its rules without asking all.
    by_atom: HashMap<u32, Vec<usize>>,
    /// Rules without peers.
    of_anybody: Vec<usize>,
    /// By rule: the columns of ports that do not depend on the peer.
    fixed: Vec<RoaringBitmap>,
    /// By additive tier in which somebody isolates: the id of that default deny.
    default_deny: BTreeMap<Tier, u32>,
}

impl<'a> Painter<'a> {
    fn new(set: &'a PolicySet, atoms: &'a Atoms, columns: &'a Columns, names: &mut Names) -> Self {
        let (mut by_atom, mut of_anybody) = (HashMap::<u32, Vec<usize>>::new(), Vec::new());
        for (at, rule) in (0..).zip(&set.rules) {
            match &rule.peers {
                Peers::Any => of_anybody.push(at),
                Peers::OneOf(peers) => atoms
                    .of_peers(peers)
                    .into_iter()
                    .for_each(|atom| by_atom.entry(atom).or_default().push(at)),
            }
        }
        let fixed = set.rules.iter().map(|rule| fixed_columns(rule, atoms, columns)).collect();
        let (tested, default_deny) = (atoms.of_set(set), default_deny(set, names));
        Self { set, atoms, columns, tested, by_atom, of_anybody, fixed, default_deny }
    }

    /// What this set can see of a class.
    fn visible(&self, signature: &Signature) -> Signature {
        let seen = signature.atoms.iter().filter(|atom| self.tested.contains(atom));
        Signature { unknown: signature.unknown, atoms: seen.copied().collect() }
    }

    fn paint(&self, class: &Signature, names: &mut Names) -> Vec<Cell> {
        let mut canvas = Canvas::new(self.columns.count());
        let rules = self.rules_of(class);
        for tier in Tier::ALL {
            let matched: Vec<(&SetRule, RoaringBitmap)> = rules
                .iter()
                .filter_map(|at| self.set.rules.get(*at).map(|rule| (*at, rule)))
                .filter(|(_, rule)| rule.tier == tier)
                .map(|(at, rule)| (rule, self.matched(at, rule, class)))
                .collect();
            match (tier.manner(), self.default_deny.get(&tier)) {
                (Manner::FirstMatch, _) => paint_first_match(&matched, &mut canvas, names),
                (Manner::Additive, None) => {}
                (Manner::Additive, Some(_)) if self.set.hairpin => {
                    canvas.fill(builtin(self.set.floor()));
                }
                (Manner::Additive, Some(deny)) => {
                    paint_additive(&matched, *deny, &mut canvas, names);
                }
            }
        }
        canvas.fill(builtin(self.set.floor()));
        canvas.cells
    }

    /// The rules whose peers match this class, in the order of the set.
    fn rules_of(&self, class: &Signature) -> BTreeSet<usize> {
        let by_atom = |atom: &u32| self.by_atom.get(atom).into_iter().flatten().copied();
        let anybody = self.of_anybody.iter().copied();
        match class.unknown {
            false => class.atoms.iter().flat_map(by_atom).chain(anybody).collect(),
            true => {
                let denying =
                    self.by_atom.iter().filter(|(id, _)| self.denies_unknown(**id, class));
                let denying = denying.flat_map(|(_, rules)| rules.iter().copied());
                let is_deny = |at: &usize| {
                    self.set.rules.get(*at).is_some_and(|rule| rule.action == Action::Deny)
                };
                denying.filter(is_deny).chain(anybody).collect()
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

    /// The columns on which a rule whose peers match this class matches.
    fn matched(&self, at: usize, rule: &SetRule, class: &Signature) -> RoaringBitmap {
        let fixed = self.fixed.get(at).cloned().unwrap_or_default();
        let SetPorts::OneOf(ports) = &rule.ports else { return fixed };
        ports
            .iter()
            .flat_map(|port| self.on_peer(port, class))
            .filter_map(|atom| self.columns.of_atom(atom))
            .fold(fixed, |all, columns| all | columns)
    }

    /// What a name that the peer resolves stands for on this class.
    fn on_peer(&self, port: &SetPort, class: &Signature) -> Vec<u32> {
        match port {
            SetPort::Numbers(..) => Vec::new(),
            SetPort::OnPeer(protocol, name) => self
                .atoms
                .bindings(name, *protocol)
                .filter(|(peer, _)| class.atoms.binary_search(peer).is_ok())
                .map(|(_, port)| port)
                .collect(),
        }
    }
}

fn fixed_columns(rule: &SetRule, atoms: &Atoms, columns: &Columns) -> RoaringBitmap {
    let ports = match &rule.ports {
        SetPorts::Any => return (0..columns.count()).collect(),
        SetPorts::OneOf(ports) => ports,
    };
    let numbers = ports.iter().filter_map(|port| match port {
        SetPort::Numbers(protocol, range) => atoms.port((*protocol, *range)),
        SetPort::OnPeer(..) => None,
    });
    numbers
        .filter_map(|atom| columns.of_atom(atom))
        .fold(RoaringBitmap::new(), |all, columns| all | columns)
}

fn default_deny(set: &PolicySet, names: &mut Names) -> BTreeMap<Tier, u32> {
    let mut isolating: BTreeMap<Tier, BTreeSet<&PolicyRef>> = BTreeMap::new();
    for rule in set.rules.iter().filter(|rule| rule.tier.manner() == Manner::Additive) {
        isolating.entry(rule.tier).or_default().insert(&rule.origin.policy);
    }
    let mut id = |policies: BTreeSet<&PolicyRef>| {
        names.id(Reason::DefaultDeny(policies.into_iter().cloned().collect()))
    };
    isolating.into_iter().map(|(tier, policies)| (tier, id(policies))).collect()
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
fn paint_additive(
    rules: &[(&SetRule, RoaringBitmap)],
    default_deny: u32,
    canvas: &mut Canvas,
    names: &mut Names,
) {
    let mut allowing: Vec<_> =
        rules.iter().filter(|(rule, _)| rule.action == Action::Allow).collect();
    allowing.sort_by_key(|(rule, _)| &rule.origin);
    for (rule, columns) in allowing {
        canvas.paint(columns, cell(Verdict::Allow, rule, names));
    }
    canvas.fill(Cell { rule: default_deny, verdict: verdict_code::DENY, reason: 0, pad: 0 });
}

fn cell(verdict: Verdict, rule: &SetRule, names: &mut Names) -> Cell {
    let rule = names.id(Reason::Rule(rule.origin.clone()));
    Cell { rule, verdict: verdict_code::of(verdict), reason: 0, pad: 0 }
}

pub(crate) fn builtin(builtin: Builtin) -> Cell {
    let verdict = verdict_code::of(builtin.verdict());
    Cell { rule: 0, verdict, reason: builtin.code(), pad: 0 }
}
