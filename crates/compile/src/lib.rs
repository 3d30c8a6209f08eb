//! Compiles rules and a world into the verdict table, and is the executable model of the programs.
//!
//! One node's table answers every flow that its endpoints take part in with at most four exact
//! look-ups: peer class, port column, row, cell. Start at [`compile`] and [`Image::lookup`].
//!
//! **Invariant:** `compile` never sees `policy`: their agreement on every flow is the proof of both.
//! **Invariant:** no IO, no clock, no randomness; equal inputs give equal images, down to every id.

mod atom;
mod canvas;
mod class;
mod column;
mod decide;
mod endpoint;
mod image;
mod lookup;
mod name;
mod paint;
mod process;
mod region;
mod row;
mod service;
mod set;
mod slot;
mod tables;

use std::collections::BTreeMap;

use model::{PodId, Reason, Rules, World};

pub use decide::Untranslated;
pub use image::Image;
pub use lookup::Answer;
pub use name::Names;
pub use paint::{Because, Said};
pub use process::Subjects;
pub use set::PolicySet;
pub use slot::{Scope, Slots};
pub use tables::{
    AddressRange, Answers, Assigned, Complete, Condition, Contrast, Found, Member, PeerRows,
    Region, Roster, SetId, Space, Span, Table, Tables, Who, Witness, Workbench, assigned, number,
    partition, port_parts, set_for, tables,
};

use crate::atom::Atoms;
use crate::class::Classes;
use crate::column::Columns;
use crate::endpoint::Endpoints;
use crate::row::Rows;
use crate::set::Sets;

/// A table and what its numbers mean.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The content of the kernel's maps.
    pub image: Image,
    /// What each rule id means.
    pub names: Names,
    /// The slot of each endpoint.
    pub slots: BTreeMap<PodId, u32>,
    /// The processes that rules name.
    pub subjects: Subjects,
    /// Why nothing is staged in this table although policies are: with it a map would overflow.
    pub unstaged: Option<CompileError>,
}

/// Why a table cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// A map of the kernel would overflow; nothing is programmed.
    #[error("{what} needs {needed} entries, there is room for {capacity}")]
    Capacity {
        /// Which map.
        what: &'static str,
        /// How many entries the table needs.
        needed: usize,
        /// How many the map holds.
        capacity: u32,
    },
}

/// Compiles the table of the endpoints in `slots`. What is staged is left out where there is no room
/// for it, because it must not keep what is enforced from being programmed (ruling N37).
///
/// # Errors
/// Where a map would overflow. Capacity is counted before anything is committed.
pub fn compile(world: &World, rules: &Rules, slots: &Slots) -> Result<Compiled, CompileError> {
    match table(world, rules, slots) {
        Err(error) if rules.staged().len() > 0 => table(world, &rules.without_staged(), slots)
            .map(|enforced| Compiled { unstaged: Some(error), ..enforced }),
        compiled => compiled,
    }
}

fn table(world: &World, rules: &Rules, slots: &Slots) -> Result<Compiled, CompileError> {
    let mut names = Names::default();
    let endpoints = Endpoints::new(world, rules, slots);
    let sets = Sets::intern(&endpoints);
    let atoms = Atoms::of(world, &sets);
    let classes = Classes::of(world, &atoms);
    let columns = Columns::of(&atoms);
    let rows = Rows::build(&sets, &atoms, &classes, &columns, &mut names);
    let mut image = Image {
        endpoints: endpoints.records(&sets),
        subjects: endpoints.subjects.slots.clone(),
        peers: classes.peers(),
        prefixes: classes.prefixes(),
        ports: columns.ports(),
        ..Image::default()
    };
    rows.write(&mut image);
    service::write(world, &mut image);
    image.check_capacity()?;
    let (slots, subjects) = (endpoints.slots(), endpoints.subjects.clone());
    Ok(Compiled { image, names, slots, subjects, unstaged: None })
}

impl Compiled {
    /// What a rule id means, or nothing for an id that this table does not use.
    #[must_use]
    pub fn reason(&self, rule: u32) -> Option<&Reason> {
        self.names.reason(rule)
    }
}
