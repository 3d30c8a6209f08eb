//! The phases of a plan, in the only order that is safe.
//!
//! 1. everything that exists learns the transitional columns, then ports move there;
//! 2. everything that is used learns the transitional classes, then addresses move there;
//! 3. transitional and new sets are written, which nobody has yet;
//! 4. closing: endpoints flip to what both tables allow, then kept rows do;
//! 5. opening: kept rows become what is wanted, then endpoints flip to their new sets;
//! 6. addresses and ports arrive at their own classes and columns;
//! 7. generations make connections be judged again, and what nobody uses goes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use abi::{Address, Endpoint, PrefixKey, RowKey, Sets, capacity};
use compile::Image;

use crate::block::Blocks;
use crate::class::{ClassMap, ClassPair};
use crate::column::ColumnMap;
use crate::row::{Images, Required, SetPair};
use crate::set::{SetMap, words};
use crate::{Op, service};

/// A plan that cannot be carried out; nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// A map would overflow on the way.
    Capacity {
        /// Which map.
        what: &'static str,
        /// How many entries the plan needs at its widest.
        needed: usize,
        /// How many the map holds.
        capacity: u32,
    },
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capacity { what, needed, capacity } => {
                write!(f, "{what} would need {needed} entries, there is room for {capacity}")
            }
        }
    }
}

impl std::error::Error for PlanError {}

/// The writes that lead from `observed` to an image that behaves as `wanted`; none if it does.
///
/// # Errors
/// Where a map would overflow on the way.
pub fn plan(observed: &Image, wanted: &Image) -> Result<Vec<Op>, PlanError> {
    let columns = ColumnMap::between(observed, wanted);
    let images = Images::new(observed, wanted, &columns);
    let classes = ClassMap::between(observed, wanted);
    let sets = SetMap::between(&images, &classes.pairs);
    let mut planner = Planner {
        images: &images,
        classes: &classes,
        sets: &sets,
        unsettled: unsettled(&images, &classes.pairs, &sets),
        blocks: Blocks::of(observed),
        now: observed.clone(),
        ops: Vec::new(),
        rows_max: 0,
    };
    planner.run();
    planner.finish()
}

struct Planner<'a> {
    images: &'a Images<'a>,
    classes: &'a ClassMap,
    sets: &'a SetMap,
    /// By set of old: the pairs for which one of its rows must change or appear.
    unsettled: BTreeMap<u32, Vec<ClassPair>>,
    blocks: Blocks,
    now: Image,
    ops: Vec<Op>,
    rows_max: usize,
}

fn unsettled(
    images: &Images<'_>,
    pairs: &BTreeSet<ClassPair>,
    sets: &SetMap,
) -> BTreeMap<u32, Vec<ClassPair>> {
    let is_unsettled = |set, pair: ClassPair| match sets.wanted.contains(&set) {
        true => !images.is_settled(set, pair),
        false => pair.old != pair.via || !images.has_room(set, pair),
    };
    let of = |set| pairs.iter().copied().filter(|pair| is_unsettled(set, *pair)).collect();
    sets.old.iter().map(|set| (*set, of(*set))).collect()
}

