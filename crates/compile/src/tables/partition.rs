//! Who shares the same atoms: overlapping sets of peers become disjoint groups.
//!
//! Small sets are walked peer by peer, wide ones are cut as a whole, so neither a set of ten
//! thousand narrow rules nor one that names everybody is slow.

use std::collections::{BTreeMap, HashMap};

use roaring::RoaringBitmap;

/// Sets of at most this many peers are walked.
const WALKED_MAX: u64 = 48;

/// The disjoint groups of those who are in at least one of `named`, each with the ids of all sets
/// that it is in, sorted; groups in the order of those ids.
#[must_use]
pub fn partition(named: &[(u32, &RoaringBitmap)]) -> Vec<(Vec<u32>, RoaringBitmap)> {
    let (narrow, wide): (Vec<_>, Vec<_>) =
        named.iter().partition(|(_, peers)| peers.len() <= WALKED_MAX);
    let mut groups = walk(&narrow);
    let rest = wide.iter().fold(RoaringBitmap::new(), |all, (_, peers)| all | *peers);
    let rest = groups.iter().fold(rest, |rest, (_, peers)| rest - peers);
    groups.push((Vec::new(), rest));
    for (id, peers) in wide {
        // Empty halves would double with every wide set.
        let halves = groups.into_iter().flat_map(|group| cut(group, *id, peers));
        groups = halves.filter(|(_, peers)| !peers.is_empty()).collect();
    }
    for (ids, _) in &mut groups {
        ids.sort_unstable();
    }
    groups.retain(|(_, peers)| !peers.is_empty());
    groups.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    groups
}

fn walk(narrow: &[&(u32, &RoaringBitmap)]) -> Vec<(Vec<u32>, RoaringBitmap)> {
    let mut by_peer: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (id, peers) in narrow {
        for peer in *peers {
            by_peer.entry(peer).or_default().push(*id);
        }
    }
    let mut groups: HashMap<Vec<u32>, RoaringBitmap> = HashMap::new();
    for (peer, ids) in by_peer {
        groups.entry(ids).or_default().insert(peer);
    }
    groups.into_iter().collect()
}

fn cut(
    (ids, peers): (Vec<u32>, RoaringBitmap),
    id: u32,
    by: &RoaringBitmap,
) -> [(Vec<u32>, RoaringBitmap); 2] {
    let inside = &peers & by;
    let mut with = ids.clone();
    with.push(id);
    [(with, inside), (ids, peers - by)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_wide_sets_make_as_many_groups_as_they_tell_apart() {
        let sets: Vec<RoaringBitmap> = (0..60).map(|at| (at..at + 100).collect()).collect();
        let named: Vec<(u32, &RoaringBitmap)> = (0..).zip(&sets).collect();
        let groups = partition(&named);
        assert_eq!(groups.len(), 119);
        assert_eq!(groups.iter().map(|(_, peers)| peers.len()).sum::<u64>(), 159);
    }
}
