//! Sets of members and addresses as the fewest words that say the same.
//!
//! A recorded test is read by people, and a person writes a namespace and not its forty pods.

use std::collections::BTreeMap;

use analysis::{Name, networks};
use compile::{AddressRange, Member, Roster};
use model::{Family, PodId, World};
use roaring::RoaringBitmap;
use words::{PeerWord, PeersWord};

use super::yaml::Item;
use crate::ranges::{everything, minus};

/// The names of a world's members.
pub(super) struct Names<'w> {
    world: &'w World,
    roster: &'w Roster,
    namespaces: BTreeMap<&'w str, RoaringBitmap>,
    workloads: BTreeMap<String, RoaringBitmap>,
    nodes: RoaringBitmap,
}

impl<'w> Names<'w> {
    pub(super) fn of(world: &'w World, roster: &'w Roster) -> Self {
        let mut names = Self {
            world,
            roster,
            namespaces: BTreeMap::new(),
            workloads: BTreeMap::new(),
            nodes: RoaringBitmap::new(),
        };
        for number in 0..roster.len() {
            match roster.member(number) {
                Some(Member::Pod(id)) => names.add(number, id),
                Some(Member::Node(..)) => {
                    names.nodes.insert(number);
                }
                None => {}
            }
        }
        names
    }

    fn add(&mut self, number: u32, id: PodId) {
        let pod = self.world.pod(id);
        let name = Name::of_workload(pod).to_string();
        // Workloads of kinds that have no word are named pod by pod.
        let is_word = matches!(name.parse(), Ok(PeersWord::One(PeerWord::Workload { .. })));
        if pod.owner.is_some() && is_word {
            self.workloads.entry(name).or_default().insert(number);
        }
        // A namespace's word is about pods that policy can select.
        if !pod.host_network {
            self.namespaces.entry(&pod.namespace).or_default().insert(number);
        }
    }

    /// Words for `members`. Whether those in `either` are named too does not matter.
    pub(super) fn words(&self, members: &RoaringBitmap, either: &RoaringBitmap) -> Vec<String> {
        let namespaces = self.namespaces.iter().filter(|(_, all)| self.are_several(all));
        let namespaces = namespaces.map(|(namespace, all)| (format!("{namespace}/*"), all));
        let nodes = std::iter::once(("nodes".to_owned(), &self.nodes));
        self.taken(nodes.chain(namespaces), members, either)
    }

    /// Words for `members` that are about no others, whoever comes into their namespaces.
    pub(super) fn workloads(&self, members: &RoaringBitmap) -> Vec<String> {
        self.taken(std::iter::empty(), members, &RoaringBitmap::new())
    }

    fn taken<'a>(
        &'a self,
        wide: impl Iterator<Item = (String, &'a RoaringBitmap)>,
        members: &RoaringBitmap,
        either: &RoaringBitmap,
    ) -> Vec<String> {
        let (mut left, allowed) = (members - either, members | either);
        let workloads = self.workloads.iter().map(|(word, all)| (word.clone(), all));
        let mut words = Vec::new();
        for (word, all) in wide.chain(workloads) {
            if all.is_subset(&allowed) && !all.is_disjoint(&left) {
                left -= all;
                words.push(word);
            }
        }
        words.extend(left.iter().filter_map(|number| self.own(number)));
        words.sort_unstable();
        words
    }

    /// Whether a namespace has more than one name in it, so that one word for it is shorter.
    fn are_several(&self, members: &RoaringBitmap) -> bool {
        let mut workloads = self.workloads.values();
        members.len() > 1 && !workloads.any(|workload| members.is_subset(workload))
    }

    /// The word of one member. A namespace may have the name of a kind, so it is tried.
    fn own(&self, number: u32) -> Option<String> {
        match self.roster.member(number)? {
            Member::Pod(id) => {
                let pod = self.world.pod(id);
                let (namespace, name) = (&pod.namespace, &pod.name);
                let wanted =
                    PeerWord::Pod { namespace: Some(namespace.clone()), name: name.clone() };
                let short = format!("{namespace}/{name}");
                match short.parse::<PeersWord>() {
                    Ok(PeersWord::One(word)) if word == wanted => Some(short),
                    Ok(_) | Err(_) => Some(format!("{namespace}/pod/{name}")),
                }
            }
            Member::Node(id, _) => Some(format!("node/{}", self.world.node(id).name)),
        }
    }

    /// Words for addresses: the internet where they are all that is outside, else networks.
    pub(super) fn networks(&self, ranges: &[AddressRange]) -> Vec<Item> {
        let pods = self.world.pod_networks().iter().map(|network| AddressRange::of(*network));
        let pods: Vec<AddressRange> = pods.collect();
        let outside = || everything().into_iter().flat_map(|range| minus(range, &pods));
        let has_all = outside().all(|range| minus(range, ranges).is_empty());
        let (word, left) = match has_all {
            true => {
                let outside: Vec<AddressRange> = outside().collect();
                let left = ranges.iter().flat_map(|range| minus(*range, &outside)).collect();
                (Some("internet".to_owned()), left)
            }
            false => (None, ranges.to_vec()),
        };
        let mut left: Vec<AddressRange> = left;
        left.sort_unstable();
        let left = joined(&left);
        let families = [Family::V4, Family::V6].into_iter();
        let items = families.flat_map(|family| of_family(&left, family));
        word.into_iter().map(Item::Word).chain(items).collect()
    }
}

/// Networks, or all of a family but these, whichever is shorter.
fn of_family(ranges: &[AddressRange], family: Family) -> Vec<Item> {
    let own: Vec<AddressRange> =
        ranges.iter().copied().filter(|range| range.family == family).collect();
    let mut whole = everything().into_iter().filter(|range| range.family == family);
    let Some(whole) = whole.next().filter(|_| !own.is_empty()) else { return Vec::new() };
    let (these, others) = (networks(&own), networks(&minus(whole, &own)));
    if others.len() + 1 < these.len() {
        let all = networks(&[whole]).iter().map(ToString::to_string).collect();
        return vec![Item::Except(all, others.iter().map(ToString::to_string).collect())];
    }
    these.iter().map(|network| Item::Word(network.to_string())).collect()
}

/// Ranges that touch become one; they are in order.
fn joined(ranges: &[AddressRange]) -> Vec<AddressRange> {
    let mut all: Vec<AddressRange> = Vec::new();
    for range in ranges {
        let touches = |last: &&mut AddressRange| {
            last.family == range.family && range.first <= last.last.saturating_add(1)
        };
        match all.last_mut().filter(touches) {
            Some(last) => last.last = last.last.max(range.last),
            None => all.push(*range),
        }
    }
    all
}