impl Planner<'_> {
    fn run(&mut self) {
        self.extend();
        self.learn_old();
        self.move_ports();
        self.move_addresses();
        self.write_sets();
        self.close();
        self.open();
        self.serve();
        self.arrive();
        self.restamp();
        self.collect();
    }

    fn finish(self) -> Result<Vec<Op>, PlanError> {
        [
            ("cells", self.blocks.end() as usize, capacity::CELLS),
            ("rows", self.rows_max, capacity::ROWS),
            ("peers", self.classes.peers.len(), capacity::PEERS),
            ("prefixes", self.classes.prefixes.len(), capacity::PREFIXES),
        ]
        .into_iter()
        .try_for_each(|(what, needed, capacity)| match needed <= capacity as usize {
            true => Ok(()),
            false => Err(PlanError::Capacity { what, needed, capacity }),
        })?;
        Ok(self.ops)
    }

    fn emit(&mut self, op: Op) {
        op.apply(&mut self.now);
        self.ops.push(op);
        self.rows_max = self.rows_max.max(self.now.rows.len());
    }

    /// Makes a row have the required cells, by one atomic write after its block is complete.
    fn put(&mut self, set: u32, class: Option<u32>, required: &Required) {
        let Some(class) = class else { return };
        let key = RowKey { set, class };
        let has = |(column, cell): (u32, &Option<abi::Cell>)| {
            cell.is_none_or(|cell| self.now.cell(key, column) == Some(cell))
        };
        if self.now.rows.contains_key(&key) && (0..).zip(required).all(has) {
            return;
        }
        let (value, cells) = self.blocks.place(required);
        for (index, cell) in (value.base..).zip(cells.into_iter().flatten()) {
            self.emit(Op::Cell { index, cell });
        }
        self.emit(Op::Row { key, value });
    }

    fn pairs(&self) -> Vec<ClassPair> {
        self.classes.pairs.iter().copied().collect()
    }

    fn unsettled(&self, set: u32) -> Vec<ClassPair> {
        self.unsettled.get(&set).cloned().unwrap_or_default()
    }

    fn kept_sets(&self) -> Vec<u32> {
        self.sets.old.intersection(&self.sets.wanted).copied().collect()
    }

    /// Phase 1 where there is room: new columns are written into the blocks as they are, since no
    /// port leads there yet.
    fn extend(&mut self) {
        let fresh = self.images.columns.fresh();
        let blocks: BTreeSet<(u32, u32)> =
            self.now.rows.values().map(|row| (row.base, row.width)).collect();
        for (base, _) in
            blocks.iter().filter(|(_, width)| *width as usize >= self.images.columns.width())
        {
            for (column, source) in &fresh {
                let cell = self.now.cells.get(&(base + source)).copied();
                if let Some(cell) =
                    cell.filter(|cell| self.now.cells.get(&(base + column)) != Some(cell))
                {
                    self.emit(Op::Cell { index: base + column, cell });
                }
            }
        }
        if !fresh.is_empty() {
            self.blocks = Blocks::of(&self.now);
        }
    }

    /// Phases 1 and 2: rows of old under transitional columns and classes.
    fn learn_old(&mut self) {
        for set in self.sets.old.clone() {
            for pair in self.unsettled(set).into_iter().filter(|pair| pair.old.is_some()) {
                let required = self.images.as_old(set, pair);
                self.put(set, pair.old, &required);
                self.put(set, pair.via, &required);
            }
        }
    }

    fn move_ports(&mut self) {
        self.ports(|pair| pair.via);
    }

    fn ports(&mut self, column: impl Fn(crate::column::ColumnPair) -> u32) {
        let ends = self.images.old.ports.iter().zip(&self.images.wanted.ports);
        let moved: Vec<Op> = (0..)
            .zip(ends.zip(&self.now.ports))
            .filter_map(|(slot, ((old, wanted), now))| {
                let column = column(self.images.columns.pair(*old, *wanted)?);
                (column != *now).then_some(Op::Port { slot, column })
            })
            .collect();
        moved.into_iter().for_each(|op| self.emit(op));
    }

    /// New prefixes come first, shorter ones before longer ones, as what they were.
    fn move_addresses(&mut self) {
        let mut prefixes: Vec<(PrefixKey, ClassPair)> =
            self.classes.prefixes.iter().map(|(key, pair)| (*key, *pair)).collect();
        prefixes.sort_by_key(|(key, _)| key.length);
        for (key, pair) in prefixes {
            self.prefix(key, pair.via);
        }
        for (address, pair) in &self.classes.peers {
            self.peer(*address, pair.via);
        }
    }

    fn prefix(&mut self, key: PrefixKey, class: Option<u32>) {
        if let Some(class) = class.filter(|class| self.now.prefixes.get(&key) != Some(class)) {
            self.emit(Op::Prefix { key, class });
        }
    }

    fn peer(&mut self, address: Address, class: Option<u32>) {
        if let Some(class) = class.filter(|class| self.now.peers.get(&address) != Some(class)) {
            self.emit(Op::Peer { address, class });
        }
    }

    /// Phase 3.
    fn write_sets(&mut self) {
        for (sets, via) in self.sets.transitional.clone() {
            for pair in self.pairs() {
                let required = self.images.as_both(sets, pair);
                self.put(via, pair.via, &required);
            }
        }
        for set in self.sets.wanted.difference(&self.sets.old).copied().collect::<Vec<_>>() {
            self.write_wanted(set);
        }
    }

    fn write_wanted(&mut self, set: u32) {
        for pair in self.pairs() {
            let required = self.images.as_wanted(set, pair);
            self.put(set, pair.via, &required);
            self.put(set, pair.wanted, &required);
        }
    }

    /// Phase 4: from here on everything that both tables deny or either denies may be denied.
    fn close(&mut self) {
        for slot in self.slots() {
            let wanted = words(self.images.wanted, slot);
            match (words(self.images.old, slot), wanted) {
                (Some(old), Some(wanted)) => {
                    let [sets, hairpin] = [0, 1].map(|at: usize| {
                        let word = |words: &[Sets; 2]| words.get(at).copied().unwrap_or_default();
                        self.sets.word(word(&old), word(&wanted))
                    });
                    self.flip(slot, sets, hairpin);
                }
                (Some(_), None) => self.flip(slot, Sets::QUARANTINE, Sets::QUARANTINE),
                (None, _) => {}
            }
        }
        self.rewrite_kept(|images, set, pair| images.as_both(SetPair::kept(set), pair));
    }

    /// Phase 5: nothing opens before all of this closed.
    fn open(&mut self) {
        self.rewrite_kept(|images, set, pair| images.as_wanted(set, pair));
        for set in self.kept_sets() {
            for pair in self.unsettled(set) {
                let required = self.images.as_wanted(set, pair);
                if pair.via != pair.wanted && !self.is_old_class(pair.wanted) {
                    self.put(set, pair.wanted, &required);
                }
            }
        }
        for slot in self.slots() {
            if let Some([sets, hairpin]) = words(self.images.wanted, slot) {
                self.flip(slot, sets, hairpin);
            }
        }
    }

    fn is_old_class(&self, class: Option<u32>) -> bool {
        self.classes.pairs.iter().any(|pair| pair.via == class)
    }

    /// Rows of a set that stays, where an address changes sides under it.
    fn rewrite_kept(&mut self, required: impl Fn(&Images<'_>, u32, ClassPair) -> Required) {
        for set in self.kept_sets() {
            for pair in self.unsettled(set) {
                let required = required(self.images, set, pair);
                self.put(set, pair.via, &required);
            }
        }
    }

    fn slots(&self) -> BTreeSet<u32> {
        let (old, wanted) = (&self.images.old.endpoints, &self.images.wanted.endpoints);
        old.keys().chain(wanted.keys()).copied().collect()
    }

    /// The hairpin word goes first where the endpoint comes to life, so that it is never missed.
    fn flip(&mut self, slot: u32, sets: Sets, hairpin: Sets) {
        let now: Endpoint = self.now.endpoints.get(&slot).copied().unwrap_or_default();
        if now.hairpin != hairpin {
            self.emit(Op::Hairpin { endpoint: slot, sets: hairpin });
        }
        if now.sets != sets {
            self.emit(Op::Sets { endpoint: slot, sets });
        }
    }

    fn serve(&mut self) {
        service::ops(self.images.old, self.images.wanted).into_iter().for_each(|op| self.emit(op));
    }

    /// Phase 6: longer prefixes go before shorter ones, so that each falls where it belongs.
    fn arrive(&mut self) {
        let mut prefixes: Vec<(PrefixKey, ClassPair)> =
            self.classes.prefixes.iter().map(|(key, pair)| (*key, *pair)).collect();
        prefixes.sort_by_key(|(key, _)| u32::MAX - key.length);
        for (key, pair) in &prefixes {
            self.prefix(*key, pair.wanted);
        }
        for (address, pair) in &self.classes.peers {
            self.peer(*address, pair.wanted);
        }
        for (key, _) in prefixes {
            if !self.images.wanted.prefixes.contains_key(&key) {
                self.emit(Op::NoPrefix { key });
            }
        }
        for address in self.classes.peers.keys() {
            if !self.images.wanted.peers.contains_key(address) {
                self.emit(Op::NoPeer { address: *address });
            }
        }
        self.ports(|pair| pair.end);
    }

    /// Phase 7: only endpoints whose answers may have changed are judged again.
    fn restamp(&mut self) {
        let serves = !service::ops(self.images.old, self.images.wanted).is_empty();
        let mut known = BTreeMap::new();
        for slot in self.slots() {
            if serves || self.may_differ(slot, &mut known) {
                let generation = self.now.endpoints.get(&slot).map_or(0, |now| now.generation) + 1;
                self.emit(Op::Generation { endpoint: slot, generation });
            }
        }
    }

    fn may_differ(&self, slot: u32, known: &mut BTreeMap<SetPair, bool>) -> bool {
        let (old, wanted) = (words(self.images.old, slot), words(self.images.wanted, slot));
        let (Some([old, _]), Some([wanted, _])) = (old, wanted) else { return old != wanted };
        let pairs = [(old.ingress(), wanted.ingress()), (old.egress(), wanted.egress())];
        pairs.into_iter().any(|(old, wanted)| {
            let sets = SetPair { old, wanted };
            *known.entry(sets).or_insert_with(|| self.differs(sets))
        })
    }

    fn differs(&self, sets: SetPair) -> bool {
        let differs = |class: &ClassPair| self.images.differs(sets, *class);
        match self.unsettled.get(&sets.old).filter(|_| sets.old == sets.wanted) {
            Some(unsettled) => unsettled.iter().any(differs),
            None => self.classes.pairs.iter().any(differs),
        }
    }

    /// Rows that no endpoint and no address leads to.
    fn collect(&mut self) {
        let classes: BTreeSet<u32> =
            self.classes.pairs.iter().filter_map(|pair| pair.wanted).collect();
        let is_used =
            |key: &RowKey| self.sets.wanted.contains(&key.set) && classes.contains(&key.class);
        let unused: Vec<RowKey> =
            self.now.rows.keys().filter(|key| !is_used(key)).copied().collect();
        unused.into_iter().for_each(|key| self.emit(Op::NoRow { key }));
    }
}
