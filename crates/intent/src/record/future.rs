//! What a record says of pods that do not exist yet: `only`, where that is what holds.
//!
//! It is written with the words of who reaches today; where a rule lets in whoever carries a label,
//! with that label.

use std::collections::BTreeSet;

use compile::{Condition, Region};
use manifest::Document;
use model::{Direction, Selector};
use roaring::RoaringBitmap;

use super::yaml::{self, Item, Written};
use super::{Recorder, Row, on, ports, several, words};
use crate::Kind;
use crate::party::{anybody, one_namespace, satisfies};

impl Recorder<'_, '_> {
    /// `only` about a row, where that holds and says something.
    pub(super) fn only(&self, to: &RoaringBitmap, row: &Row) -> Option<Written> {
        let pods = to.iter().all(|number| self.is_pod(number).is_some());
        let conditions = self.conditions(to, row).filter(|_| pods)?;
        if conditions.contains(&anybody()) {
            return None;
        }
        let none = RoaringBitmap::new();
        // A namespace's word is about whoever comes into it, and says more where that holds.
        let named = [self.names.words(to, &none), self.names.workloads(to)];
        let (members, nobody) = (row.all(), BTreeSet::new());
        let left = members.iter().filter(|number| !self.is_selected(*number, &conditions));
        let left: RoaringBitmap = left.collect();
        let ways = [(&members, &nobody), (&left, &conditions)];
        let all = named.iter().flat_map(|named| {
            ways.into_iter()
                .map(move |(members, chosen)| self.candidate(named, row, members, chosen))
        });
        all.into_iter().find(|candidate| self.holds(candidate))
    }

    fn is_selected(&self, number: u32, conditions: &BTreeSet<Condition>) -> bool {
        let world = self.judge.world;
        let Some(pod) = self.is_pod(number).map(|pod| world.pod(pod)) else { return false };
        conditions.iter().any(|condition| satisfies(world, pod, condition))
    }

    fn candidate(
        &self,
        to: &[String],
        row: &Row,
        members: &RoaringBitmap,
        conditions: &BTreeSet<Condition>,
    ) -> Written {
        let mut from: Vec<Item> = conditions.iter().map(mapping).collect();
        from.extend(words(&self.names.words(members, &RoaringBitmap::new())));
        from.extend(self.names.networks(&row.ranges));
        let (field, ports) = ports(&row.traffic);
        let mut fields = vec![("to", words(to)), ("from", from)];
        fields.extend(field.map(|field| (field, words(&ports))));
        let name = format!("who could ever reach {}{}", several(to), on(field, &ports));
        Written { name, kind: Kind::Only.field(), fields, family: None }
    }

    /// Whether a test holds as it will be read.
    fn holds(&self, test: &Written) -> bool {
        let text = yaml::document("candidate", "", std::slice::from_ref(test));
        let documents = [Document { name: "candidate".into(), text: text.into() }];
        let written = manifest::read(&documents, &manifest::Options::default()).written;
        let (world, roster) = (self.judge.world, self.judge.roster());
        let (tests, problems) = crate::read(&written, &documents, world, roster);
        let mut cases = tests.iter().flat_map(|test| &test.cases);
        problems.is_empty() && !tests.is_empty() && cases.all(|case| self.judge.judge(case).holds())
    }

    /// The conditions that let pods in, if each can be written; nothing where everybody may come.
    fn conditions(&self, to: &RoaringBitmap, row: &Row) -> Option<BTreeSet<Condition>> {
        let mut all = BTreeSet::new();
        let tables = self.judge.reach.tables();
        let sets =
            to.iter().filter_map(|number| tables.set_of(self.is_pod(number)?, Direction::Ingress));
        for set in sets.collect::<BTreeSet<_>>() {
            if tables.set(set).is_empty() {
                return None;
            }
            for family in self.judge.reach.families() {
                let space = self.judge.bench.space(&[tables.set(set)], *family);
                for region in space.allowed(tables.set(set)) {
                    all.extend(condition(&region, row)?);
                }
            }
        }
        Some(all)
    }
}

/// The one condition of a region that is about a row's traffic.
fn condition(region: &Region, row: &Row) -> Option<Option<Condition>> {
    let traffic = analysis::TrafficSet::of_spans(region.traffic.iter().copied());
    if traffic.intersect(&row.traffic).is_empty() {
        return Some(None);
    }
    match region.all_of.as_slice() {
        [] => Some(Some(anybody())),
        [one @ Condition::Labels { .. }] => Some(Some(one.clone())),
        [..] => None,
    }
}

fn mapping(condition: &Condition) -> Item {
    let Condition::Labels { namespaces, pods } = condition else {
        return Item::Mapping(Vec::new());
    };
    let namespace = match one_namespace(namespaces) {
        Some(name) => ("namespace", name),
        None => ("namespaces", analysis::selector_words(namespaces)),
    };
    let pods = (*pods != Selector::everything()).then(|| ("pods", analysis::selector_words(pods)));
    Item::Mapping(std::iter::once(namespace).chain(pods).collect())
}
