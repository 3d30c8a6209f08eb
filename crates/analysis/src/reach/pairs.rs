//! Every pair of a report, one after the other.
//!
//! A hundred million pairs are streamed source by source and never held together.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Family;
use roaring::RoaringBitmap;
use serde::Serialize;

use crate::reach::{Connection, Report};
use crate::{Name, TrafficSet, words};

/// One source, one destination, and all that they may talk about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// Who starts.
    pub from: Name,
    /// For whom.
    pub to: Name,
    /// On what.
    pub ports: Arc<TrafficSet>,
    /// In which families.
    #[serde(serialize_with = "words::families")]
    pub families: Vec<Family>,
    /// Only some pods behind these names do.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
}

impl Report {
    /// All pairs, in the order of their names; two for one where the families differ.
    pub fn pairs(&self) -> impl Iterator<Item = Pair> {
        let several = self.names.several();
        let mut of_source: BTreeMap<u32, Vec<&Connection>> = BTreeMap::new();
        for connection in &self.connections {
            let sources = self.groups.get(connection.from).into_iter();
            for source in sources.flat_map(|group| &group.numbers) {
                of_source.entry(source).or_default().push(connection);
            }
        }
        of_source.into_iter().flat_map(move |(source, connections)| {
            let talks = self.talks_of(source, &connections, &several).into_iter();
            let pairs = talks.flat_map(|(to, talk)| {
                let (from, to) = self.names.get(source).zip(self.names.get(to))?;
                Some(talk.into_pairs(from, to))
            });
            pairs.flatten().collect::<Vec<Pair>>()
        })
    }

    fn talks_of(
        &self,
        source: u32,
        connections: &[&Connection],
        several: &RoaringBitmap,
    ) -> BTreeMap<u32, Talk> {
        let mut talks: BTreeMap<u32, Talk> = BTreeMap::new();
        for connection in connections {
            let to = self.groups.get(connection.to).into_iter().flat_map(|group| &group.numbers);
            for to in to.filter(|to| *to != source || several.contains(source)) {
                talks.entry(to).or_default().add(connection);
            }
        }
        talks
    }
}

/// What one source and one destination may talk about, by family.
#[derive(Default)]
struct Talk {
    v4: Option<(Arc<TrafficSet>, bool)>,
    v6: Option<(Arc<TrafficSet>, bool)>,
}

impl Talk {
    fn add(&mut self, connection: &Connection) {
        for family in &connection.families {
            let known = match family {
                Family::V4 => &mut self.v4,
                Family::V6 => &mut self.v6,
            };
            let (ports, partial) = (&connection.ports, connection.partial);
            *known = Some(match known.take() {
                None => (Arc::clone(ports), partial),
                Some((known, other)) => (either(&known, ports), partial && other),
            });
        }
    }

    fn into_pairs(self, from: &Name, to: &Name) -> Vec<Pair> {
        let pair = |(ports, partial), families| Pair {
            from: from.clone(),
            to: to.clone(),
            ports,
            families,
            partial,
        };
        match (self.v4, self.v6) {
            (Some(v4), Some(v6)) if v4 == v6 => vec![pair(v4, vec![Family::V4, Family::V6])],
            (v4, v6) => {
                let v4 = v4.map(|talk| pair(talk, vec![Family::V4]));
                let v6 = v6.map(|talk| pair(talk, vec![Family::V6]));
                v4.into_iter().chain(v6).collect()
            }
        }
    }
}

/// What is in either; mostly one says all of it.
fn either(one: &Arc<TrafficSet>, other: &Arc<TrafficSet>) -> Arc<TrafficSet> {
    match (one.includes(other), other.includes(one)) {
        (true, _) => Arc::clone(one),
        (false, true) => Arc::clone(other),
        (false, false) => Arc::new(one.union(other)),
    }
}
