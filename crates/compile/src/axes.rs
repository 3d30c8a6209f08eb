//! The axes of a table: the sets and classes that its rows are for, and the columns that rows have.
//!
//! They are small where the cells between them may be too many for any memory, so they come first.

use model::World;

use crate::atom::Atoms;
use crate::class::Classes;
use crate::column::Columns;
use crate::endpoint::Endpoints;
use crate::set::Sets;

/// What the rows of some endpoints' table are made of.
pub(crate) struct Axes<'a> {
    pub(crate) sets: Sets<'a>,
    pub(crate) atoms: Atoms,
    pub(crate) classes: Classes,
    pub(crate) columns: Columns,
}

impl<'a> Axes<'a> {
    pub(crate) fn of(world: &World, endpoints: &'a Endpoints) -> Self {
        let sets = Sets::intern(endpoints);
        let atoms = Atoms::of(world, &sets);
        let classes = Classes::of(world, &atoms);
        let columns = Columns::of(&atoms);
        Self { sets, atoms, classes, columns }
    }
}
