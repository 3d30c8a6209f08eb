//! Areas over pods that do not exist yet: columns, and which atoms such a pod satisfies or not.
//!
//! There are more possible pods than can be enumerated, so they are described by conditions.

use roaring::RoaringBitmap;

use crate::canvas::Area;

/// Pods that satisfy all of some atoms and none of others; sorted ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cube {
    pub(crate) all_of: Vec<u32>,
    pub(crate) none_of: Vec<u32>,
}

impl Cube {
    pub(crate) fn with(&self, atom: u32) -> Option<Self> {
        if self.none_of.binary_search(&atom).is_ok() {
            return None;
        }
        Some(Self { all_of: inserted(&self.all_of, atom), none_of: self.none_of.clone() })
    }

    fn without(&self, atom: u32) -> Option<Self> {
        if self.all_of.binary_search(&atom).is_ok() {
            return None;
        }
        Some(Self { all_of: self.all_of.clone(), none_of: inserted(&self.none_of, atom) })
    }

    /// Those in both; none where one demands what the other excludes.
    fn both(&self, other: &Self) -> Option<Self> {
        let with = other.all_of.iter().try_fold(self.clone(), |cube, atom| cube.with(*atom))?;
        other.none_of.iter().try_fold(with, |cube, atom| cube.without(*atom))
    }

    /// Those here and not in `other`, as disjoint cubes.
    fn minus(&self, other: &Self) -> Vec<Self> {
        let (mut left, mut here) = (Vec::new(), self.clone());
        for atom in &other.all_of {
            left.extend(here.without(*atom));
            match here.with(*atom) {
                Some(inside) => here = inside,
                None => return left,
            }
        }
        for atom in &other.none_of {
            left.extend(here.with(*atom));
            match here.without(*atom) {
                Some(inside) => here = inside,
                None => return left,
            }
        }
        left
    }
}

fn inserted(sorted: &[u32], id: u32) -> Vec<u32> {
    let mut all = sorted.to_vec();
    if let Err(at) = all.binary_search(&id) {
        all.insert(at, id);
    }
    all
}

/// Some columns, for the pods of a cube.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tile {
    pub(crate) columns: RoaringBitmap,
    pub(crate) cube: Cube,
}

/// A union of tiles.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tiles(pub(crate) Vec<Tile>);

impl Tiles {
    pub(crate) fn one(columns: RoaringBitmap, cube: Cube) -> Self {
        Self(vec![Tile { columns, cube }])
    }

    fn of(tiles: impl Iterator<Item = Tile>) -> Self {
        Self(tiles.filter(|tile| !tile.columns.is_empty()).collect())
    }
}

impl Area for Tiles {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn both(&self, other: &Self) -> Self {
        Self::of(self.0.iter().flat_map(|one| {
            other.0.iter().filter_map(move |two| {
                let columns = &one.columns & &two.columns;
                Some(Tile { columns, cube: one.cube.both(&two.cube)? })
            })
        }))
    }

    fn either(&self, other: &Self) -> Self {
        Self::of(self.0.iter().cloned().chain(other.without(self).0))
    }

    fn without(&self, other: &Self) -> Self {
        other.0.iter().fold(self.clone(), |left, hole| {
            Self::of(left.0.into_iter().flat_map(|tile| minus(tile, hole)))
        })
    }
}

fn minus(tile: Tile, hole: &Tile) -> Vec<Tile> {
    let inside = &tile.columns & &hole.columns;
    if inside.is_empty() || tile.cube.both(&hole.cube).is_none() {
        return vec![tile];
    }
    let cubes = tile.cube.minus(&hole.cube).into_iter();
    let mut left: Vec<Tile> = cubes.map(|cube| Tile { columns: inside.clone(), cube }).collect();
    left.push(Tile { columns: tile.columns - inside, cube: tile.cube });
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiles(columns: &[u32], all_of: &[u32], none_of: &[u32]) -> Tiles {
        let cube = Cube { all_of: all_of.to_vec(), none_of: none_of.to_vec() };
        Tiles::one(columns.iter().copied().collect(), cube)
    }

    #[test]
    fn what_is_taken_away_and_what_is_left_are_disjoint_and_the_whole() {
        let whole = tiles(&[0, 1], &[], &[]);
        let hole = tiles(&[1], &[3], &[5]);
        let left = whole.without(&hole);
        assert!(left.both(&hole).is_empty());
        assert!(whole.without(&left).without(&hole).is_empty());
        assert_eq!(left.0.len(), 3);
    }

    #[test]
    fn nobody_satisfies_an_atom_and_does_not() {
        assert!(tiles(&[0], &[3], &[]).both(&tiles(&[0], &[], &[3])).is_empty());
        assert_eq!(
            tiles(&[0], &[3], &[]).without(&tiles(&[0], &[4], &[])),
            tiles(&[0], &[3], &[4])
        );
    }
}
