//! Fewer and plainer tiles that say the same.
//!
//! Painting leaves disjoint tiles, each without what was painted before; a person wants to read the
//! condition of a rule, not that of all rules before it.

use std::collections::HashMap;

use model::{Requirement, Selector};

use crate::atom::{Atom, Atoms};
use crate::canvas::Area;
use crate::tables::cube::{Cube, Tile, Tiles};

/// Sets of more tiles are left as they are: nobody reads those.
const TILES_MAX: usize = 500;

/// Tiles whose union is that of `tiles`; they may overlap.
pub(crate) fn simplified(tiles: Tiles, atoms: &Atoms) -> Vec<Tile> {
    if tiles.0.len() > TILES_MAX {
        return tiles.0;
    }
    let whole = tiles.clone();
    let plain = tiles.0.into_iter().map(|tile| plainer(tile, &whole, atoms));
    let joined = joined(plain.filter(|tile| !is_nobody(&tile.cube, atoms)));
    without_covered(joined, atoms)
}

/// Drops what need not be excluded: who satisfies it is allowed anyway, or cannot be meant.
fn plainer(tile: Tile, whole: &Tiles, atoms: &Atoms) -> Tile {
    let Tile { columns, mut cube } = tile;
    for atom in cube.none_of.clone() {
        let mut wider = cube.clone();
        wider.none_of.retain(|it| *it != atom);
        let added = wider.with(atom).map(|cube| Tiles::one(columns.clone(), cube));
        let is_allowed = added.is_none_or(|added| added.without(whole).is_empty());
        if is_allowed || wider.all_of.iter().any(|it| excludes(*it, atom, atoms)) {
            cube = wider;
        }
    }
    let implied = |atom: &u32, by: &u32| atom != by && implies(*by, *atom, atoms);
    let needed: Vec<u32> = cube
        .all_of
        .iter()
        .filter(|atom| {
            !cube.all_of.iter().any(|by| implied(atom, by) && !(implied(by, atom) && by > atom))
        })
        .copied()
        .collect();
    Tile { columns, cube: Cube { all_of: needed, none_of: cube.none_of } }
}

/// Tiles with equal conditions become one.
fn joined(tiles: impl Iterator<Item = Tile>) -> Vec<Tile> {
    let mut all: Vec<Tile> = Vec::new();
    let mut known: HashMap<(Vec<u32>, Vec<u32>), usize> = HashMap::new();
    for tile in tiles {
        let key = (tile.cube.all_of.clone(), tile.cube.none_of.clone());
        let at = *known.entry(key).or_insert(all.len());
        match all.get_mut(at) {
            Some(same) => same.columns |= tile.columns,
            None => all.push(tile),
        }
    }
    all
}

/// Drops tiles that lie within another.
fn without_covered(tiles: Vec<Tile>, atoms: &Atoms) -> Vec<Tile> {
    let covers =
        |one: &Tile, other: &Tile| {
            other.columns.is_subset(&one.columns)
                && one.cube.all_of.iter().all(|wide| {
                    other.cube.all_of.iter().any(|narrow| implies(*narrow, *wide, atoms))
                })
                && one.cube.none_of.iter().all(|none| {
                    other.cube.none_of.contains(none)
                        || other.cube.all_of.iter().any(|all| excludes(*all, *none, atoms))
                })
        };
    let mut kept: Vec<Tile> = Vec::with_capacity(tiles.len());
    for tile in tiles {
        if !kept.iter().any(|other| covers(other, &tile)) {
            kept.retain(|other| !covers(&tile, other));
            kept.push(tile);
        }
    }
    kept
}

fn is_nobody(cube: &Cube, atoms: &Atoms) -> bool {
    let demanded = &cube.all_of;
    demanded.iter().any(|all| {
        cube.none_of.iter().any(|none| implies(*all, *none, atoms))
            || demanded.iter().any(|other| excludes(*all, *other, atoms))
    })
}

/// Whether whoever satisfies `narrow` satisfies `wide`; no where that is not plain to see.
fn implies(narrow: u32, wide: u32, atoms: &Atoms) -> bool {
    match (atoms.peers.get(narrow as usize), atoms.peers.get(wide as usize)) {
        _ if narrow == wide => true,
        (
            Some(Atom::Pods { namespaces, pods }),
            Some(Atom::Pods { namespaces: wide_namespaces, pods: wide_pods }),
        ) => selector_implies(namespaces, wide_namespaces) && selector_implies(pods, wide_pods),
        (_, _) => false,
    }
}

/// Whether nobody satisfies both; no where that is not plain to see.
fn excludes(one: u32, other: u32, atoms: &Atoms) -> bool {
    match (atoms.peers.get(one as usize), atoms.peers.get(other as usize)) {
        (
            Some(Atom::Pods { namespaces, pods }),
            Some(Atom::Pods { namespaces: other_namespaces, pods: other_pods }),
        ) => selectors_exclude(namespaces, other_namespaces) || selectors_exclude(pods, other_pods),
        (_, _) => false,
    }
}

/// Whether every label set that `narrow` selects is one that `wide` selects.
pub(crate) fn selector_implies(narrow: &Selector, wide: &Selector) -> bool {
    wide.requirements()
        .all(|wide| narrow.requirements().any(|narrow| requirement_implies(narrow, wide)))
}

fn requirement_implies(narrow: &Requirement, wide: &Requirement) -> bool {
    match (narrow, wide) {
        (Requirement::In { key, values }, Requirement::In { key: wide, values: among }) => {
            key == wide && values.iter().all(|value| among.contains(value))
        }
        (Requirement::In { key, values }, Requirement::NotIn { key: wide, values: but }) => {
            key == wide && values.iter().all(|value| !but.contains(value))
        }
        (Requirement::NotIn { key, values }, Requirement::NotIn { key: wide, values: but }) => {
            key == wide && but.iter().all(|value| values.contains(value))
        }
        (Requirement::DoesNotExist { key }, Requirement::NotIn { key: wide, .. })
        | (Requirement::DoesNotExist { key }, Requirement::DoesNotExist { key: wide })
        | (
            Requirement::In { key, .. } | Requirement::Exists { key },
            Requirement::Exists { key: wide },
        ) => key == wide,
        (_, _) => false,
    }
}

fn selectors_exclude(one: &Selector, other: &Selector) -> bool {
    one.requirements()
        .any(|one| other.requirements().any(|other| excluded(one, other) || excluded(other, one)))
}

fn excluded(one: &Requirement, other: &Requirement) -> bool {
    match (one, other) {
        (Requirement::In { key, values }, Requirement::In { key: same, values: others }) => {
            key == same && !values.iter().any(|value| others.contains(value))
        }
        (Requirement::In { key, values }, Requirement::NotIn { key: same, values: others }) => {
            key == same && values.iter().all(|value| others.contains(value))
        }
        (
            Requirement::In { key, .. } | Requirement::Exists { key },
            Requirement::DoesNotExist { key: same },
        ) => key == same,
        (_, _) => false,
    }
}
